import { Link } from "wouter";

import { useGroups } from "../api/groups";
import { useReport, type Tallies, type ToolsReport } from "../api/reports";
import { errorSearch } from "../api/words";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { Figure, Figures } from "../parts/Figure";
import { compact, count, dollars } from "../parts/figures";
import { figures } from "../parts/Groups";
import { Go, Page, Panel } from "../parts/Page";
import { Ranked } from "../parts/Ranked";
import { Nothing } from "../parts/states";
import { term } from "../search/edit";
import { decoded, href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";

interface AgentReport {
  total_events: number;
  total_errors: number;
  error_rate: string;
  by_type: Tallies;
  error_types: Tallies;
  tools: ToolsReport["tool_breakdown"];
}

/** Agent is what one agent did in the period. */
export default function Agent({ params }: { params: { id?: string } }) {
  const id = decoded(params.id);
  const [period] = usePeriod();
  const q = term("agent_name", id);
  const report = useReport<AgentReport>("agent", period, { subject: id });
  const traces = useGroups("trace_id", q, period, 25);
  const own = useGroups("agent_name", q, period, 1);
  const g = own.data?.pages[0]?.items[0];
  const search = (more: string) => href("/search", { q: `${q} ${more}`.trim() });
  const ranked = (of: Tallies | undefined, field: string, none: string) =>
    Object.entries(of ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 8).map(([name, n]) => ({ name: name.replace(/^agent\./, "") || none, n, href: search(name ? term(field, name) : `-has:${field} (${errorSearch})`), bad: field === "error_type" }));
  return (
    <Page title={`Agent ${id}`} actions={<>
      <Go to={href("/live", { q })}>Live</Go>
      <Go to={search("")}>In Search</Go>
      <Go to={href("/reports", { report: "agent", subject: id })}>As a report</Go>
    </>}>
      <Await query={report} what="report on the agent">
        {(r) => (r.total_events === 0 ? <Nothing title="Nothing of this agent in this period">Widen the period, or see <Link href={href("/agents")}>which agents were active</Link>.</Nothing> : (
          <div className="h-grid">
            <Figures>
              <Figure name="Events" value={compact(r.total_events)} href={search("")} note={`${count(r.total_errors)} errors`} />
              <Figure name="Error rate" value={r.error_rate} href={search(`(${errorSearch})`)} />
              <Figure name="Traces" value={g ? count(g.traces) : "…"} href={href("/traces", { q })} />
              <Figure name="Handoffs" value={g ? count(g.handoffs) : "…"} href={search("type:handoff")} />
              <Figure name="Human interventions" value={g ? count(g.interventions) : "…"} href={search("type:human_intervention")} />
              <Figure name="Tokens" value={g ? compact(g.token_count) : "…"} />
              <Figure name="Cost" value={g ? dollars(g.cost_usd === null ? null : Number(g.cost_usd)) : "…"} note={g && g.unpriced_calls > 0 ? `${count(g.unpriced_calls)} unpriced` : "as its events state it"} />
            </Figures>
            <div className="h-grid" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(min(16rem, 100%), 1fr))" }}>
              <Panel title="What it did"><Ranked items={ranked(r.by_type, "event_type", "no type")} empty="No events." /></Panel>
              <Panel title="What went wrong"><Ranked items={ranked(r.error_types, "error_type", "no type named")} empty="No errors." /></Panel>
            </div>
            <Panel title="Tools that it called" aside={<span className="h-muted">latency of calls whose duration is known</span>}>
              {(r.tools ?? []).length === 0 ? <p className="h-muted" style={{ margin: 0 }}>It called none.</p> : (
                <DataTable
                  rows={r.tools!} label="Tools" keyOf={(t) => t.tool} first={{ key: "calls", down: true }}
                  columns={[
                    { key: "tool", name: "Tool", value: (t) => t.tool, cell: (t) => <Link href={search(term("tool_name", t.tool))}><Inert text={t.tool || "(no name)"} /></Link> },
                    { key: "calls", name: "Calls", num: true, value: (t) => t.calls, cell: (t) => count(t.calls) },
                    { key: "errors", name: "Erred", num: true, value: (t) => t.errors, cell: (t) => (t.errors ? <span className="h-mark h-mark-error">{count(t.errors)}</span> : "0") },
                    { key: "rate", name: "Error rate", num: true, value: (t) => (t.calls ? t.errors / t.calls : 0), cell: (t) => t.error_rate },
                    { key: "p50", name: "p50", num: true, value: (t) => t.p50_latency_ms, cell: (t) => duration(t.p50_latency_ms) || <span className="h-muted">unknown</span> },
                    { key: "p95", name: "p95", num: true, value: (t) => t.p95_latency_ms, cell: (t) => duration(t.p95_latency_ms) || <span className="h-muted">unknown</span> },
                    { key: "effects", name: "Side effects", cell: (t) => Object.entries(t.side_effects ?? {}).map(([k, n]) => `${k || "not said"} ${count(n)}`).join(", ") },
                  ]}
                />
              )}
            </Panel>
            <Panel title="Last traces" aside={<Link href={href("/traces", { q })}>all</Link>}>
              <Await query={traces} what="traces">
                {(d) => (
                  <DataTable
                    rows={d.pages.flatMap((p) => p.items)} label="Traces of the agent" keyOf={(t) => t.id} first={{ key: "end", down: true }}
                    columns={[
                      { key: "id", name: "Trace", value: (t) => t.id, cell: (t) => <Link href={href(`/traces/${encodeURIComponent(t.id)}`)}><Inert text={t.id} /></Link> },
                      figures.last, figures.took, { ...figures.events, name: "Its events" }, figures.errors, figures.calls, figures.tokens, figures.cost,
                    ]}
                  />
                )}
              </Await>
            </Panel>
          </div>
        ))}
      </Await>
    </Page>
  );
}
