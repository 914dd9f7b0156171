import { Link } from "wouter";

import { figures, GroupList } from "../parts/Groups";
import { Page } from "../parts/Page";
import { href } from "../state/fragment";
import { Inert } from "../text/Inert";

/** Users lists for whom agents worked: persons by their pseudonyms. */
export default function Users() {
  return (
    <Page title="Users" note="persons are on record by pseudonyms; search for user: and their address to find one">
      <GroupList
        by="user_id" many="users" empty="No event names a user. Widen the period to see older ones."
        name={(g) => <Link href={href("/search", { q: g.search })}><Inert text={g.id} /></Link>}
        columns={[figures.last, figures.events, figures.errors, figures.sessions, figures.traces, figures.agents, figures.humans, figures.tokens, figures.cost]}
      />
    </Page>
  );
}
