import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";

import { detailsOf, erred, traceOf, type Entry } from "../api/entry";
import { events } from "../api/search";
import { Await } from "../parts/Await";
import { EntryDrawer } from "../parts/EntryPanel";
import { Figure } from "../parts/Figure";
import { count, dollars } from "../parts/figures";
import { KindMark, StatusMark } from "../parts/Marks";
import { Page } from "../parts/Page";
import { Nothing } from "../parts/states";
import { term } from "../search/edit";
import { href, useFragment } from "../state/fragment";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import { When } from "../time/When";

/** limit is how many events of a session are shown here; search shows all. */
const limit = 2000;

/** Session is what happened in one conversation, in order. */
export default function Session({ params }: { params: { id?: string } }) {
  const id = decoded(params.id);
  const f = useFragment();
  const [plumbing, setPlumbing] = useState(false);
  const q = term("session_id", id);
  const got = useQuery({ queryKey: ["session", id], queryFn: ({ signal }) => events({ q, period: { since: "all", until: "" } }, { limit, order: "oldest" }, signal) });
  return (
    <Page
      title={`Session ${id}`}
      actions={<>
        <button type="button" aria-pressed={plumbing} onClick={() => setPlumbing(!plumbing)}>{plumbing ? "Hide" : "Show"} plumbing</button>
        <Link href={href("/search", { q, since: "all", until: null })}>in Search</Link>
      </>}
    >
      <Await query={got} what="session">
        {(page) => {
          const list = page.events;
          if (list.length === 0) return <Nothing title="No event has this session id">It may have expired, or the id may be of a task or a trace: Ctrl-K opens those.</Nothing>;
          const shown = plumbing ? list : list.filter((e) => !isPlumbing(e));
          return (
            <>
              <Figures list={list} />
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

const decoded = (s: string | undefined) => {
  try {
    return decodeURIComponent(s ?? "");
  } catch {
    return s ?? "";
  }
};

/** isPlumbing tells what moves nothing on: token counts, and model calls whose outcome other events show. */
const isPlumbing = (e: Entry) => (e.event_type === "agent.token_usage" || e.event_type === "agent.llm_response") && !erred(e);

function Figures({ list }: { list: Entry[] }) {
  const first = list[0]!;
  const last = list[list.length - 1]!;
  const cost = list.map((e) => e.cost_usd).filter((c) => c !== undefined);
  const agents = new Set(list.map((e) => e.agent_name).filter(Boolean));
  const traces = new Set(list.map(traceOf));
  return (
    <div className="h-grid" style={{ gridTemplateColumns: "repeat(auto-fill, minmax(9rem, 1fr))", marginBottom: "0.8rem" }}>
      <Figure name="Began" value={<span style={{ fontSize: "0.95rem" }}><When at={first.timestamp} /></span>} note={`lasted ${duration(Date.parse(last.timestamp) - Date.parse(first.timestamp))}`} />
      <Figure name="Events" value={count(list.length)} note={`${count(list.filter(erred).length)} errors`} />
      <Figure name="Agents" value={count(agents.size)} note={<Inert text={[...agents].slice(0, 4).join(", ")} />} />
      <Figure name="Traces" value={count(traces.size)} href={traces.size === 1 ? href(`/traces/${encodeURIComponent([...traces][0]!)}`) : undefined} note={traces.size === 1 ? "open it" : undefined} />
      <Figure name="Cost on its events" value={cost.length ? dollars(cost.reduce((a, b) => a + b, 0)) : "unpriced"} note="as events state it" />
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
