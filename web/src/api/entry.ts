/** Entry is one entry of the record, with the names of the event's fields. */
export interface Entry {
  event_id: string;
  event_type: string;
  timestamp: string;
  agent_name?: string;
  agent_id?: string;
  agent_version?: string;
  task_id?: string;
  session_id?: string;
  user_id?: string;
  trace_id?: string;
  span_id?: string;
  parent_event_id?: string;
  service?: string;
  environment?: string;
  tags?: string[];
  action?: string;
  tool_name?: string;
  tool_call_id?: string;
  side_effect?: string;
  params?: unknown;
  result?: unknown;
  duration_ms?: number;
  status?: string;
  reasoning?: string;
  decision?: string;
  alternatives?: unknown;
  confidence?: number;
  source?: string;
  actor?: { type?: string; id?: string; role?: string };
  on_behalf_of?: string[];
  provenance?: string;
  intervention?: string;
  approval_id?: string;
  approver?: string;
  policy_id?: string;
  handoff_from?: string;
  handoff_to?: string;
  context_summary?: string;
  model?: string;
  provider?: string;
  input_tokens?: number;
  output_tokens?: number;
  cache_read_tokens?: number;
  cache_write_tokens?: number;
  reasoning_tokens?: number;
  token_count?: number;
  cost_usd?: number;
  cost_source?: string;
  error?: string;
  error_type?: string;
  stack_trace?: string;
  recovery_action?: string;
  attempt?: number;
  rating?: number;
  correction?: string;
  comment?: string;
  follow_up?: string;
  resources?: { kind?: string; id?: string; operation?: string; data_class?: string }[];
  messages?: unknown;
  response?: unknown;
  attributes?: Record<string, unknown>;
  position: number;
  received_at: string;
  submitted_by?: string;
  tier: string;
  labels?: string[];
  redactions?: Record<string, number>;
  truncated?: boolean;
  dialect?: string;
  time_source?: string;
  log: string;
  index: number;
  leaf_hash?: string;
}

/** traceOf is the entry's trace: without one its event id is its trace. */
export const traceOf = (e: Entry): string => e.trace_id || e.event_id;

/** erred says whether the entry is an error, by the words of the reports. */
export const erred = (e: Entry): boolean =>
  e.event_type === "agent.error" || e.status === "error" || e.status === "timeout" || !!e.error || !!e.error_type;

/** Weight is what makes a row stand out. */
export type Weight = "security" | "error" | "human" | "";

export function weightOf(e: Entry): Weight {
  if (e.event_type === "agent.security") return "security";
  if (erred(e) || e.status === "denied") return "error";
  if (e.event_type === "agent.human_intervention") return "human";
  return "";
}

/** kindOf is the event type as pages say it. */
export const kindOf = (type: string): string => type.replace(/^agent\./, "").replace(/^human_/, "");

/** cut shortens text, and does not leave half a pseudonym at its end. */
export const cut = (text: string, n: number): string => (text.length <= n ? text : text.slice(0, n).replace(/\s*\bpii:[\w:]*$/, "") + "…");

const size = (v: unknown): string => {
  const n = new TextEncoder().encode(JSON.stringify(v) ?? "").length;
  return n < 1024 ? `${n} bytes` : `${(n / 1024).toFixed(1)} KiB`;
};

/** detailsOf says in a line what happened, as timelines do. */
export function detailsOf(e: Entry): string {
  const name = e.tool_name ?? "";
  const bad = e.error || e.error_type;
  switch (e.event_type) {
    case "agent.invocation": {
      const task = (e.params as Record<string, unknown> | undefined)?.["task"];
      return typeof task === "string" ? `Task received: ${cut(task, 100)}` : (e.action ?? "Task received");
    }
    case "agent.tool_call": {
      const n = e.params && typeof e.params === "object" ? Object.keys(e.params).length : 0;
      return `Called tool '${name}' with ${n} params`;
    }
    case "agent.tool_result":
      return `${name} returned ${bad || (e.result === undefined ? (e.status ?? "nothing") : size(e.result))}`;
    case "agent.decision":
      return `Decision: ${e.decision ?? e.action ?? ""}${e.confidence === undefined ? "" : ` (confidence: ${Math.round(e.confidence * 100)}%)`}`;
    case "agent.error":
      return `Error: ${bad ?? e.action ?? ""}`;
    case "agent.handoff":
      return `Handoff to ${e.handoff_to || "unknown"}`;
    case "agent.human_intervention":
      return `${e.intervention ?? "intervention"} by ${e.approver || e.actor?.id || "unknown"}`;
    case "agent.token_usage":
      return `${e.input_tokens ?? "?"} in, ${e.output_tokens ?? "?"} out${e.cost_usd === undefined ? ", unpriced" : `, $${e.cost_usd}`}`;
    case "agent.reasoning":
      return e.reasoning ?? e.action ?? "";
    case "agent.feedback":
      return [e.rating === undefined ? "" : `Rated ${e.rating}`, e.comment ?? ""].filter(Boolean).join(": ") || (e.action ?? "");
  }
  return bad ? `Error: ${bad}` : (e.action ?? "");
}
