import { useQuery } from "@tanstack/react-query";

import { plain } from "../api/client";

export interface DiffSide {
  trace_id: string;
  start: string | null;
  total_events: number;
  errors: number;
  tool_calls: number;
  duration_ms: number | null;
  token_count: number | null;
  cost_usd: number | null;
}

export interface DiffEvent {
  event_id: string;
  time: string;
  details: string;
  status: string;
  duration_ms: number | null;
}

/** DiffStep is an event of one trace beside that of the other which has its type, agent, name and place. */
export interface DiffStep {
  change: "same" | "changed" | "only_a" | "only_b";
  event_type: string;
  agent: string;
  action: string;
  depth: number;
  a?: DiffEvent;
  b?: DiffEvent;
  fields: { name: string; a: unknown; b: unknown }[];
}

export interface Diff {
  a: DiffSide;
  b: DiffSide;
  same: number;
  changed: number;
  only_a: number;
  only_b: number;
  steps: DiffStep[];
}

export const useDiff = (a: string, b: string) =>
  useQuery({
    queryKey: ["diff", a, b],
    queryFn: ({ signal }) => plain<Diff>("GET", `/v1/traces/${encodeURIComponent(a)}/diff/${encodeURIComponent(b)}`, undefined, signal),
    enabled: a !== "" && b !== "",
    retry: false,
  });

/** Row is a step, or how many that are the same stand here folded. */
export type Row = { step: number } | { same: number; from: number };

/** folded leaves out runs of more than two steps that are the same, unless they are opened. */
export function folded(steps: DiffStep[], opened: ReadonlySet<number>): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < steps.length; ) {
    let end = i;
    while (end < steps.length && steps[end]!.change === "same") end++;
    if (end - i > 2 && !opened.has(i)) {
      rows.push({ same: end - i, from: i });
      i = end;
      continue;
    }
    const last = Math.max(end, i + 1);
    for (; i < last; i++) rows.push({ step: i });
  }
  return rows;
}
