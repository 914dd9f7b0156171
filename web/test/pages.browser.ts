import { createRequire } from "node:module";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { look, open, type Stage } from "./stage";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const paths = [
  "/", "/live", "/search", "/traces", "/sessions", "/agents", "/tools", "/errors", "/cost", "/compliance", "/incidents",
  "/reports", "/integrity", "/reference", "/about", "/login", "/traces/demo-refund-7731",
];

let stage: Stage;
beforeAll(async () => {
  stage = await open("--demo");
  // The demonstration is taken in when its trace can be read.
  for (let i = 0; i < 300; i++) {
    if ((await fetch(stage.url + "/v1/traces/demo-refund-7731")).ok) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("the demonstration was not played");
});
afterAll(async () => stage?.close());

describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
  it.each(paths)("%s opens, keeps to its policy, and is accessible", async (path) => {
    const { page, context, complaints } = await look(stage, { colorScheme });
    await page.goto(stage.url + path + "#since=all");
    await page.locator("h1").first().waitFor();
    await page.getByRole("status").first().waitFor({ state: "detached" });
    await page.waitForLoadState("load");
    // axe is put in by the debugger, past the policy; it is no part of the page.
    await page.evaluate(readAxe());
    const found = await page.evaluate(async () => {
      const run = (globalThis as unknown as { axe: { run: (o: unknown) => Promise<{ violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }> } }).axe.run;
      const r = await run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
      return r.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${JSON.stringify(n.target)} ${n.failureSummary}`).join(" | ")}`);
    });
    await context.close();
    expect(found).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe("on a narrow screen", () => {
  it.each(paths)("%s does not scroll sideways at 360 px", async (path) => {
    const { page, context, complaints } = await look(stage, { viewport: { width: 360, height: 740 } });
    await page.goto(stage.url + path + "#since=all");
    await page.locator("h1").first().waitFor();
    await page.getByRole("status").first().waitFor({ state: "detached" });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await context.close();
    expect(wide).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
  });
});

import { readFileSync } from "node:fs";
const readAxe = () => readFileSync(axe, "utf8");
