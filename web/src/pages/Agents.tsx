import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { useReport, type CostReport } from "../api/reports";
import { facets } from "../api/search";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { compact, count, dollars, percent } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { Nothing } from "../parts/states";
import { href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";

export default function Agents() {
  const [period] = usePeriod();
  const agents = useQuery({ queryKey: ["facets", "agents", period], queryFn: ({ signal }) => facets({ q: "", period }, ["agent_name"], 200, signal) });
  const cost = useReport<CostReport>("cost", period);
  const spent = new Map((cost.data?.by_agent ?? []).map((s) => [s.name, s]));
  return (
    <Page title="Agents">
      <Await query={agents} what="agents">
        {(f) => {
          const list = f.facets[0]?.values ?? [];
          const distinct = f.facets[0]?.distinct ?? 0;
          if (list.length === 0) return <Nothing title="No agent was active in this period">Widen the period.</Nothing>;
          return (
            <Panel title={`${count(distinct)} agents`} aside={<span className="h-muted">{distinct > list.length ? `the ${count(list.length)} most active` : "in this period"}</span>}>
              <DataTable
                rows={list} label="Agents" keyOf={(a) => a.value} first={{ key: "events", down: true }}
                columns={[
                  { key: "name", name: "Agent", value: (a) => a.value, cell: (a) => <Link href={href("/search", { q: a.search })}><Inert text={a.value} /></Link> },
                  { key: "events", name: "Events", num: true, value: (a) => a.count, cell: (a) => count(a.count) },
                  { key: "errors", name: "Errors", num: true, value: (a) => a.errors, cell: (a) => (a.errors ? <Link href={href("/search", { q: `${a.search} status:(error OR timeout)` })}>{count(a.errors)}</Link> : "0") },
                  { key: "rate", name: "Error rate", num: true, value: (a) => a.errors / Math.max(1, a.count), cell: (a) => percent(a.errors, a.count) },
                  { key: "calls", name: "Model calls", num: true, value: (a) => spent.get(a.value)?.model_calls, cell: (a) => (cost.data ? count(spent.get(a.value)?.model_calls ?? 0) : "…") },
                  { key: "tokens", name: "Tokens", num: true, value: (a) => spent.get(a.value)?.tokens.token_count, cell: (a) => (spent.has(a.value) ? compact(spent.get(a.value)!.tokens.token_count) : "") },
                  { key: "cost", name: "Cost", num: true, value: (a) => spent.get(a.value)?.cost_usd, cell: (a) => (spent.has(a.value) ? dollars(spent.get(a.value)!.cost_usd) : "") },
                  { key: "handoffs", name: "", cell: (a) => <Link href={href("/search", { q: `${a.search} type:handoff` })}>handoffs</Link> },
                  { key: "live", name: "", cell: (a) => <Link href={href("/live", { q: a.search })}>live</Link> },
                ]}
              />
            </Panel>
          );
        }}
      </Await>
    </Page>
  );
}
