import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { look, open, settled, type Stage, type Watched } from "./stage";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const trace = "demo-refund-7731";

const paths = [
  "/", "/live", "/search", "/traces", "/sessions", "/agents", "/tools", "/errors", "/cost", "/compliance", "/incidents",
  "/reports", "/integrity", "/reference", "/about", "/login", "/compare", `/traces/${trace}`, `/incidents/${trace}`, "/sessions/chat-20931", "/search/nothing",
];

let stage: Stage;
beforeAll(async () => {
  stage = await open("--demo");
  // The demonstration is taken in when its trace can be read.
  for (let i = 0; i < 600; i++) {
    if ((await fetch(`${stage.url}/v1/traces/${trace}`)).ok) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("the demonstration was not played");
});
afterAll(async () => stage?.close());

/** violations are what axe finds in the page against WCAG 2.2 AA. */
async function violations({ page }: Watched): Promise<string[]> {
  await page.evaluate(axe); // put in by the debugger, past the policy; it is no part of the page
  return page.evaluate(async () => {
    interface Found { violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }
    const { run } = (globalThis as unknown as { axe: { run: (o: unknown) => Promise<Found> } }).axe;
    const r = await run({ resultTypes: ["violations"], iframes: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
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
