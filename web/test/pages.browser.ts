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
async function violations({ page }: Watched): Promise<string[]> {
  await page.evaluate(axe); // put in by the debugger, past the policy; it is no part of the page
  return page.evaluate(async () => {
    interface Found { violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }
    const { run } = (globalThis as unknown as { axe: { run: (where: unknown, o: unknown) => Promise<Found> } }).axe;
    // Rows are all alike: the first of a long table stand for the others, which would take most of the time.
    const r = await run({ exclude: [["tbody tr:nth-child(n+9)"], ["[role=row]:nth-child(n+9)"], [".h-facet li:nth-child(n+4)"], ["section details:nth-of-type(n+4)"]] }, { resultTypes: ["violations"], iframes: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return r.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${JSON.stringify(n.target)} ${n.failureSummary}`).join(" | ")}`);
  });
}

describe.each([["light", 1280], ["dark", 360]] as const)("in %s colours, %i pixels wide", (colorScheme, width) => {
  let w: Watched;
  beforeAll(async () => {
    w = await look(stage, { colorScheme, viewport: { width, height: 900 } });
  });
  afterAll(async () => w?.context.close());

  it.each(paths)("%s opens, keeps to its policy, fits, and is accessible", async (path) => {
    w.complaints.length = 0;
    await w.page.goto("about:blank");
    await w.page.goto(stage.url + path + "#since=all");
    await settled(w.page);
    const found = await violations(w);
    const wide = await w.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect({ found, complaints: w.complaints, wide: Math.max(0, wide) }).toEqual({ found: [], complaints: [], wide: 0 });
  });
});
