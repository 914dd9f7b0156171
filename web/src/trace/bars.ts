import { classOf, weight, type Lane, type Model } from "./model";

/** Bar is what is drawn of one or more events at one place of a lane. */
export interface Bar {
  i: number; // the event; of several, the first that stands out
  x: number;
  width: number;
  count: number;
}

/** least is the narrowest that a bar is drawn, in pixels. */
export const least = 3;

/**
 * bars are a lane's events in the window from a to b, drawn over width pixels, row
 * by row. Those that would lie on one another are drawn as one that says how many.
 */
export function bars(m: Model, lane: Lane, a: number, b: number, width: number): Map<number, Bar[]> {
  const rows = new Map<number, Bar[]>();
  const scale = width / Math.max(b - a, 1e-9);
  for (const i of lane.events) {
    if (m.to[i]! < a || m.from[i]! > b) continue;
    const x = Math.max(0, (m.from[i]! - a) * scale);
    const end = Math.min(width, (m.to[i]! - a) * scale);
    const row = m.row[i]!;
    let list = rows.get(row);
    if (!list) rows.set(row, (list = []));
    const last = list[list.length - 1];
    if (last && (stacked(last, x, end) || same(last, x, end))) {
      last.count++;
      if (weight(m.lines[i]!) > weight(m.lines[last.i]!)) last.i = i;
    } else list.push({ i, x, width: Math.max(least, end - x), count: 1 });
  }
  return rows;
}

/** stacked reports whether two are both too narrow to be told apart. */
const stacked = (last: Bar, x: number, end: number) => end - x < least && x < last.x + Math.min(last.width, least) && last.width <= least;

/** same reports whether two begin and end at the same pixels, as many at once do. */
const same = (last: Bar, x: number, end: number) => Math.abs(last.x - x) < 1 && Math.abs(last.x + last.width - end) < 1;

export const rowHeight = 14;
const name = 20; // above the rows of a lane
const gap = 6; // below them

/** Layout says where things are drawn, from top to bottom. */
export interface Layout {
  height: number;
  top: (lane: number) => number;
  /** y is where the bar of a line begins. */
  y: (line: number) => number;
  /** at is the lane and the row at a height; a row below 0 is the lane's name. */
  at: (y: number) => [lane: number, row: number];
  /** within is the first and the last lane between two heights, and some before and after. */
  within: (from: number, to: number) => [first: number, last: number];
}

const beside = 300; // pixels that are drawn beyond what is seen

/** layoutOf places the lanes. */
export function layoutOf(m: Model): Layout {
  const tops = new Float64Array(m.lanes.length + 1);
  m.lanes.forEach((l, k) => (tops[k + 1] = tops[k]! + name + l.rows * rowHeight + gap));
  const laneAt = (y: number) => {
    let [a, b] = [0, Math.max(0, m.lanes.length - 1)];
    while (a < b) {
      const mid = (a + b + 1) >> 1;
      if (tops[mid]! <= y) a = mid;
      else b = mid - 1;
    }
    return a;
  };
  return {
    height: tops[m.lanes.length]!,
    top: (k) => tops[k]!,
    y: (i) => tops[m.lane[i]!]! + name + m.row[i]! * rowHeight,
    at: (y) => {
      const k = laneAt(y);
      return [k, Math.floor((y - tops[k]! - name) / rowHeight)];
    },
    within: (from, to) => [laneAt(from - beside), laneAt(to + beside)],
  };
}

/** barAt is the bar at a place of the drawing. */
export function barAt(layout: Layout, drawn: (lane: number) => Map<number, Bar[]>, x: number, y: number): Bar | undefined {
  const [lane, row] = layout.at(y);
  if (row < 0) return undefined;
  let found: Bar | undefined;
  for (const bar of drawn(lane).get(row) ?? []) {
    if (bar.x > x + 1) break;
    if (x <= bar.x + bar.width + 1) found = bar; // of those that overlap, what lies above
  }
  return found;
}

/** pathsOf are the shapes of a lane's bars, one for each colour, and one for what is on the critical path. */
export function pathsOf(m: Model, rows: Map<number, Bar[]>, layout: Layout): [name: string, d: string][] {
  const shapes = new Map<string, string[]>();
  const add = (name: string, d: string) => {
    const list = shapes.get(name);
    if (list) list.push(d);
    else shapes.set(name, [d]);
  };
  for (const list of rows.values()) {
    for (const bar of list) {
      const l = m.lines[bar.i]!;
      const y = layout.y(bar.i);
      add(classOf(l), boxOf(bar.x, y, bar.width, rowHeight - 4));
      if (l.critical_ms) add("critical", boxOf(bar.x, y + rowHeight - 5, bar.width, 2));
    }
  }
  // What stands out lies above.
  const rank = (name: string) => ["critical", "security", "error", "human", "handoff"].indexOf(name);
  const order = (name: string) => (rank(name) < 0 ? -99 : -rank(name));
  return [...shapes].sort(([a], [b]) => order(a) - order(b)).map(([name, list]) => [name, list.join("")]);
}

/** boxOf is a rectangle as a path, with round corners where there is room for them. */
function boxOf(x: number, y: number, width: number, height: number): string {
  const r = width >= 6 && height >= 6 ? 2 : 0;
  const n = (v: number) => Math.round(v * 10) / 10;
  if (r === 0) return `M${n(x)},${y}h${n(width)}v${height}h${n(-width)}z`;
  const [w, h] = [n(width - 2 * r), height - 2 * r];
  return `M${n(x + r)},${y}h${w}q${r},0 ${r},${r}v${h}q0,${r} -${r},${r}h${-w}q-${r},0 -${r},-${r}v${-h}q0,-${r} ${r},-${r}z`;
}
