import { useQuery } from "@tanstack/react-query";

import { asked, type Period } from "../state/period";
import { useSettings } from "../state/settings";
import type { Zone } from "../time/format";
import { plain } from "./client";

export type Ranking = [string, number][] | null;
export type Tallies = Record<string, number> | null;

export interface Tokens {
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  reasoning_tokens: number | null;
  token_count: number | null;
}

interface Head {
  period: { start: string | null; end: string | null };
  generated_at: string;
  searches: Record<string, string>;
}

export interface ToolsReport extends Head {
  total_tool_calls: number;
  tool_call_errors: number;
  error_rate: string;
  tool_breakdown: {
    tool: string;
    calls: number;
    errors: number;
    error_rate: string;
    timed_calls: number;
    avg_latency_ms: number | null;
    p50_latency_ms: number | null;
    p95_latency_ms: number | null;
    p99_latency_ms: number | null;
    side_effects: Tallies;
    callers: Ranking;
  }[] | null;
}

export interface ErrorsReport extends Head {
  total_errors: number;
  total_events: number;
  error_rate: string;
  error_types: Tallies;
  most_common_errors: Ranking;
  most_common_patterns: { pattern: string; count: number; error_types: Ranking; agents: Ranking; tools: Ranking; first_seen: string; last_seen: string }[] | null;
  without_text: number;
  errors_by_agent: Tallies;
  errors_by_tool: { tool: string; errors: number; messages: Ranking }[] | null;
  type_details: { type: string; count: number; share: string; first_seen: string; last_seen: string }[] | null;
  first_seen: string | null;
  last_seen: string | null;
  suggested_actions: string[] | null;
}

export interface Spender {
  name: string;
  model_calls: number;
  cost_usd: number | null;
  unpriced_calls: number;
  tokens: Tokens;
}

export interface CostReport extends Head {
  repriced: boolean;
  prices: string;
  model_calls: number;
  cost_usd: number | null;
  reported_usd: number | null;
  priced_usd: number | null;
  reported_calls: number;
  priced_calls: number;
  unpriced_calls: number;
  tokens: Tokens;
  by_model: (Spender & { model: string; provider: string })[] | null;
  by_agent: Spender[] | null;
  by_task: Spender[] | null;
  by_session: Spender[] | null;
  by_user: Spender[] | null;
  by_tool: Spender[] | null;
  by_day: Spender[] | null;
  unpriced: (Spender & { model: string; provider: string })[] | null;
  budgets: Record<string, unknown>[] | null;
}

/** zoneName is the reader's zone as the server reads it. */
export const zoneName = (zone: Zone): string => (zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");

/** reportURL is where a report is in a format. */
export function reportURL(type: string, period: Period, zone: Zone, format: string, more: Record<string, string> = {}): string {
  const p = new URLSearchParams({ ...asked(period), tz: zoneName(zone), ...more });
  if (format !== "json") p.set("format", format);
  return `/v1/reports/${encodeURIComponent(type)}?${p.toString()}`;
}

/** useReport asks for a report of a period, in JSON. */
export function useReport<T>(type: string, period: Period, more: Record<string, string> = {}, enabled = true) {
  const { zone } = useSettings();
  return useQuery({
    queryKey: ["report", type, period, zone, more],
    queryFn: ({ signal }) => plain<T>("GET", reportURL(type, period, zone, "json", more), undefined, signal),
    enabled,
  });
}
