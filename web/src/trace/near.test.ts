import { describe, expect, it } from "vitest";

import { modelOf } from "./model";
import { nearest, nearEvents, nearGraph, nodeOf } from "./near";
import type { GraphData, GraphNode, Line, Timeline } from "./timeline";

const line = (i: number, depth: number): Line => ({ time: new Date(Date.UTC(2026, 10, 20) + i * 1000).toISOString(), agent: `a${i % 2}`, action: "act", details: "", duration: "", status: "", event_id: `e${i}`, event_type: "agent.reasoning", duration_ms: null, position: i, depth, has_error: false });

/** wide is a trace of n events, all caused by the first. */
const wide = (n: number) => modelOf({ trace_id: "t", start: line(0, 0).time, timeline: Array.from({ length: n }, (_, i) => line(i, i ? 1 : 0)), tree: Array.from({ length: n }, (_, i) => i), synthetic_times: false } as unknown as Timeline);

const node = (id: string, agent = "a", event = "", from = 0, to = 0): GraphNode => ({ id, label: id, type: "agent", agent, event_id: event, status: "", has_error: false, events: 1, errors: 0, tool_calls: 0, start: new Date(from).toISOString(), end: new Date(to).toISOString() });

describe("what is near", () => {
  it("comes first, and no more than asked for", () => {
    const links = (i: number) => [i - 1, i + 1];
    expect([...nearest(10, links, 5)].sort((a, b) => a - b)).toEqual([8, 9, 10, 11, 12]);
    expect(nearest(1, () => [], 5).size).toBe(1);
  });

  it("of a graph keeps the edges between what is drawn", () => {
    const g: GraphData = { of: "agents", cut: false, nodes: ["a", "b", "c", "d", "alone"].map((id) => node(id)), edges: [["a", "b"], ["b", "c"], ["c", "d"]].map(([from, to]) => ({ from: from!, to: to!, kind: "handoff", count: 1 })) };
    const part = nearGraph(g, "c", 3);
    expect(part.nodes.map((n) => n.id)).toEqual(["b", "c", "d"]);
    expect(part.edges.map((e) => e.from + e.to)).toEqual(["bc", "cd"]);
  });

  it("of a wide trace is bounded, whatever is selected", () => {
    const m = wide(50_000);
    for (const focus of [0, 49_999]) {
      const part = nearEvents(m, focus, 100);
      expect(part.nodes.length).toBe(100);
      expect(part.edges.length).toBe(99);
      expect(part.nodes.some((n) => n.id === `e${focus}`)).toBe(true);
    }
  });

  it("is found for a line by its id, then by when its agent worked, then by its agent", () => {
    const at = (s: number) => Date.UTC(2026, 10, 20) + s * 1000;
    const g: GraphData = { of: "agents expanded", cut: false, edges: [], nodes: [node("x", "a1", "e9", at(0), at(0)), node("y", "a0", "e0", at(0), at(1)), node("z", "a0", "e2", at(2), at(6)), node("w", "a1", "e3", at(3), at(4))] };
    expect(nodeOf(g, line(9, 0))?.id).toBe("x");
    expect(nodeOf(g, line(4, 0))?.id).toBe("z");
    expect(nodeOf(g, line(7, 0))?.id).toBe("x");
    expect(nodeOf(g, undefined)).toBeUndefined();
  });
});
