import type { Entry } from "../../api/entry";

/**
 * Feed is what the live page shows: the newest rows first, without moving what is
 * being read. While it is held (paused, scrolled away from the top, or a row is
 * open) new events wait and are counted; nothing is lost until there are more than
 * the page can hold, and then the feed says how many it let go.
 */
export interface Feed {
  rows: Entry[]; // newest first
  waiting: Entry[]; // newest first
  gone: number; // events that no longer are in rows or waiting
  seen: number; // all that came
  fresh: number; // all that came while it was held, those it let go included
}

/** maxRows is how many rows the page keeps, and how many may wait. */
export const maxRows = 5_000;

export const emptyFeed: Feed = { rows: [], waiting: [], gone: 0, seen: 0, fresh: 0 };

const cap = (list: Entry[]): [Entry[], number] => (list.length > maxRows ? [list.slice(0, maxRows), list.length - maxRows] : [list, 0]);

/** arrived adds events, oldest first as they come from the stream. */
export function arrived(f: Feed, events: Entry[], held: boolean): Feed {
  const fresh = events.slice().reverse();
  const [list, gone] = cap(fresh.concat(held ? f.waiting : f.waiting.concat(f.rows)));
  const next = { ...f, seen: f.seen + events.length, gone: f.gone + gone };
  return held ? { ...next, waiting: list, fresh: f.fresh + events.length } : { ...next, rows: list, waiting: [], fresh: 0 };
}

/** released shows what was waiting. */
export function released(f: Feed): Feed {
  if (f.waiting.length === 0) return f;
  const [rows, gone] = cap(f.waiting.concat(f.rows));
  return { ...f, rows, waiting: [], gone: f.gone + gone, fresh: 0 };
}

/** begun puts what was there before the stream began below what came since. */
export function begun(f: Feed, before: Entry[]): Feed {
  const [rows, gone] = cap(f.rows.concat(before));
  return { ...f, rows, gone: f.gone + gone, seen: f.seen + before.length };
}
