import { useInfiniteQuery } from "@tanstack/react-query";

import type { Period } from "../state/period";
import { ask } from "./search";

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

const paths: Record<By, string> = { session_id: "/v1/sessions", task_id: "/v1/tasks", agent_name: "/v1/agents", user_id: "/v1/users", trace_id: "/v1/traces" };

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
    queryFn: ({ pageParam, signal }) => {
      const page = { limit, ...(pageParam ? { cursor: pageParam } : {}) };
      return ask<Groups>(paths[by], "/v1/groups", { q, period }, q ? { by, ...page } : page, signal);
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
    placeholderData: (old) => old,
  });
}
