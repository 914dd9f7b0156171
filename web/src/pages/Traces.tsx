import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { facets } from "../api/search";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { count } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { Nothing } from "../parts/states";
import { href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";

export default function Traces() {
  const [period] = usePeriod();
  const got = useQuery({ queryKey: ["facets", "traces", period], queryFn: ({ signal }) => facets({ q: "", period }, ["trace_id"], 100, signal) });
  return (
    <Page title="Traces" actions={<OpenById />}>
      <Await query={got} what="traces">
        {(f) => {
          const list = f.facets[0]?.values ?? [];
          if (list.length === 0) return <Nothing title="No trace in this period">Widen the period, or open one by its id.</Nothing>;
          return (
            <Panel title={`${count(f.facets[0]!.distinct)} traces`} aside={<span className="h-muted">{f.facets[0]!.distinct > list.length ? `the ${count(list.length)} with most events` : ""}</span>}>
              <DataTable
                rows={list} label="Traces" keyOf={(t) => t.value} first={{ key: "events", down: true }}
                columns={[
                  { key: "id", name: "Trace", value: (t) => t.value, cell: (t) => <Link href={href(`/traces/${encodeURIComponent(t.value)}`)}><Inert text={t.value} /></Link> },
                  { key: "events", name: "Events", num: true, value: (t) => t.count, cell: (t) => count(t.count) },
                  { key: "errors", name: "Errors", num: true, value: (t) => t.errors, cell: (t) => (t.errors ? <span className="h-mark h-mark-error">{count(t.errors)}</span> : "0") },
                  { key: "search", name: "", cell: (t) => <Link href={href("/search", { q: t.search })}>events</Link> },
                ]}
              />
            </Panel>
          );
        }}
      </Await>
    </Page>
  );
}

function OpenById() {
  const [id, setId] = useState("");
  const [, go] = useLocation();
  return (
    <form style={{ display: "flex", gap: 6 }} onSubmit={(e) => { e.preventDefault(); if (id.trim()) go(href(`/traces/${encodeURIComponent(id.trim())}`)); }}>
      <TextInput size="xs" aria-label="Id of a trace, a task or an event" placeholder="Trace, task or event id" value={id} onChange={(e) => setId(e.currentTarget.value)} />
      <Button size="xs" type="submit">Open</Button>
    </form>
  );
}
