import { partsOf, type Zone } from "../time/format";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** steps are the spans that people read an axis by. */
const steps = [1000, 5000, 15_000, 30_000, minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day, 30 * day, 90 * day, 365 * day];

export interface Tick {
  at: number; // ms since the epoch
  text: string;
}

/** ticks are at most `most` round instants between two others: full hours, midnights of the reader's zone. The first of a day says the day. */
export function ticks(from: number, to: number, most: number, zone: Zone): Tick[] {
  const step = steps.find((s) => (to - from) / s <= most) ?? steps[steps.length - 1]!;
  const out: Tick[] = [];
  let last = "";
  for (let at = roundUp(from, step, zone); at <= to && out.length <= most + 1; at = roundUp(at + 1, step, zone)) {
    const p = partsOf(new Date(at), zone);
    const time = step < minute ? p.time : p.time.slice(0, 5);
    out.push({ at, text: step >= day ? p.date.slice(5) : p.date === last || (last === "" && to - from < day) ? time : p.time === "00:00:00" || last !== "" ? p.date.slice(5) : `${p.date.slice(5)} ${time}` });
    last = p.date;
  }
  return out;
}

/** roundUp is the first multiple of a step, counted from a midnight of the zone, that is not before an instant. A day with a change of clocks is as long as it is. */
function roundUp(at: number, step: number, zone: Zone): number {
  const shift = (t: number) => (zone === "utc" ? 0 : -new Date(t).getTimezoneOffset() * minute);
  const local = Math.ceil((at + shift(at)) / step) * step;
  const guess = local - shift(at);
  const again = local - shift(guess); // the zone's offset there, which may be another than here
  return again >= at ? again : guess;
}
