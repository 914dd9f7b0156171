import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { errorSearch } from "../api/words";
import { facets } from "../api/search";
import { figures, GroupList } from "../parts/Groups";
import { count } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";

/** Incidents lists the traces that went wrong, each with its incident report. */
export default function Incidents() {
  const [period] = usePeriod();
  const security = useQuery({ queryKey: ["facets", "security", period], queryFn: ({ signal }) => facets({ q: "type:security", period }, ["trace_id"], 20, signal) });
  const suspected = security.data?.facets[0]?.values ?? [];
  return (
    <Page title="Incidents" note="traces with errors; each opens its incident report">
      {suspected.length > 0 && (
        <div style={{ marginBottom: "0.8rem" }}>
          <Panel title={`Security findings in ${count(security.data!.facets[0]!.distinct)} traces`} aside={<Link href={href("/search", { q: "type:security" })}>all findings</Link>}>
            <ul className="h-chips">{suspected.map((t) => <li key={t.value}><Link href={href(`/incidents/${encodeURIComponent(t.value)}`)}><Inert text={t.value} /></Link> <span className="h-mark h-mark-security">{count(t.count)}</span></li>)}</ul>
          </Panel>
        </div>
      )}
      <GroupList
        by="trace_id" many="traces" within={`(${errorSearch})`} empty="No trace went wrong. Any trace can be looked into: open it and choose its incident report."
        name={(g) => <Link href={href(`/incidents/${encodeURIComponent(g.id)}`)}><Inert text={g.id} /></Link>}
        columns={[
          figures.last, { ...figures.errors, value: (g) => g.events, cell: (g) => count(g.events) }, { ...figures.agents, name: "Agents that erred" },
          { key: "trace", name: "", cell: (g) => <Link href={href(`/traces/${encodeURIComponent(g.id)}`)}>trace</Link> },
        ]}
      />
    </Page>
  );
}
