import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { detailsOf, erred, type Entry } from "../api/entry";
import { useGroups, type Group } from "../api/groups";
import { events } from "../api/search";
import { Await } from "../parts/Await";
import { EntryDrawer } from "../parts/EntryPanel";
import { Figure, Figures } from "../parts/Figure";
import { compact, count, dollars } from "../parts/figures";
import { KindMark, StatusMark } from "../parts/Marks";
import { Go, Page } from "../parts/Page";
import { Nothing } from "../parts/states";
import { term } from "../search/edit";
import { decoded, href, useFragment } from "../state/fragment";
import type { Period } from "../state/period";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import { When } from "../time/When";

/** limit is how many events of a session are shown here; search shows all. */
const limit = 2000;

const everything: Period = { since: "all", until: "" };

/** Session is what happened in one conversation, in order. */
export default function Session({ params }: { params: { id?: string } }) {
  const id = decoded(params.id);
  const f = useFragment();
  const [plumbing, setPlumbing] = useState(false);
  const q = term("session_id", id);
  const got = useQuery({ queryKey: ["session", id], queryFn: ({ signal }) => events({ q, period: everything }, { limit, order: "oldest" }, signal) });
  const g = useGroups("session_id", q, everything, 1).data?.pages[0]?.items[0];
  return (
    <Page
      title={`Session ${id}`}
      actions={<>
        <Button size="compact-sm" variant={plumbing ? "filled" : "default"} aria-pressed={plumbing} onClick={() => setPlumbing(!plumbing)}>All steps</Button>
        <Go to={href("/search", { q, since: "all", until: null })}>In Search</Go>
      </>}
    >
      <Await query={got} what="session">
        {(page) => {
          const list = page.events;
          if (list.length === 0) return <Nothing title="No event has this session id">It may have expired, or the id may be of a task or a trace: Ctrl-K opens those.</Nothing>;
          const shown = plumbing ? list : list.filter((e) => !isPlumbing(e));
          return (
            <>
              {g && <Totals g={g} />}
              <ol className="h-story">
                {shown.map((e, i) => (
                  <Step key={e.event_id} e={e} before={shown[i - 1]} open={() => f.set({ event: e.event_id })} />
                ))}
              </ol>
              {page.next_cursor && <p className="h-muted">The first {count(limit)} events; Search has all.</p>}
              {!plumbing && shown.length < list.length && <p className="h-muted">{count(list.length - shown.length)} model calls and token counts are not shown.</p>}
              <EntryDrawer id={f.get("event")} entry={list.find((e) => e.event_id === f.get("event"))} close={() => f.set({ event: null })} />
            </>
          );
        }}
      </Await>
    </Page>
  );
}

/** isPlumbing tells what moves nothing on: token counts, and model calls whose outcome other events show. */
const isPlumbing = (e: Entry) => (e.event_type === "agent.token_usage" || e.event_type === "agent.llm_response") && !erred(e);

/** Totals are what the whole session came to, however much of it the page shows. */
function Totals({ g }: { g: Group }) {
  const agents = g.agents ?? [];
  return (
    <div style={{ marginBottom: "0.8rem" }}>
      <Figures>
        <Figure name="Began" value={<span style={{ fontSize: "0.95rem" }}><When at={g.start} /></span>} note={`lasted ${duration(Number(g.duration_ms))}`} />
        <Figure name="Events" value={count(g.events)} note={`${count(g.errors)} errors`} />
        <Figure name="Agents" value={count(agents.length)} note={<Inert text={agents.slice(0, 4).join(", ")} />} />
        <Figure name="Traces" value={count(g.traces)} href={href("/traces", { q: g.search, since: "all", until: null })} />
        <Figure name="Human interventions" value={count(g.interventions)} href={href("/search", { q: `${g.search} type:human_intervention`, since: "all", until: null })} />
        <Figure name="Tokens" value={g.token_count === null ? "unknown" : compact(g.token_count)} />
        <Figure name="Cost" value={g.cost_usd === null ? "unpriced" : dollars(Number(g.cost_usd))} note={g.unpriced_calls > 0 ? `${count(g.unpriced_calls)} calls unpriced` : "as its events state it"} />
      </Figures>
    </div>
  );
}

function Step({ e, before, open }: { e: Entry; before?: Entry; open: () => void }) {
  const gap = before ? Date.parse(e.timestamp) - Date.parse(before.timestamp) : 0;
  return (
    <li className={`h-step ${erred(e) ? "h-step-error" : ""} ${e.source === "user" ? "h-step-user" : ""}`}>
      {gap > 30_000 && <div className="h-step-gap">{duration(gap)} later</div>}
      <div className="h-step-head">
        <When at={e.timestamp} brief />
        <strong><Inert text={e.source === "user" ? "user" : e.agent_name || "?"} /></strong>
        <KindMark entry={e} />
        <StatusMark status={e.status} />
        {e.duration_ms !== undefined && <span className="h-muted">{duration(e.duration_ms)}</span>}
        <button type="button" onClick={open} aria-label={`Details of ${e.event_type}`}>details</button>
      </div>
      <div className="h-step-body">{body(e)}</div>
    </li>
  );
}

/** body is what was said, as far as it is short; the details have all. */
function body(e: Entry): ReactNode {
  const say = e.error || e.reasoning || e.context_summary || e.comment;
  const task = (e.params as Record<string, unknown> | undefined)?.["task"];
  if (typeof task === "string") return <Inert text={task.slice(0, 600)} />;
  if (say) return <><Inert text={detailsOf(e).slice(0, 200)} />{say !== detailsOf(e) && <div className="h-muted"><Inert text={say.slice(0, 600)} /></div>}</>;
  return <Inert text={detailsOf(e).slice(0, 400)} />;
}
