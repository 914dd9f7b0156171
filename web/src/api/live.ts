import { Problem } from "./client";
import type { Entry } from "./entry";
import { hold } from "./search";

/** Counters are what the live stream says once a second about all that is committed, whatever the filter. */
export interface Counters {
  events: number; // since the stream began
  errors: number;
  matched: number; // of them, sent to this reader
  per_second: number; // over the last ten seconds
  errors_per_second: number;
}

export type LiveState = "connecting" | "open" | "lost" | "refused";

export interface Listener {
  /** onEvents gets what was committed since the last call, at most every flush. */
  onEvents?: (events: Entry[]) => void;
  /** onConnected gets the position that the record had when the stream began: what comes is after it. */
  onConnected?: (position: number) => void;
  onCounters?: (c: Counters) => void;
  onState?: (state: LiveState, why?: string) => void;
}

/** flush is how often events are handed on, in milliseconds: a page need not draw each by itself. */
const flush = 200;

/**
 * Live is the one stream of a page. The browser connects again by itself and says
 * which event it has seen last, so that nothing is lost; an event that comes twice
 * is passed over.
 */
export class Live {
  private source?: EventSource;
  private waiting: Entry[] = [];
  private timer?: ReturnType<typeof setInterval>;
  private last = -1; // position of the last event that was handed on
  private tries = 0;
  private retry?: ReturnType<typeof setTimeout>;
  private closed = false;

  constructor(
    private readonly q: string,
    private readonly listener: Listener,
    private readonly counters = false, // counters alone, no events
  ) {
    void this.connect();
    this.timer = setInterval(() => this.hand(), flush);
  }

  /** connect puts the filter first, which may name a person and so has no place in a URL, and then follows by its id. */
  private async connect() {
    const ask = new URLSearchParams({ counters: this.counters ? "only" : "true" });
    if (this.last >= 0) ask.set("after", String(this.last));
    this.listener.onState?.("connecting");
    if (this.q) {
      try {
        ask.set("question", (await hold({ q: this.q, period: { since: "all", until: "" } })).id);
      } catch (err) {
        this.again(err instanceof Problem && err.status >= 400 && err.status < 500 ? err.message : undefined);
        return;
      }
    }
    if (!this.closed) this.open(ask);
  }

  private open(ask: URLSearchParams) {
    const s = new EventSource("/v1/live?" + ask.toString());
    this.source = s;
    s.addEventListener("open", () => {
      this.tries = 0;
      this.listener.onState?.("open");
    });
    s.addEventListener("connected", (m) => {
      const position = Number((m as MessageEvent).lastEventId);
      if (this.last < 0) this.listener.onConnected?.(position);
      this.last = Math.max(this.last, position);
    });
    s.addEventListener("event", (m) => {
      const position = Number((m as MessageEvent).lastEventId);
      if (position <= this.last) return;
      this.last = position;
      this.waiting.push(JSON.parse((m as MessageEvent<string>).data) as Entry);
    });
    s.addEventListener("counters", (m) => this.listener.onCounters?.(JSON.parse((m as MessageEvent<string>).data) as Counters));
    s.addEventListener("dropped", (m) => this.listener.onState?.("lost", (m as MessageEvent<string>).data));
    s.addEventListener("error", () => {
      if (this.closed) return;
      if (s.readyState === EventSource.CONNECTING) {
        this.listener.onState?.("connecting");
        return;
      }
      // Refused: the browser gives up.
      s.close();
      this.again();
    });
  }

  /** again tries once more, later each time. */
  private again(why?: string) {
    if (this.closed) return;
    this.listener.onState?.("refused", why);
    this.retry = setTimeout(() => void this.connect(), Math.min(30_000, 1000 * 2 ** this.tries++));
  }

  private hand() {
    if (this.waiting.length === 0) return;
    const events = this.waiting;
    this.waiting = [];
    this.listener.onEvents?.(events);
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.retry);
    this.source?.close();
  }
}
