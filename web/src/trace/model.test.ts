import { describe, expect, it } from "vitest";

import { barAt, bars, layoutOf, pathsOf } from "./bars";
import { modelOf, shown } from "./model";
import type { Line, Timeline } from "./timeline";

const line = (id: string, agent: string, type: string, at: number, depth: number, more: Partial<Line> = {}): Line => ({
  time: new Date(Date.UTC(2026, 10, 23) + at).toISOString(), agent, action: "", details: "", duration: "", status: "", event_id: id, event_type: `agent.${type}`,
  duration_ms: null, position: 0, depth, has_error: false, ...more,
});

const timeline = (lines: Line[], tree = lines.map((_, i) => i), more: Partial<Timeline> = {}) =>
  ({ trace_id: "t", start: lines[0]?.time ?? null, timeline: lines, tree, synthetic_times: false, ...more }) as Timeline;

describe("modelOf", () => {
  it("places a result's duration before it, a call's after it", () => {
    const m = modelOf(timeline([line("a", "x", "tool_call", 0, 0, { duration_ms: 50 }), line("b", "x", "tool_result", 80, 1, { duration_ms: 30 })]));
    expect([m.from[0], m.to[0], m.from[1], m.to[1]]).toEqual([0, 50, 50, 80]);
    expect(m.length).toBe(80);
  });
  it("begins where the earliest began", () => {
    const m = modelOf(timeline([line("a", "x", "tool_result", 0, 0, { duration_ms: 100 })]));
    expect([m.from[0], m.to[0], m.length]).toEqual([0, 100, 100]);
  });
  it("speaks in steps where times were invented", () => {
    const m = modelOf(timeline([line("a", "x", "reasoning", 0, 0), line("b", "x", "reasoning", 999_999, 0)], undefined, { synthetic_times: true }));
    expect([m.from[0], m.from[1]]).toEqual([0, 1]);
  });
  it("takes parents from the order of the tree", () => {
    const m = modelOf(timeline([line("a", "x", "invocation", 0, 0), line("b", "x", "reasoning", 1, 1), line("c", "x", "reasoning", 2, 0), line("d", "x", "reasoning", 3, 2)], [0, 1, 3, 2]));
    expect([...m.parent]).toEqual([-1, 0, -1, 1]);
  });
  it("stacks what one agent did at once, and only that", () => {
    const m = modelOf(timeline([line("a", "x", "tool_call", 0, 0, { duration_ms: 10 }), line("b", "x", "tool_call", 5, 0, { duration_ms: 10 }), line("c", "x", "tool_call", 10, 0, { duration_ms: 1 })]));
    expect([...m.row]).toEqual([0, 1, 0]);
    expect(m.lanes[0]!.rows).toBe(2);
  });
  it("draws a handoff to what it caused, else to what the named agent did next", () => {
    const m = modelOf(timeline([
      line("a", "x", "handoff", 0, 0, { details: "Handoff to y" }), line("b", "z", "reasoning", 1, 0), line("c", "y", "reasoning", 2, 0),
      line("d", "y", "handoff", 3, 0, { details: "Handoff to x" }), line("e", "z", "reasoning", 4, 1),
    ]));
    expect(m.hops).toEqual([{ from: 0, to: 2, kind: "handoff" }, { from: 3, to: 4, kind: "handoff" }]);
  });
  it("draws delegation where an event caused another agent's", () => {
    const m = modelOf(timeline([line("a", "x", "tool_call", 0, 0), line("b", "y", "invocation", 1, 1)]));
    expect(m.hops).toEqual([{ from: 0, to: 1, kind: "delegation" }]);
  });
});

describe("shown", () => {
  const m = modelOf(timeline([line("a", "x", "invocation", 0, 0), line("b", "x", "tool_call", 1, 1), line("c", "x", "tool_result", 2, 2, { has_error: true }), line("d", "x", "reasoning", 3, 1)]));
  it("hides what is below a closed line", () => expect(shown(m, new Set([1]))).toEqual([0, 1, 3]));
  it("keeps what is above a match", () => expect(shown(m, new Set(), (i) => m.lines[i]!.has_error)).toEqual([0, 1, 2]));
});

describe("bars", () => {
  it("draws ten thousand events as no more bars than there is room for, and the error is the one to click", () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => line(`e${i}`, "x", "reasoning", i, 0, { has_error: i === 5003 }));
    const m = modelOf(timeline(lines));
    const all = [...bars(m, m.lanes[0]!, 0, m.length, 1000).values()].flat();
    expect(all.length).toBeLessThanOrEqual(400);
    expect(all.reduce((n, b) => n + b.count, 0)).toBe(10_000);
    expect(all.some((b) => b.i === 5003)).toBe(true);
  });
  it("leaves out what is not in the window", () => {
    const m = modelOf(timeline([line("a", "x", "tool_call", 0, 0, { duration_ms: 10 }), line("b", "x", "tool_call", 100, 0, { duration_ms: 10 })]));
    expect([...bars(m, m.lanes[0]!, 50, 105, 100).values()].flat().map((b) => b.i)).toEqual([1]);
  });
  it("draws what lasts from one pixel to another once, however many there are", () => {
    const m = modelOf(timeline(Array.from({ length: 50_000 }, (_, i) => line(`e${i}`, "x", "tool_call", 0, 0, { duration_ms: 100_000 + i }))));
    const all = [...bars(m, m.lanes[0]!, 0, m.length, 1000).values()].flat();
    expect(all.length).toBeLessThan(3000);
    expect(all.reduce((n, b) => n + b.count, 0)).toBe(50_000);
  });
  it("are found where they are drawn", () => {
    const m = modelOf(timeline([line("a", "x", "tool_call", 0, 0, { duration_ms: 100 }), line("b", "x", "tool_call", 10, 0, { duration_ms: 50 }), line("c", "y", "tool_call", 50, 0, { duration_ms: 50, has_error: true })]));
    const layout = layoutOf(m);
    const drawn = (k: number) => bars(m, m.lanes[k]!, 0, m.length, 100);
    for (const i of [0, 1, 2]) expect(barAt(layout, drawn, (m.from[i]! + m.to[i]!) / 2, layout.y(i) + 1)?.i).toBe(i);
    expect(barAt(layout, drawn, 90, layout.y(1) + 1)).toBeUndefined(); // beside it
    expect(barAt(layout, drawn, 20, layout.top(0) + 2)).toBeUndefined(); // the name
    expect(pathsOf(m, drawn(1), layout).map(([name]) => name)).toEqual(["error"]);
    expect(layout.within(0, 10)).toEqual([0, 1]);
  });
  it("of thousands of lanes are drawn for those that are seen", () => {
    const m = modelOf(timeline(Array.from({ length: 5000 }, (_, i) => line(`e${i}`, `agent ${i}`, "tool_call", i, 0))));
    const layout = layoutOf(m);
    const [first, last] = layout.within(layout.top(2500), layout.top(2500) + 600);
    expect(first).toBeGreaterThan(2480);
    expect(first).toBeLessThanOrEqual(2500);
    expect(last).toBeLessThan(2530);
  });
});
