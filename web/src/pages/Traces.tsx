import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { figures, GroupList } from "../parts/Groups";
import { Page } from "../parts/Page";
import { href } from "../state/fragment";
import { Inert } from "../text/Inert";

export default function Traces() {
  return (
    <Page title="Traces" actions={<OpenById />}>
      <GroupList
        by="trace_id" many="traces" empty="Widen the period, or open one by its id."
        name={(g) => <Link href={href(`/traces/${encodeURIComponent(g.id)}`)}><Inert text={g.id} /></Link>}
        columns={[figures.last, figures.took, figures.events, figures.errors, figures.agents, figures.calls, figures.tokens, figures.cost]}
      />
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
