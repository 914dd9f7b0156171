import { Link } from "wouter";

import { figures, GroupList } from "../parts/Groups";
import { Page } from "../parts/Page";
import { href } from "../state/fragment";
import { Inert } from "../text/Inert";

/** Tasks lists what agents were asked to do. One opens as its traces do. */
export default function Tasks() {
  return (
    <Page title="Tasks">
      <GroupList
        by="task_id" many="tasks" empty="Events without a task id are in Search. Widen the period to see older ones."
        name={(g) => <Link href={href(`/traces/${encodeURIComponent(g.id)}`)}><Inert text={g.id} /></Link>}
        columns={[figures.last, figures.took, figures.events, figures.errors, figures.agents, figures.calls, figures.traces, figures.tokens, figures.cost]}
      />
    </Page>
  );
}
