import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Locator, Page } from "playwright-core";

import { demoTrace, look, openDemo, settled, type Stage, type Watched } from "./stage";

// What each page is for, done with keys alone: no pointer, and no focus() but the browser's own.

let stage: Stage;
let w: Watched;
let page: Page;
beforeAll(async () => {
  stage = await openDemo();
  w = await look(stage, { viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  page = w.page;
});
afterAll(async () => {
  await w?.context.close();
  await stage?.close();
});

/** go opens a page and passes over what is around it. */
async function go(path: string, fragment = "since=all") {
  w.complaints.length = 0;
  await page.goto("about:blank");
  await page.goto(`${stage.url}${path}#${fragment}`);
  await settled(page);
  await page.keyboard.press("Tab");
  expect(await inIt(page.getByText("Skip to content"))).toBe(true);
  await page.keyboard.press("Enter");
  expect(await inIt(page.locator("#content"))).toBe(true);
}

/** inIt reports whether the focus is on what is meant. */
const inIt = (what: Locator) => what.first().evaluate((e) => e === document.activeElement).catch(() => false);

/** tab presses Tab until the focus is on what is meant, where it must be seen. */
async function tab(what: Locator, most = 30, key = "Tab") {
  await what.first().waitFor({ state: "attached" });
  for (let i = 0; i < most; i++) {
    await page.keyboard.press(key);
    if (!(await inIt(what))) continue;
    expect(await ringed(), `the focus is seen on ${String(what)}`).toBe(true);
    return;
  }
  throw new Error(`${key} does not reach ${String(what)}; it is at ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))}`);
}

/** ringed reports whether the focus is drawn: about the element, what is in it, or the label that stands for it. */
const ringed = () =>
  page.evaluate(() => {
    const e = document.activeElement as HTMLInputElement;
    const drawn = (x: Element | null | undefined) => {
      if (!x) return false;
      const c = getComputedStyle(x);
      return (c.outlineStyle !== "none" && parseFloat(c.outlineWidth) >= 2) || c.boxShadow !== "none";
    };
    // A field shows it by its border.
    return drawn(e) || drawn(e.firstElementChild) || drawn(e.labels?.[0]) || (e.matches("input") && getComputedStyle(e).borderTopColor !== getComputedStyle(document.body).borderTopColor);
  });

const keys = async (...list: string[]) => {
  for (const k of list) await page.keyboard.press(k);
};
const fragment = (name: string) => new URLSearchParams(new URL(page.url()).hash.slice(1)).get(name);
const until = (name: string, test: (v: string | null) => boolean) => expect.poll(() => test(fragment(name)), { timeout: 20_000 }).toBe(true);

describe("by keys alone", () => {
  it("the navigation is passed over, and a page is gone to", async () => {
    await go("/");
    await tab(page.getByRole("link", { name: /^Error rate/ }));
    await keys("g", "s");
    await page.waitForURL(/\/search/);
    expect(await inIt(page.locator("#content"))).toBe(true);
  });

  it("a search is completed, made and narrowed, and a row is read", async () => {
    await go("/search");
    await keys("/");
    expect(await inIt(page.getByRole("combobox", { name: "Search" }))).toBe(true);
    await page.keyboard.type("agent:bil");
    await page.getByRole("option", { name: /billing/ }).first().waitFor();
    await keys("ArrowDown", "Enter", "Enter");
    await until("q", (q) => q?.trim() === "agent:billing");
    await settled(page);
    await tab(page.getByRole("button", { name: /^Without/ }));
    await keys("Enter");
    await until("q", (q) => q!.includes("-event_type:"));
    await settled(page);
    await keys("j"); // from wherever the keys are
    const row = page.locator("[data-row='0']");
    await expect.poll(() => inIt(row)).toBe(true);
    expect(await ringed()).toBe(true);
    await keys("j", "j", "k", "Enter");
    const drawer = page.getByRole("dialog", { name: "Event" });
    await drawer.waitFor();
    for (let i = 0; i < 30; i++) {
      await keys("Tab");
      expect(await drawer.evaluate((d) => d.contains(document.activeElement)), "the drawer keeps the focus").toBe(true);
    }
    const first = fragment("event");
    await tab(drawer.getByRole("button", { name: "Next" }), 80);
    await keys("Enter");
    await until("event", (e) => e !== first);
    await keys("Escape");
    await drawer.waitFor({ state: "detached" });
    await expect.poll(() => inIt(page.locator("[data-row='1']")), { timeout: 5000 }).toBe(true);
  });

  it("a stretch of time is chosen on the chart, and a period in the picker", async () => {
    await go("/search");
    await tab(page.locator("svg[role=application]"));
    await keys("ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Enter");
    await until("until", (v) => !!v);
    await go("/search");
    await tab(page.getByRole("button", { name: /^Period/ }), 30, "Shift+Tab");
    await keys("Enter");
    await page.getByText("Last 7 days").waitFor();
    await tab(page.getByRole("button", { name: "Last 7 days" }), 20);
    await keys("Enter");
    await until("since", (v) => v !== "all" && v !== null);
  });

  it("a trace is looked at in every view, and an event of it proved", async () => {
    await go(`/traces/${demoTrace}`, "");
    await tab(page.getByRole("tab", { name: "Timeline" }));
    for (const view of ["tree", "graph", "replay", "log", "cost"]) {
      await keys("ArrowRight", "Enter");
      await until("view", (v) => v === view);
    }
    await keys("Home", "Enter");
    await until("view", (v) => v === null || v === "");
    await tab(page.locator(".h-lane-drawing"));
    await keys("ArrowRight", "ArrowRight", "ArrowDown");
    const event = fragment("event");
    expect(event).toBeTruthy();
    await tab(page.getByRole("button", { name: "Check the proof here" }));
    await keys("Enter");
    await page.locator(".h-proof-verdict").getByText("Proved").waitFor();
    await go(`/traces/${demoTrace}`, "view=graph");
    await page.locator(".react-flow__node").first().waitFor();
    await tab(page.locator(".react-flow__node").nth(1));
    await keys("Enter");
    await until("event", (e) => !!e);
    await go(`/traces/${demoTrace}`, "view=replay");
    await tab(page.locator(".h-card-open"));
    await keys("Enter");
    await until("event", (e) => !!e);
    expect(w.complaints).toEqual([]);
  });

  it("two traces are compared", async () => {
    const events = (await (await fetch(`${stage.url}/v1/traces?limit=2`)).json()) as { items: { id: string }[] };
    await go("/compare", "");
    await tab(page.getByLabel("First"));
    await page.keyboard.type(events.items[0]!.id);
    await tab(page.getByLabel("Second"));
    await page.keyboard.type(events.items[1]!.id);
    await keys("Enter");
    await page.getByRole("heading", { name: "Step by step" }).waitFor();
  });

  it("a report is chosen, made and read in another format", async () => {
    await go("/reports");
    await tab(page.getByRole("button", { name: /^errors/ }));
    await keys("Enter");
    await until("report", (v) => v === "errors");
    await tab(page.locator("input[value=html]"));
    await keys("ArrowRight");
    await until("format", (v) => v === "markdown");
    await tab(page.getByRole("link", { name: "Download" }));
    expect(await page.getByRole("link", { name: "Download" }).getAttribute("href")).toContain("/v1/reports/errors?");
  });

  it("the record is verified", async () => {
    await go("/integrity", "");
    await tab(page.getByRole("button", { name: "Verify now" }));
    await keys("Enter");
    await page.getByText("✓ sound").waitFor();
  });

  it("a control's evidence is opened, and an entry of it", async () => {
    await go("/compliance");
    const control = page.locator("details", { has: page.locator("summary", { hasText: "pass" }) }).first();
    await tab(control.locator("summary"));
    await keys("Enter");
    await tab(control.locator("a"), 5);
    await keys("Enter");
    await expect.poll(() => new URL(page.url()).pathname).not.toBe("/compliance");
  });

  it("the feed is walked while it goes on: rows stay under the keys", async () => {
    await go("/live", "");
    const send = (n: number) => fetch(`${stage.url}/v1/events`, { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body: Array.from({ length: n }, (_, i) => JSON.stringify({ event_id: `keys-${Date.now()}-${i}`, event_type: "agent.reasoning", agent_name: "keys", reasoning: `thought ${i}` })).join("\n") });
    await page.getByText("connected", { exact: true }).waitFor();
    await send(20);
    await page.locator("[data-row='5']").waitFor();
    await keys("j", "j", "j");
    await expect.poll(() => inIt(page.locator("[data-row='2']"))).toBe(true);
    const text = await page.locator("[data-row='2']").innerText();
    await send(5);
    await page.getByRole("button", { name: /new$/ }).waitFor();
    expect(await page.locator("[data-row='2']").innerText()).toBe(text);
    await keys("p"); // follows again
    await expect.poll(async () => (await page.locator("[data-row='2']").innerText()) !== text).toBe(true);
  });

  it("dialogs keep the focus and give it back", async () => {
    await go("/agents");
    await tab(page.getByRole("button", { name: "Commands" }), 30, "Shift+Tab");
    await keys("Enter");
    const bar = page.getByRole("textbox", { name: "Command or question" }).or(page.getByLabel("Command or question"));
    await bar.first().waitFor();
    await page.keyboard.type("show error summary for yesterday");
    await page.getByText("what this question means").waitFor();
    await keys("Escape");
    await bar.first().waitFor({ state: "detached" });
    await expect.poll(() => inIt(page.getByRole("button", { name: "Commands" })), { timeout: 5000 }).toBe(true);
    await keys("?");
    const list = page.getByRole("dialog", { name: "Keys" });
    await list.waitFor();
    await keys("Tab", "Tab", "Tab");
    expect(await list.evaluate((d) => d.contains(document.activeElement))).toBe(true);
    await keys("Escape");
    await list.waitFor({ state: "detached" });
    await expect.poll(() => inIt(page.getByRole("button", { name: "Commands" })), { timeout: 5000 }).toBe(true);
    await keys("Control+k");
    await bar.first().waitFor();
    await page.keyboard.type("tools");
    await page.getByText("Search for tools").waitFor();
    await keys("Enter");
    await page.waitForURL(/\/tools/);
  });

  it("the navigation of a narrow screen is opened and left", async () => {
    await page.setViewportSize({ width: 360, height: 800 });
    await go("/errors");
    await tab(page.getByRole("button", { name: "Open the navigation" }), 30, "Shift+Tab");
    await keys("Enter");
    await tab(page.getByRole("link", { name: "Sessions" }));
    await keys("Enter");
    await page.waitForURL(/\/sessions/);
    expect(await inIt(page.locator("#content"))).toBe(true);
    await page.setViewportSize({ width: 1280, height: 900 });
  });
});
