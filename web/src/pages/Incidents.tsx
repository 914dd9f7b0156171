import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { facets } from "../api/search";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { count } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { Nothing } from "../parts/states";
import { href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";
import { errorSearch } from "../api/words";

export default function Incidents() {
  const [period] = usePeriod();
  const got = useQuery({ queryKey: ["facets", "incidents", period], queryFn: ({ signal }) => facets({ q: errorSearch, period }, ["trace_id"], 100, signal) });
  const security = useQuery({ queryKey: ["facets", "security", period], queryFn: ({ signal }) => facets({ q: "type:security", period }, ["trace_id"], 20, signal) });
  const suspected = security.data?.facets[0]?.values ?? [];
  return (
    <Page title="Incidents">
      <Await query={got} what="incidents">
        {(f) => {
          const list = f.facets[0]?.values ?? [];
          if (list.length === 0 && suspected.length === 0) return <Nothing title="No trace went wrong in this period">Any trace can be looked into: open it and choose its incident report.</Nothing>;
          return (
            <div className="h-grid">
              {suspected.length > 0 && (
                <Panel title="Security findings" aside={<Link href={href("/search", { q: "type:security" })}>all</Link>}>
                  <ul className="h-evidence">{suspected.map((t) => <li key={t.value}><Link href={href(`/traces/${encodeURIComponent(t.value)}`)}><Inert text={t.value} /></Link> <span className="h-mark h-mark-security">{count(t.count)}</span></li>)}</ul>
                </Panel>
              )}
              <Panel title={`${count(f.facets[0]?.distinct ?? 0)} traces with errors`} aside={<span className="h-muted">most errors first</span>}>
                <DataTable
                  rows={list} label="Traces with errors" keyOf={(t) => t.value} first={{ key: "errors", down: true }}
                  columns={[
                    { key: "id", name: "Trace", value: (t) => t.value, cell: (t) => <Link href={href(`/incidents/${encodeURIComponent(t.value)}`)}><Inert text={t.value} /></Link> },
                    { key: "errors", name: "Errors", num: true, value: (t) => t.count, cell: (t) => count(t.count) },
                    { key: "trace", name: "", cell: (t) => <Link href={href(`/traces/${encodeURIComponent(t.value)}`)}>trace</Link> },
                  ]}
                />
              </Panel>
            </div>
          );
        }}
      </Await>
    </Page>
  );
}
