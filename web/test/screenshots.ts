import { mkdirSync } from "node:fs";

import { afterAll, beforeAll, expect, it } from "vitest";

import { demoTrace, look, openDemo, settled, type Stage } from "./stage";

const trace = demoTrace;
const out = new URL("../../docs/images/", import.meta.url).pathname;

const pictures: { name: string; path: string; dark?: boolean; width?: number; height?: number; press?: string }[] = [
  { name: "overview", path: "/#since=7d" },
  { name: "live", path: "/live" },
  { name: "search", path: "/search#since=7d&q=agent%3Abilling", dark: true },
  { name: "trace", path: `/traces/${trace}` },
  { name: "incident", path: `/incidents/${trace}`, dark: true },
  { name: "cost", path: "/cost#since=7d" },
  { name: "integrity", path: "/integrity", press: "Verify now" },
  { name: "narrow", path: "/#since=7d", width: 390, height: 844, dark: true },
];

let stage: Stage;
beforeAll(async () => {
  mkdirSync(out, { recursive: true });
  stage = await openDemo();
});
afterAll(async () => stage?.close());

it("takes the pictures", async () => {
  for (const p of pictures) {
    const w = await look(stage, { colorScheme: p.dark ? "dark" : "light", viewport: { width: p.width ?? 1280, height: p.height ?? 800 } });
    await w.page.goto(stage.url + p.path);
    await settled(w.page);
    if (p.press) await w.page.getByRole("button", { name: p.press }).click();
    await w.page.waitForTimeout(1500); // layouts and the first live events
    await w.page.screenshot({ path: `${out}${p.name}.png` });
    expect(w.complaints).toEqual([]);
    await w.context.close();
  }
});
