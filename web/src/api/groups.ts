import { useInfiniteQuery } from "@tanstack/react-query";

import { asked, type Period } from "../state/period";
import { plain } from "./client";

/** Group is a session, task, agent, user or trace: what its events came to. */
export interface Group {
  id: string;
  search: string;
  events: number;
  errors: number;
  tool_calls: number;
  handoffs: number;
  interventions: number;
  traces: number;
  sessions: number;
  tasks: number;
  agents: string[] | null;
  start: string;
  end: string;
  duration_ms: number | string;
  token_count: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | string | null;
  unpriced_calls: number;
}

export type By = "session_id" | "task_id" | "agent_name" | "user_id" | "trace_id";

interface Groups {
  by: string;
  items: Group[];
  next_cursor?: string;
}

/** pageOfGroups is how many are asked for at a time. */
export const pageOfGroups = 100;

/** useGroups asks for what the events of a search come to by a field, the last active first, page by page. */
export function useGroups(by: By, q: string, period: Period, limit = pageOfGroups) {
  return useInfiniteQuery({
    queryKey: ["groups", by, q, period, limit],
    queryFn: ({ pageParam, signal }) => plain<Groups>("POST", "/v1/groups", { by, ...(q ? { q } : {}), ...asked(period), limit, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
    placeholderData: (old) => old,
  });
}
