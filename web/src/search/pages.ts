import type { Entry } from "../api/entry";
import type { EventPage } from "../api/search";

/**
 * PageStore holds the pages of a result by their cursors, and only some of them at
 * a time: a result of 100,000 rows scrolls, and the browser does not keep it. Pages
 * are read in order, because a cursor comes with the page before; one that was let
 * go is read again by the cursor that it was read by.
 */
export const pageSize = 500;

/** keptPages bounds the pages in memory. */
export const keptPages = 24;

export interface Loaded {
  /** rows that the table has: all read so far, and one more while there are others. */
  total: number;
  complete: boolean;
}

export class PageStore {
  private pages = new Map<number, Entry[]>();
  private cursors: (string | undefined)[] = [undefined]; // cursors[i] asks for page i; the first needs none
  private last?: { page: number; rows: number }; // known once the end was read
  private running = new Map<number, AbortController>();
  private listeners = new Set<() => void>();
  private version = 0;
  private failure: unknown;

  constructor(private readonly read: (cursor: string | undefined, signal: AbortSignal) => Promise<EventPage>) {}

  subscribe = (l: () => void) => {
    this.listeners.add(l);
    return () => {
      this.listeners.delete(l);
    };
  };

  /** snapshot changes whenever the store does. */
  snapshot = () => this.version;

  get loaded(): Loaded {
    if (this.last) return { total: this.last.page * pageSize + this.last.rows, complete: true };
    return { total: (this.cursors.length - 1) * pageSize + (this.cursors.length > 1 ? 1 : 0), complete: false };
  }

  get error(): unknown {
    return this.failure;
  }

  get busy(): boolean {
    return this.running.size > 0;
  }

  row(i: number): Entry | undefined {
    return this.pages.get(Math.floor(i / pageSize))?.[i % pageSize];
  }

  /** want makes sure that the rows from first to last are there or on their way, and lets go what is far from them. */
  want(first: number, last: number) {
    const from = Math.floor(first / pageSize);
    const to = Math.floor((last + pageSize / 4) / pageSize); // the next page a little ahead
    for (let p = from; p <= to; p++) this.load(p);
    if (this.pages.size <= keptPages) return;
    const middle = (from + to) / 2;
    const far = [...this.pages.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const p of far.slice(0, this.pages.size - keptPages)) this.pages.delete(p);
  }

  private load(p: number) {
    const end = this.last ? this.last.page : Infinity;
    if (p > end || p >= this.cursors.length || this.pages.has(p) || this.running.has(p) || this.failure) return;
    const abort = new AbortController();
    this.running.set(p, abort);
    this.read(this.cursors[p], abort.signal).then(
      (got) => {
        this.pages.set(p, got.events);
        if (got.next_cursor) this.cursors[p + 1] = got.next_cursor;
        else this.last = { page: p, rows: got.events.length };
        this.done(p);
      },
      (err: unknown) => {
        if (!abort.signal.aborted) this.failure = err;
        this.done(p);
      },
    );
  }

  private done(p: number) {
    this.running.delete(p);
    this.version++;
    for (const l of this.listeners) l();
  }

  /** again forgets a failure and asks once more. */
  again() {
    this.failure = undefined;
    this.version++;
    for (const l of this.listeners) l();
  }

  close() {
    for (const a of this.running.values()) a.abort();
  }
}
