import { SegmentedControl } from "@mantine/core";
import { Link } from "wouter";

import { useReport, type CostReport, type Spender } from "../api/reports";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { Figure, Figures } from "../parts/Figure";
import { compact, count, dollars } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { Nothing } from "../parts/states";
import { term } from "../search/edit";
import { href, useFragment } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";

const groupings: { value: string; label: string; field: string }[] = [
  { value: "by_agent", label: "Agent", field: "agent_name" },
  { value: "by_model", label: "Model", field: "model" },
  { value: "by_tool", label: "Tool", field: "tool_name" },
  { value: "by_task", label: "Task", field: "task_id" },
  { value: "by_session", label: "Session", field: "session_id" },
  { value: "by_user", label: "User", field: "user_id" },
  { value: "by_day", label: "Day", field: "" },
];

export default function Cost() {
  const [period] = usePeriod();
  const got = useReport<CostReport>("cost", period);
  return (
    <Page title="Cost">
      <Await query={got} what="report on cost">
        {(r) => (r.model_calls === 0 ? <Nothing title="No model was called in this period">Widen the period.</Nothing> : <Report r={r} />)}
      </Await>
    </Page>
  );
}

function Report({ r }: { r: CostReport }) {
  const f = useFragment();
  const by = groupings.find((g) => g.value === f.get("by")) ?? groupings[0]!;
  const rows: Spender[] = by.value === "by_model" ? (r.by_model ?? []).map((m) => ({ ...m, name: m.model })) : ((r as unknown as Record<string, Spender[] | null>)[by.value] ?? []);
  const most = Math.max(...rows.map((s) => s.cost_usd ?? 0), 1e-12);
  const link = (name: string) => (by.field && name ? <Link href={href("/search", { q: term(by.field, name) })}><Inert text={name} /></Link> : <Inert text={name || "(not said)"} />);
  return (
    <div className="h-grid">
      <Figures>
        <Figure name="Cost" value={dollars(r.cost_usd)} note={r.unpriced_calls > 0 ? "a lower bound: some calls are unpriced" : "all calls are priced"} />
        <Figure name="As stated by calls" value={dollars(r.reported_usd)} note={`${count(r.reported_calls)} calls`} />
        <Figure name="By the price table" value={r.priced_calls ? dollars(r.priced_usd) : "—"} note={`${count(r.priced_calls)} calls${r.prices ? `, table ${r.prices.slice(0, 8)}` : ""}`} />
        <Figure name="Unpriced calls" value={count(r.unpriced_calls)} href={href("/search", { q: r.searches["unpriced_calls"] ?? "has:model -has:cost_usd" })} note={`of ${count(r.model_calls)} model calls`} />
        <Figure name="Tokens" value={compact(r.tokens.token_count)} note={`${compact(r.tokens.input_tokens)} in, ${compact(r.tokens.output_tokens)} out`} />
        <Figure name="From the cache" value={compact(r.tokens.cache_read_tokens)} note="tokens read" />
      </Figures>
      <Budgets budgets={r.budgets ?? []} />
      <Panel title="Where it went" aside={<SegmentedControl size="xs" aria-label="Group by" data={groupings.map(({ value, label }) => ({ value, label }))} value={by.value} onChange={(v) => f.set({ by: v === "by_agent" ? null : v })} />}>
        <DataTable
          key={by.value} rows={rows} label={`Cost by ${by.label}`} keyOf={(s) => s.name} first={by.value === "by_day" ? { key: "name", down: false } : { key: "cost", down: true }}
          columns={[
            { key: "name", name: by.label, value: (s) => s.name, cell: (s) => link(s.name) },
            { key: "cost", name: "Cost", num: true, value: (s) => s.cost_usd, cell: (s) => dollars(s.cost_usd) },
            { key: "bar", name: "", cell: (s) => <span className="h-rank-bar" aria-hidden="true" style={{ display: "block", minWidth: "6rem", marginTop: 7 }}><i style={{ width: `${(100 * (s.cost_usd ?? 0)) / most}%` }} /></span> },
            { key: "calls", name: "Model calls", num: true, value: (s) => s.model_calls, cell: (s) => count(s.model_calls) },
            { key: "unpriced", name: "Unpriced", num: true, value: (s) => s.unpriced_calls, cell: (s) => (s.unpriced_calls ? <span className="h-mark h-mark-warn">{count(s.unpriced_calls)}</span> : "0") },
            { key: "in", name: "Tokens in", num: true, value: (s) => s.tokens.input_tokens, cell: (s) => compact(s.tokens.input_tokens) },
            { key: "out", name: "Tokens out", num: true, value: (s) => s.tokens.output_tokens, cell: (s) => compact(s.tokens.output_tokens) },
            { key: "cache", name: "From cache", num: true, value: (s) => s.tokens.cache_read_tokens, cell: (s) => compact(s.tokens.cache_read_tokens) },
          ]}
        />
      </Panel>
      {(r.unpriced ?? []).length > 0 && (
        <Panel title="Models without a price" aside={<span className="h-muted">give them one in the configuration: docs/COST.md</span>}>
          <ul style={{ margin: 0 }}>{r.unpriced!.map((m) => <li key={`${m.provider}/${m.model}`}><Inert text={[m.provider, m.model].filter(Boolean).join(" / ") || "(no model named)"} />: {count(m.unpriced_calls || m.model_calls)} calls, {compact(m.tokens.token_count)} tokens</li>)}</ul>
        </Panel>
      )}
    </div>
  );
}

function Budgets({ budgets }: { budgets: Record<string, unknown>[] }) {
  if (budgets.length === 0) return null;
  const keys = Object.keys(budgets[0]!);
  return (
    <Panel title="Budgets">
      <DataTable<Record<string, unknown>> rows={budgets} label="Budgets" keyOf={(b) => JSON.stringify(b)} columns={keys.map((k) => ({ key: k, name: k.replace(/_/g, " "), value: (b) => b[k] as string | number, cell: (b) => <Inert text={typeof b[k] === "number" && k.endsWith("usd") ? dollars(b[k] as number) : String(b[k] ?? "")} /> }))} />
    </Panel>
  );
}
