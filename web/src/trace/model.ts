import { kindOf } from "../api/entry";
import { spelled } from "../text/inert";
import type { Line, Timeline } from "./timeline";

/** Lane is what one agent did, in as many rows as it did things at once. */
export interface Lane {
  agent: string;
  rows: number;
  events: number[];
}

/** Hop leads from one lane to another. */
export interface Hop {
  from: number; // line that hands over
  to: number; // first line of the other agent
  kind: "handoff" | "delegation";
}

/** Model is a timeline laid out: what every view of a trace draws from. */
export interface Model {
  timeline: Timeline;
  lines: Line[];
  index: Map<string, number>; // of a line by its event id
  /** When each event was under way, in ms since the first; in steps where times were invented. */
  from: Float64Array;
  to: Float64Array;
  length: number;
  parent: Int32Array; // line that caused it, -1: none
  children: number[][];
  order: number[]; // lines in order of the tree
  lanes: Lane[];
  lane: Int32Array;
  row: Int32Array; // within the lane
  hops: Hop[];
}

/** ViewProps are what every view of a trace gets. */
export interface ViewProps {
  model: Model;
  selected: number; // line, -1: none
  select: (i: number) => void;
  causes: ReadonlySet<string>; // event ids of the root cause
  head: number | null; // how far the replay has come; null: no replay
}

/** nobody is the lane of events that name no agent. */
export const nobody = "no agent named";

/** endsWith types say what has ended: their duration ends with them; any other's begins with it. */
const endsWith = new Set(["agent.tool_result", "agent.llm_response", "agent.lifecycle", "agent.human_intervention"]);

/** modelOf lays a timeline out. */
export function modelOf(t: Timeline): Model {
  const lines = t.timeline;
  const n = lines.length;
  const m: Model = {
    timeline: t,
    lines,
    index: new Map(lines.map((l, i) => [l.event_id, i])),
    from: new Float64Array(n),
    to: new Float64Array(n),
    length: 1,
    parent: new Int32Array(n).fill(-1),
    children: lines.map(() => []),
    order: t.tree.length === n ? t.tree : lines.map((_, i) => i),
    lanes: [],
    lane: new Int32Array(n),
    row: new Int32Array(n),
    hops: [],
  };
  extents(m);
  nest(m);
  toLanes(m);
  hops(m);
  return m;
}

function extents(m: Model) {
  const start = m.timeline.start ? Date.parse(m.timeline.start) : 0;
  let first = Infinity;
  let last = 0;
  m.lines.forEach((l, i) => {
    const took = Math.max(0, l.duration_ms ?? 0);
    const at = m.timeline.synthetic_times ? i : Date.parse(l.time) - start;
    const before = !m.timeline.synthetic_times && endsWith.has(l.event_type);
    m.from[i] = before ? at - took : at;
    m.to[i] = m.timeline.synthetic_times ? at + 0.9 : before ? at : at + took;
    first = Math.min(first, m.from[i]!);
    last = Math.max(last, m.to[i]!);
  });
  if (first < 0 && Number.isFinite(first)) {
    // What ended first may have begun before the first event.
    for (let i = 0; i < m.lines.length; i++) {
      m.from[i]! -= first;
      m.to[i]! -= first;
    }
    last -= first;
  }
  m.length = Math.max(last, 1);
}

/** nest takes the parents from the order of the tree and the depths: the server has broken circles and placed orphans. */
function nest(m: Model) {
  const above: number[] = [];
  for (const i of m.order) {
    const depth = m.lines[i]!.depth;
    above.length = Math.min(above.length, depth);
    const up = depth > 0 ? above[depth - 1] : undefined;
    if (up !== undefined) {
      m.parent[i] = up;
      m.children[up]!.push(i);
    }
    above[depth] = i;
  }
}

function toLanes(m: Model) {
  const at = new Map<string, number>();
  m.lines.forEach((l, i) => {
    const agent = l.agent || nobody;
    if (!at.has(agent)) {
      at.set(agent, m.lanes.length);
      m.lanes.push({ agent, rows: 1, events: [] });
    }
    m.lane[i] = at.get(agent)!;
    m.lanes[m.lane[i]!]!.events.push(i);
  });
  for (const lane of m.lanes) stack(m, lane);
}

