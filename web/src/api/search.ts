import { asked, type Period } from "../state/period";
import { plain } from "./client";
import type { Entry } from "./entry";

/** Question is a search over a period. What it looks for is always posted: it may name persons. */
export interface Question {
  q: string;
  period: Period;
  /** value is a personal one, such as an address: events that hold its pseudonym, wherever it stands. */
  value?: string;
}

/**
 * ask puts a question about events: by POST where it looks for something, which has no
 * place in a URL, and by GET where it does not, so that an answer that still holds is
 * not made again.
 */
export function ask<T>(path: string, posted: string, x: Question, more: Record<string, string | number | string[]>, signal?: AbortSignal): Promise<T> {
  const said = { ...asked(x.period), ...more };
  if (x.q || x.value) return plain<T>("POST", posted, { ...(x.q ? { q: x.q } : {}), ...(x.value ? { value: x.value } : {}), ...said }, signal);
  const params = new URLSearchParams(Object.entries(said).map(([name, v]) => [name, String(v)])); // lists with commas
  return plain<T>("GET", `${path}${params.size ? "?" : ""}${params.toString()}`, undefined, signal);
}

export interface EventPage {
  events: Entry[];
  next_cursor?: string;
}

/** events asks for a page of events, newest first unless told otherwise. */
export const events = (x: Question, opt: { limit?: number; cursor?: string; order?: "newest" | "oldest" }, signal?: AbortSignal) =>
  ask<EventPage>("/v1/events", "/v1/events/search", x, { limit: opt.limit ?? 100, ...(opt.cursor ? { cursor: opt.cursor } : {}), ...(opt.order ? { order: opt.order } : {}) }, signal);

/** hold puts a question once, to mean it by its id in a URL: what a search says stays out of those. */
export const hold = (x: Question, signal?: AbortSignal) => plain<{ id: string; expires: string }>("POST", "/v1/questions", { ...(x.q ? { q: x.q } : {}), ...(x.value ? { value: x.value } : {}), ...asked(x.period) }, signal);

export interface Bucket {
  start: string;
  count: number;
  errors: number;
}

export interface Histogram {
  start: string | null;
  end: string | null;
  time_zone: string;
  width_ms: number; // where the zone's clock is changed, a bucket is longer or shorter
  total_events: number;
  total_errors: number;
  buckets: Bucket[];
}

export const histogram = (x: Question, buckets: number, tz: string, signal?: AbortSignal) =>
  ask<Histogram>("/v1/events/histogram", "/v1/events/histogram", x, { buckets, tz }, signal);

export interface FacetValue {
  value: string;
  count: number;
  errors: number;
  search: string;
}

export interface Facet {
  field: string;
  values: FacetValue[];
  distinct: number;
  absent: number;
}

export interface Facets {
  total_events: number;
  total_errors: number;
  facets: Facet[];
}

export const facets = (x: Question, fields?: string[], values?: number, signal?: AbortSignal) =>
  ask<Facets>("/v1/events/facets", "/v1/events/facets", x, { ...(fields ? { fields } : {}), ...(values ? { values } : {}) }, signal);

export interface Completion {
  wanted: string;
  field?: string;
  from: number;
  to: number;
  items: { text: string; insert: string; description?: string; count?: number }[];
  problem: { position: number; problem: string; expected?: string } | null;
}

/** complete asks how a search that is being typed may go on; cursor is in bytes of UTF-8. */
export const complete = (q: string, cursor: number, signal?: AbortSignal) => plain<Completion>("POST", "/v1/complete", { q, cursor }, signal);

/** Summary is the report of the figures of a period. */
export interface Summary {
  period: { start: string | null; end: string | null };
  total_events: number;
  total_errors: number;
  error_rate: string;
  total_traces: number;
  total_invocations: number;
  total_tool_calls: number;
  tool_call_errors: number;
  total_handoffs: number;
  total_escalations: number;
  agents_active: number;
  top_agents: [string, number][];
  by_type: Record<string, number>;
  by_tier: Record<string, number>;
  tokens: { input_tokens: number | null; output_tokens: number | null; cache_read_tokens: number | null; token_count: number | null };
  cost_usd: number | null;
  unpriced_calls: number;
  searches: Record<string, string>;
}

export const summary = (period: Period, signal?: AbortSignal) =>
  plain<Summary>("GET", "/v1/reports/summary?" + new URLSearchParams(asked(period)).toString(), undefined, signal);
