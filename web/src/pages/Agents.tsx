import { Link } from "wouter";

import { figures, GroupList } from "../parts/Groups";
import { percent } from "../parts/figures";
import { Page } from "../parts/Page";
import { href } from "../state/fragment";
import { Inert } from "../text/Inert";

export default function Agents() {
  return (
    <Page title="Agents">
      <GroupList
        by="agent_name" many="agents" empty="No agent was active. Widen the period."
        name={(g) => <Link href={href(`/agents/${encodeURIComponent(g.id)}`)}><Inert text={g.id} /></Link>}
        columns={[
          figures.last, figures.events, figures.errors,
          { key: "rate", name: "Error rate", num: true, value: (g) => g.errors / Math.max(1, g.events), cell: (g) => percent(g.errors, g.events) },
          figures.traces, figures.calls, figures.handoffs, figures.humans, figures.tokens, figures.cost,
        ]}
      />
    </Page>
  );
}
