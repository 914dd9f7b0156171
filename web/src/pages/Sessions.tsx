import { Link } from "wouter";

import { figures, GroupList } from "../parts/Groups";
import { Page } from "../parts/Page";
import { href } from "../state/fragment";
import { Inert } from "../text/Inert";

export default function Sessions() {
  return (
    <Page title="Sessions">
      <GroupList
        by="session_id" many="sessions" empty="Events without a session id are in Search. Widen the period to see older ones."
        name={(g) => <Link href={href(`/sessions/${encodeURIComponent(g.id)}`)}><Inert text={g.id} /></Link>}
        columns={[figures.last, figures.took, figures.events, figures.errors, figures.agents, figures.calls, figures.humans, figures.tokens, figures.cost]}
      />
    </Page>
  );
}
