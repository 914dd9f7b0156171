import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { frame, seen, violations, wcag } from "./axe";
import { demoTrace, look, openDemo, settled, type Stage, type Watched } from "./stage";

const paths = [
  "/", "/live", "/search", "/traces", "/sessions", "/tasks", "/users", "/agents", "/agents/billing", "/tools", "/errors", "/cost", "/compliance", "/incidents",
  "/reports", "/integrity", "/reference", "/about", "/login", "/compare", `/traces/${demoTrace}`, `/incidents/${demoTrace}`, "/sessions/chat-20931", "/search/nothing",
];

let stage: Stage;
beforeAll(async () => {
  stage = await openDemo();
});
afterAll(async () => stage?.close());

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
    const wide = () => w.page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
    const leftOut = path === "/" ? [] : frame;
    const light = { found: await violations(w.page, wcag, leftOut), wide: await wide() };
    // The page follows: what it is about is not loaded again.
    await w.page.emulateMedia({ colorScheme: "dark" });
    await w.page.setViewportSize({ width: 360, height: 900 });
    await w.page.waitForFunction(() => document.documentElement.dataset["mantineColorScheme"] === "dark");
    await w.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await settled(w.page);
    const dark = { found: await violations(w.page, seen, leftOut), wide: await wide() };
    const sound = { found: [], wide: 0 };
    expect({ light, dark, complaints: w.complaints }).toEqual({ light: sound, dark: sound, complaints: [] });
  });
});
