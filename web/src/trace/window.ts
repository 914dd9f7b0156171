import { duration } from "../time/format";
import type { Model } from "./model";

/** Window is the stretch of a trace that is drawn, in the model's ms or steps. */
export type Window = [number, number];

/** axisText is an offset from the begin of the trace; a step where times were invented. */
export const axisText = (m: Model, at: number) => (m.timeline.synthetic_times ? `step ${Math.round(at)}` : at === 0 ? "0" : `+${duration(at)}`);

/** zoomed changes the window about a centre, and keeps it inside. */
export function zoomed([a, b]: Window, factor: number, center: number, length: number): Window {
  const size = Math.min(length, Math.max((b - a) * factor, length / 1e6, 0.001));
  const share = b > a ? (center - a) / (b - a) : 0.5;
  return inside(center - size * share, size, length);
}

export const moved = ([a, b]: Window, by: number, length: number): Window => inside(a + by, b - a, length);

function inside(a: number, size: number, length: number): Window {
  const from = Math.max(0, Math.min(a, length - size));
  return [from, from + size];
}

/** step is the line that a key leads to from a line. */
export function step(m: Model, from: number, key: string): number | undefined {
  if (m.lines.length === 0) return undefined;
  if (from < 0) return key.startsWith("Arrow") || key === "Home" ? 0 : key === "End" ? m.lines.length - 1 : undefined;
  switch (key) {
    case "ArrowRight":
    case "j":
      return Math.min(m.lines.length - 1, from + 1);
    case "ArrowLeft":
    case "k":
      return Math.max(0, from - 1);
    case "Home":
      return 0;
    case "End":
      return m.lines.length - 1;
    case "ArrowUp":
    case "ArrowDown": {
      const lane = m.lanes[m.lane[from]! + (key === "ArrowUp" ? -1 : 1)];
      if (!lane) return from;
      const at = m.from[from]!;
      return lane.events.reduce((best, i) => (Math.abs(m.from[i]! - at) < Math.abs(m.from[best]! - at) ? i : best), lane.events[0]!);
    }
  }
  return undefined;
}

/** ticks are round places of the axis. */
export function ticks(a: number, b: number, width: number, steps: boolean): number[] {
  const most = Math.max(1, Math.floor(width / 110));
  const rough = (b - a) / most;
  const sizes = steps ? [1, 2, 5, 10] : rough < 1000 ? [1, 2, 5, 10] : rough < 60_000 ? [1, 2, 5, 10, 15, 30, 60] : [1, 2, 5, 10, 15, 30, 60];
  const unit = steps || rough < 1000 ? 10 ** Math.floor(Math.log10(Math.max(rough, steps ? 1 : 1e-3))) : rough < 60_000 ? 1000 : rough < 3_600_000 ? 60_000 : 3_600_000;
  const every = unit * (sizes.find((s) => s * unit >= rough) ?? Math.ceil(rough / unit));
  const out = [];
  for (let t = Math.ceil(a / every) * every; t <= b && out.length < 50; t += every) out.push(t);
  return out;
}
