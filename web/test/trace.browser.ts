import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { frame, violations, wcag } from "./axe";
import { demoTrace, look, openDemo, type Stage, type Watched } from "./stage";

const trace = demoTrace;
const wide = "wide";

let stage: Stage;
let w: Watched;

beforeAll(async () => {
  stage = await openDemo();
  await send(50_000);
  w = await look(stage, { viewport: { width: 1500, height: 950 } });
});
afterAll(async () => stage?.close());

/** send puts a trace of n events into the record: 400 agents that take turns, each event caused by the one ten before. */
async function send(n: number) {
  const start = Date.UTC(2026, 10, 20);
  const lines = Array.from({ length: n }, (_, i) =>
    JSON.stringify({ event_id: `w${i}`, trace_id: wide, event_type: i % 500 === 499 ? "agent.error" : "agent.reasoning", agent_name: `agent ${Math.floor(i / 25) % 400}`, timestamp: new Date(start + i * 50).toISOString(), reasoning: `thought ${i}`, parent_event_id: i < 10 ? undefined : `w${i - 10}`, error: i % 500 === 499 ? "it broke" : undefined }),
  );
  for (let at = 0; at < n; at += 4000) {
    const r = await fetch(`${stage.url}/v1/events`, { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body: lines.slice(at, at + 4000).join("\n") });
    if (!r.ok) throw new Error(`${r.status} ${await r.text()}`);
  }
}

async function go(path: string) {
  w.complaints.length = 0;
  await w.page.goto("about:blank");
  await w.page.goto(stage.url + path);
  await w.page.locator(".h-facts").waitFor();
}

const views = ["", "tree", "graph", "replay", "log", "cost"];

describe("a trace", () => {
  it.each(views)("is accessible as view %j, with an event beside it", async (view) => {
    const events = (await (await fetch(`${stage.url}/v1/traces/${trace}`)).json()) as { traces: { timeline: { event_id: string }[] }[] };
    await go(`/traces/${trace}#view=${view}&event=${events.traces[0]!.timeline[20]!.event_id}`);
    await w.page.locator(".h-selected").getByText("On record").waitFor();
    if (view === "graph") await w.page.locator(".react-flow__node").first().waitFor();
    const found = await violations(w.page, wcag, frame);
    expect({ found, complaints: broken() }).toEqual({ found: [], complaints: [] });
  });

  it("proves an event in the browser", async () => {
    await go(`/traces/${trace}#view=tree`);
    await w.page.locator("[role=treegrid] [data-line='3']").click();
    await w.page.getByRole("button", { name: "Check the proof here" }).click();
    expect(await w.page.locator(".h-proof-verdict").innerText()).toContain("Proved");
    const holds = await w.page.locator(".h-proof li .h-mark").allInnerTexts();
    expect(holds).toEqual(["holds", "holds", "holds", "holds", "holds"]);
  });

  it("refutes a proof by another log's key", async () => {
    const logs = (await (await fetch(`${stage.url}/v1/logs`)).json()) as { logs: { log: string; vkey: string }[] };
    await w.page.getByLabel("Verifier key").fill(logs.logs.find((l) => l.log.endsWith("/meta"))!.vkey);
    await w.page.getByText("Not proved").waitFor();
  });

  it("is walked by keys alone, the same event in every view", async () => {
    await go(`/traces/${trace}#view=tree`);
    await w.page.locator("[role=treegrid] [role=row][tabindex='0']").focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowUp"]) await w.page.keyboard.press(key);
    expect(await w.page.locator("[role=treegrid] [aria-selected=true]").getAttribute("data-line")).toBe("1");
    await w.page.keyboard.press("ArrowLeft");
    expect(await w.page.locator("[data-line='1']").getAttribute("aria-expanded")).toBe("false");
    const event = new URLSearchParams(new URL(w.page.url()).hash.slice(1)).get("event");
    await w.page.getByRole("tab", { name: "Log" }).click();
    await w.page.getByRole("tab", { name: "Timeline" }).click();
    await w.page.locator(".h-lane-drawing").focus();
    await w.page.keyboard.press("ArrowRight");
    const next = new URLSearchParams(new URL(w.page.url()).hash.slice(1)).get("event");
    expect(next).not.toBe(event);
    expect(await w.page.locator(".h-bar-selected").count()).toBe(1);
  });

  it("plays, pauses, and shows what had happened by then", async () => {
    await go(`/traces/${trace}#view=replay`);
    await w.page.locator(".h-card").first().waitFor();
    const all = Number(await w.page.locator(".h-card").first().getAttribute("aria-setsize"));
    await w.page.keyboard.press("p");
    await w.page.getByRole("button", { name: "Pause the replay (p)" }).waitFor();
    await w.page.keyboard.press("p");
    const some = Number(await w.page.locator(".h-card").first().getAttribute("aria-setsize"));
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(all);
  });
});

describe("a trace of 50,000 events", () => {
  const shows: [string, string][] = [
    ["", ".h-lane-drawing path"], ["tree", ".h-row >> nth=5"], ["graph", ".react-flow__node"], ["graph&graph=expanded", ".react-flow__node"], ["graph&graph=events", ".react-flow__node"],
    ["replay", ".h-card >> nth=2"], ["log", ".h-row >> nth=5"], ["cost", "text=Work that cost the most"],
  ];
  it.each(shows)("opens as view %j, draws no more than can be seen, and keeps the page free", async (view, drawn) => {
    const session = await w.page.context().newCDPSession(w.page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const busy = async () => (await session.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration")!.value;
    // The first view reads the trace, the others are opened from it.
    if (view === "") await go(`/traces/${wide}`);
    const before = view === "" ? 0 : await busy();
    if (view !== "") await w.page.evaluate((view) => (location.hash = `view=${view}`), view);
    await w.page.locator(drawn).first().waitFor();
    expect(await w.page.locator("#content *").count()).toBeLessThan(5000);
    // Of the processor, not of the clock: the machine may be busy. To open takes half a second, another view less.
    expect((await busy()) - before).toBeLessThan(view === "" ? 4 : 2);
    await session.detach();
    expect(broken()).toEqual([]);
  });

  it("has each event where it is sought: the last one, in the lanes and in the graph", async () => {
    await go(`/traces/${wide}#event=w49999`);
    await w.page.locator(".h-bar-selected").waitFor();
    expect(await w.page.locator(".h-lane-scroll").evaluate((e) => e.scrollTop)).toBeGreaterThan(0);
    await w.page.evaluate(() => (location.hash += "&view=graph&graph=events"));
    await w.page.locator(".h-note", { hasText: "of 50,000 events" }).waitFor();
    await w.page.locator(".h-node-selected").waitFor();
  });
});

/** broken is what the page complained of, but for what a server without a part of it answers. */
const broken = () => w.complaints.filter((c) => !/404|Failed to load resource/.test(c));
