import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** wcag are the rules of WCAG 2.2 AA. */
export const wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** seen are the rules that colours and width decide; the others say the same of a page in either. */
export const seen = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"];

/** frame is what every page has around it: it is looked at on one of them. */
export const frame = ["header.mantine-AppShell-header", "nav[aria-label=Pages]"];

// Rows are all alike: the first of a long list stand for the others, which would take
// most of the time. What is out of the document costs nothing; rows that React draws
// and takes away as they scroll are only hidden.
const alike = "tbody tr:nth-child(n+9), .h-facet li:nth-child(n+4), section details:nth-of-type(n+4), section.h-panel:nth-of-type(n+4) .h-route";
const drawn = ".h-rows [role=row]:nth-child(n+9), .h-replay [data-index]:nth-child(n+7)";

/** violations are what axe finds in a page against rules, but for what is in the places that are left out. */
export async function violations(page: Page, runOnly: string[], leftOut: string[] = []): Promise<string[]> {
  // Put in by the debugger, past the page's policy; it is no part of the page.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  return page.evaluate(
    async ({ runOnly, alike, drawn, leftOut }) => {
      for (const e of document.querySelectorAll(alike)) e.remove();
      for (const e of document.querySelectorAll<HTMLElement>(drawn)) e.style.display = "none";
      interface Found { violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }
      const { run } = (globalThis as unknown as { axe: { run: (context: unknown, o: unknown) => Promise<Found> } }).axe;
      const r = await run({ exclude: leftOut.map((s) => [s]) }, { resultTypes: ["violations"], iframes: false, preload: false, runOnly });
      return r.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${JSON.stringify(n.target)} ${n.failureSummary}`).join(" | ")}`);
    },
    { runOnly, alike, drawn, leftOut },
  );
}
