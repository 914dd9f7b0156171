import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { demoTrace, look, openDemo, settled, type Stage, type Watched } from "./stage";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const paths = [
  "/", "/live", "/search", "/traces", "/sessions", "/tasks", "/users", "/agents", "/agents/billing", "/tools", "/errors", "/cost", "/compliance", "/incidents",
  "/reports", "/integrity", "/reference", "/about", "/login", "/compare", `/traces/${demoTrace}`, `/incidents/${demoTrace}`, "/sessions/chat-20931", "/search/nothing",
];

let stage: Stage;
beforeAll(async () => {
  stage = await openDemo();
});
afterAll(async () => stage?.close());

/** violations are what axe finds in the page against WCAG 2.2 AA. */
async function violations({ page }: Watched, runOnly: string[]): Promise<string[]> {
  return page.evaluate(async (runOnly) => {
    // Rows are all alike: the first of a long list stand for the others, which would take most of the time.
    for (const e of document.querySelectorAll<HTMLElement>("tbody tr:nth-child(n+9), .h-facet li:nth-child(n+4), section details:nth-of-type(n+4), section.h-panel:nth-of-type(n+4) .h-route")) e.style.display = "none";
    interface Found { violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }
    const { run } = (globalThis as unknown as { axe: { run: (o: unknown) => Promise<Found> } }).axe;
    const r = await run({ resultTypes: ["violations"], iframes: false, preload: false, runOnly });
    return r.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${JSON.stringify(n.target)} ${n.failureSummary}`).join(" | ")}`);
  }, runOnly);
}

const wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** seen are the rules that colours and width decide; the others say the same of a page in either. */
const seen = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"];

describe("in light colours, 1280 pixels wide, and in dark ones, 360 wide", () => {
  let w: Watched;
  beforeAll(async () => {
    w = await look(stage, { colorScheme: "light", viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  });
  afterAll(async () => w?.context.close());

  it.each(paths)("%s opens, keeps to its policy, fits, and is accessible", async (path) => {
    w.complaints.length = 0;
    await w.page.goto("about:blank");
    await w.page.emulateMedia({ colorScheme: "light" });
    await w.page.setViewportSize({ width: 1280, height: 900 });
    await w.page.goto(stage.url + path + "#since=all");
    await settled(w.page);
    await w.page.evaluate(axe); // put in by the debugger, past the policy; it is no part of the page
    const wide = () => w.page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
    const light = { found: await violations(w, wcag), wide: await wide() };
    // The page follows: what it is about is not loaded again.
    await w.page.emulateMedia({ colorScheme: "dark" });
    await w.page.setViewportSize({ width: 360, height: 900 });
    await w.page.waitForFunction(() => document.documentElement.dataset["mantineColorScheme"] === "dark");
    await w.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await settled(w.page);
    const dark = { found: await violations(w, seen), wide: await wide() };
    const sound = { found: [], wide: 0 };
    expect({ light, dark, complaints: w.complaints }).toEqual({ light: sound, dark: sound, complaints: [] });
  });
});
