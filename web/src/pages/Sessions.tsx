import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { facets } from "../api/search";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { count, percent } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { Nothing } from "../parts/states";
import { href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";

export default function Sessions() {
  const [period] = usePeriod();
  const got = useQuery({ queryKey: ["facets", "sessions", period], queryFn: ({ signal }) => facets({ q: "", period }, ["session_id"], 100, signal) });
  return (
    <Page title="Sessions">
      <Await query={got} what="sessions">
        {(f) => {
          const s = f.facets[0];
          if (!s || s.values.length === 0) return <Nothing title="No session in this period">Events without a session id are in Search. Widen the period to see older ones.</Nothing>;
          return (
            <Panel title={`${count(s.distinct)} sessions`} aside={<span className="h-muted">{s.distinct > s.values.length ? `the ${count(s.values.length)} with most events` : ""}</span>}>
              <DataTable
                rows={s.values} label="Sessions" keyOf={(x) => x.value} first={{ key: "events", down: true }}
                columns={[
                  { key: "id", name: "Session", value: (x) => x.value, cell: (x) => <Link href={href(`/sessions/${encodeURIComponent(x.value)}`)}><Inert text={x.value} /></Link> },
                  { key: "events", name: "Events", num: true, value: (x) => x.count, cell: (x) => count(x.count) },
                  { key: "errors", name: "Errors", num: true, value: (x) => x.errors, cell: (x) => (x.errors ? <span className="h-mark h-mark-error">{count(x.errors)}</span> : "0") },
                  { key: "rate", name: "Error rate", num: true, value: (x) => x.errors / Math.max(1, x.count), cell: (x) => percent(x.errors, x.count) },
                  { key: "search", name: "", cell: (x) => <Link href={href("/search", { q: x.search })}>events</Link> },
                ]}
              />
            </Panel>
          );
        }}
      </Await>
    </Page>
  );
}
