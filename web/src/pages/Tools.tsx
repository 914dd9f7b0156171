import { Link } from "wouter";

import { useReport, type ToolsReport } from "../api/reports";
import { Await } from "../parts/Await";
import { DataTable, type DataColumn } from "../parts/DataTable";
import { Figure, Figures } from "../parts/Figure";
import { count } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { Nothing } from "../parts/states";
import { term } from "../search/edit";
import { href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";

type Tool = NonNullable<ToolsReport["tool_breakdown"]>[number];

const latency = (key: "avg_latency_ms" | "p50_latency_ms" | "p95_latency_ms" | "p99_latency_ms", name: string): DataColumn<Tool> => ({
  key, name, num: true, value: (t) => t[key], cell: (t) => (t[key] === null ? <span className="h-muted">unknown</span> : duration(t[key])),
});

const columns: DataColumn<Tool>[] = [
  { key: "tool", name: "Tool", value: (t) => t.tool, cell: (t) => <Link href={href("/search", { q: t.tool ? term("tool_name", t.tool) : "type:tool_call -has:tool_name" })}><Inert text={t.tool || "(no name)"} /></Link> },
  { key: "calls", name: "Calls", num: true, value: (t) => t.calls, cell: (t) => count(t.calls) },
  { key: "errors", name: "Erred", num: true, value: (t) => t.errors, cell: (t) => t.errors === 0 ? "0" : <Link href={href("/search", { q: `${term("tool_name", t.tool)} status:(error OR timeout)` })}>{count(t.errors)}</Link> },
  { key: "rate", name: "Error rate", num: true, value: (t) => (t.calls ? t.errors / t.calls : 0), cell: (t) => <span className={t.calls && t.errors / t.calls > 0.1 ? "h-mark h-mark-error" : ""}>{t.error_rate}</span> },
  latency("avg_latency_ms", "Average"), latency("p50_latency_ms", "p50"), latency("p95_latency_ms", "p95"), latency("p99_latency_ms", "p99"),
  { key: "effects", name: "Side effects", cell: (t) => Object.entries(t.side_effects ?? {}).map(([k, n]) => `${k || "not said"} ${count(n)}`).join(", ") },
  { key: "callers", name: "Callers", cell: (t) => <Inert text={(t.callers ?? []).map(([a, n]) => `${a} ${count(n)}`).join(", ")} /> },
];

export default function Tools() {
  const [period] = usePeriod();
  const got = useReport<ToolsReport>("tools", period);
  return (
    <Page title="Tools">
      <Await query={got} what="report on tools">
        {(r) => (r.total_tool_calls === 0 ? <Nothing title="No tool was called in this period">Widen the period.</Nothing> : (
          <div className="h-grid">
            <Figures>
              <Figure name="Tool calls" value={count(r.total_tool_calls)} href={href("/search", { q: "type:tool_call" })} />
              <Figure name="Erred" value={count(r.tool_call_errors)} note={`${r.error_rate} of the calls; each call once`} />
              <Figure name="Tools" value={count(r.tool_breakdown?.length ?? 0)} />
            </Figures>
            <Panel title="By tool" aside={<span className="h-muted">latency of calls whose duration is known</span>}>
              <DataTable rows={r.tool_breakdown ?? []} columns={columns} label="Tools" keyOf={(t) => t.tool} />
            </Panel>
          </div>
        ))}
      </Await>
    </Page>
  );
}
