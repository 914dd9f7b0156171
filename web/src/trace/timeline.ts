import { useQuery } from "@tanstack/react-query";

import { plain } from "../api/client";
import type { Entry } from "../api/entry";

/** Branch is an event with all that it caused, in figures. */
export interface Branch {
  events: number;
  errors: number;
  duration_ms: number | null;
  token_count: number | null;
  cost_usd: number | null;
  unpriced_calls: number;
}

/** Line is one event of a timeline. Its texts are the sender's. */
export interface Line {
  time: string;
  agent: string;
  action: string;
  details: string;
  duration: string;
  status: string;
  event_id: string;
  event_type: string;
  parent_event_id?: string;
  tool_name?: string;
  duration_ms: number | null;
  position: number;
  tier?: string;
  depth: number;
  orphan?: boolean;
  cycle?: boolean;
  has_error: boolean;
  critical_ms?: number;
  skew_ms?: number;
  branch?: Branch;
}

/** Retry is a tool call that erred and was tried again. */
export interface Retry {
  tool_name: string;
  agent_name: string;
  event_ids: string[];
  failed: number;
  recovered: boolean;
  error_types: string[];
}

/** Timeline is one trace as the server tells it. */
export interface Timeline {
  trace_id: string;
  start: string | null;
  end: string | null;
  duration_ms: number | null;
  synthetic_times: boolean;
  agents: string[];
  total_events: number;
  tool_calls: number;
  tool_errors: number;
  unpaired_tool_results: number;
  errors: number;
  handoffs: number;
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  reasoning_tokens: number | null;
  token_count: number | null;
  cost_usd: number | null;
  unpriced_calls: number;
  truncated: number;
  dropped: number;
  withheld: number;
  pending: number;
  duplicates: number;
  orphans: string[];
  cycles: string[][];
  skewed?: number;
  expired?: { tier: string; until: string | null }[];
  cut?: boolean;
  critical_path?: { event_id: string; start: string; duration_ms: number }[];
  gaps?: { start: string; duration_ms: number; after: string; before: string }[];
  retries?: Retry[];
  timeline: Line[];
  tree: number[];
}

const path = (id: string) => `/v1/traces/${encodeURIComponent(id)}`;

/** useTimelines asks for what an id stands for: a trace, the traces of a task, or the trace of an event. */
export const useTimelines = (id: string) =>
  useQuery({
    queryKey: ["timelines", id],
    queryFn: ({ signal }) => plain<{ traces: Timeline[] }>("GET", path(id), undefined, signal),
    enabled: id !== "",
    staleTime: 60_000,
  });

/** mostWhole is the most events of which a page asks for the whole. */
export const mostWhole = 5000;

/** useWhole asks for the events with all that they hold, by event id. */
export const useWhole = (t: Timeline, wanted: boolean) =>
  useQuery({
    queryKey: ["whole", t.trace_id],
    queryFn: async ({ signal }) => {
      const got = await plain<{ traces: { events?: Entry[] }[] }>("GET", `${path(t.trace_id)}?events=true`, undefined, signal);
      return new Map(got.traces.flatMap((x) => x.events ?? []).map((e) => [e.event_id, e]));
    },
    enabled: wanted && t.total_events <= mostWhole,
    staleTime: 60_000,
  });

/** GraphNode is an event, an agent, or what is missing. */
export interface GraphNode {
  id: string;
  label: string;
  type: string;
  agent: string;
  event_id?: string;
  status: string;
  has_error: boolean;
  events: number;
  errors: number;
  tool_calls: number;
  token_count?: number | null;
  cost_usd?: number | null;
  start: string | null;
  end: string | null;
}

export interface GraphEdge {
  from: string;
  to: string;
  kind: string;
  count: number;
  event_ids?: string[];
}

export interface GraphData {
  of: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  cut: boolean;
}

export type GraphOf = "agents" | "expanded" | "events";

export const useGraph = (id: string, of: GraphOf, wanted = true) =>
  useQuery({
    queryKey: ["graph", id, of],
    queryFn: ({ signal }) => plain<GraphData>("GET", `${path(id)}/graph?of=${of === "events" ? "events" : "agents"}${of === "expanded" ? "&expanded=true" : ""}`, undefined, signal),
    enabled: wanted,
    staleTime: 60_000,
  });

/** Incident is what a trace's page shows of its incident report: what that blames, null where nothing can be. */
export interface Incident {
  root_cause: { event_ids: string[]; agent_name: string; class: string; confidence: number; why: string } | null;
}

/** useIncident asks for the root cause of a trace with errors. */
export const useIncident = (t: Timeline) =>
  useQuery({
    queryKey: ["incident", t.trace_id],
    queryFn: ({ signal }) => plain<Incident>("GET", `${path(t.trace_id)}/incident?fields=root_cause`, undefined, signal),
    enabled: t.errors > 0,
    retry: false,
    staleTime: 60_000,
  });