/** mostRows bounds how high a lane grows; what would need more overlaps. */
const mostRows = 6;

/** stack puts events that overlap below each other. */
function stack(m: Model, lane: Lane) {
  const free: number[] = []; // when each row is free
  const sorted = [...lane.events].sort((a, b) => m.from[a]! - m.from[b]! || m.to[b]! - m.to[a]!);
  for (const i of sorted) {
    let row = free.findIndex((t) => t <= m.from[i]!);
    if (row < 0) row = free.length < mostRows ? free.length : free.indexOf(Math.min(...free));
    free[row] = Math.max(m.to[i]!, m.from[i]!);
    m.row[i] = row;
  }
  lane.rows = Math.max(1, free.length);
}

/** mostHops bounds how many are drawn. */
const mostHops = 2000;

function hops(m: Model) {
  const laneOf = new Map(m.lanes.map((l, i) => [l.agent, i]));
  m.lines.forEach((l, i) => {
    if (m.hops.length >= mostHops) return;
    if (l.event_type === "agent.handoff") {
      const to = taker(m, i, laneOf);
      if (to >= 0) m.hops.push({ from: i, to, kind: "handoff" });
      return;
    }
    const up = m.parent[i]!;
    if (up >= 0 && m.lane[up] !== m.lane[i] && m.lines[up]!.event_type !== "agent.handoff") m.hops.push({ from: up, to: i, kind: "delegation" });
  });
}

/** taker is the first event of the agent that a handoff went to: what it caused, or what that agent did next. */
function taker(m: Model, i: number, laneOf: Map<string, number>): number {
  const child = m.children[i]!.find((c) => m.lane[c] !== m.lane[i]);
  if (child !== undefined) return child;
  const named = laneOf.get(/^Handoff to (.*)$/.exec(m.lines[i]!.details)?.[1] ?? "");
  if (named === undefined || named === m.lane[i]) return -1;
  return m.lanes[named]!.events.find((k) => k > i) ?? -1;
}

/** shown is the lines of a tree that are visible: not below what is closed, and, with a filter, only what matches and what is above it. */
export function shown(m: Model, closed: ReadonlySet<number>, match?: (i: number) => boolean): number[] {
  let keep: Uint8Array | undefined;
  if (match) {
    keep = new Uint8Array(m.lines.length);
    for (let i = 0; i < m.lines.length; i++) {
      if (!match(i)) continue;
      for (let up = i; up >= 0 && !keep[up]; up = m.parent[up]!) keep[up] = 1;
    }
  }
  const out: number[] = [];
  let hidden = Infinity; // depth below which lines are hidden
  for (const i of m.order) {
    const depth = m.lines[i]!.depth;
    if (depth > hidden) continue;
    hidden = Infinity;
    if (keep && !keep[i]) continue;
    out.push(i);
    if (closed.has(i)) hidden = depth;
  }
  return out;
}

/** weight orders what stands out. */
export function weight(l: Line): number {
  if (l.event_type === "agent.security") return 3;
  if (l.has_error || l.status === "denied") return 2;
  return l.event_type === "agent.human_intervention" || l.event_type === "agent.handoff" ? 1 : 0;
}

/** classOf is how a line is coloured. */
export function classOf(l: Line): string {
  if (l.event_type === "agent.security") return "security";
  if (l.has_error || l.status === "denied") return "error";
  if (l.event_type === "agent.human_intervention") return "human";
  if (l.event_type === "agent.handoff") return "handoff";
  if (l.event_type === "agent.tool_call" || l.event_type === "agent.tool_result") return "tool";
  if (l.event_type === "agent.llm_response" || l.event_type === "agent.token_usage") return "model";
  return "other";
}

/** words are what a line says, in a sentence. */
export function words(m: Model, i: number): string {
  const l = m.lines[i]!;
  return spelled(`${l.agent || "no agent"}: ${kindOf(l.event_type)}, ${l.details.slice(0, 160)}${l.duration ? `, took ${l.duration}` : ""}${l.status ? `, ${l.status}` : ""}`);
}
