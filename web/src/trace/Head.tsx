import type { ReactNode } from "react";
import { Link } from "wouter";

import { compact, count, dollars } from "../parts/figures";
import { href } from "../state/fragment";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import { When } from "../time/When";
import type { Model } from "./model";
import type { Incident, Timeline } from "./timeline";

/** Head is what is said of the trace before any view of it. */
export function Head({ timeline: t }: { timeline: Timeline }) {
  const figures: [string, ReactNode][] = [
    ["Began", <When key="b" at={t.start} />],
    ["Took", t.synthetic_times || t.duration_ms === null ? "unknown" : duration(t.duration_ms)],
    ["Events", count(t.total_events)],
    ["Agents", count(t.agents.length)],
    ["Tool calls", <>{count(t.tool_calls)}{t.tool_errors > 0 && <span className="h-worse"> ({count(t.tool_errors)} erred)</span>}</>],
    ["Errors", t.errors > 0 ? <span className="h-worse">{count(t.errors)}</span> : "0"],
    ["Handoffs", count(t.handoffs)],
    ["Tokens", t.token_count === null ? "unknown" : compact(t.token_count)],
    ["Cost", <>{dollars(t.cost_usd)}{t.unpriced_calls > 0 && t.cost_usd !== null && <span className="h-muted"> + {count(t.unpriced_calls)} unpriced</span>}</>],
  ];
  return (
    <dl className="h-facts">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Notes say what is missing, odd, or the matter with the trace. */
export function Notes({ model: m, incident, select }: { model: Model; incident?: Incident; select: (i: number) => void }) {
  const t = m.timeline;
  const cause = incident?.root_cause;
  const at = cause ? m.index.get(cause.event_ids[0] ?? "") : undefined;
  const lost = [t.truncated && `${count(t.truncated)} cut`, t.dropped && `${count(t.dropped)} dropped by the sender`, t.withheld && `${count(t.withheld)} withheld by the sender`, t.pending && `${count(t.pending)} not yet ended`].filter(Boolean);
  return (
    <div className="h-notes">
      {cause && (
        <p className="h-note h-note-error">
          <strong>Root cause:</strong> <Inert text={cause.agent_name} />, {cause.class}, confidence {Math.round(cause.confidence * 100)}%. <Inert text={cause.why} />{" "}
          {at !== undefined && <button type="button" className="h-link" onClick={() => select(at)}>Show it</button>}{" "}
          <Link href={href(`/incidents/${encodeURIComponent(t.trace_id)}`)}>Incident report</Link>
        </p>
      )}
      {t.retries && t.retries.length > 0 && (
        <p className="h-note">
          Retries: {t.retries.slice(0, 4).map((r, i) => (
            <span key={i}>{i > 0 && ", "}<button type="button" className="h-link" onClick={() => select(m.index.get(r.event_ids[0]!) ?? -1)}><Inert text={r.tool_name} /></button> {count(r.event_ids.length)} tries, {r.recovered ? "recovered" : "not recovered"}</span>
          ))}{t.retries.length > 4 && ` and ${count(t.retries.length - 4)} more`}
        </p>
      )}
      {t.cut && <p className="h-note h-note-warn">There are more events: these are the first {count(t.total_events)}.</p>}
      {t.expired?.map((x) => <p key={x.tier} className="h-note h-note-warn">Events of tier {x.tier} {x.until ? <>that were received before <When at={x.until} /></> : "of that time"} have expired.</p>)}
      {t.orphans.length > 0 && <p className="h-note h-note-warn">{count(t.orphans.length)} events name a parent that is not here; they stand at the root.</p>}
      {t.cycles.length > 0 && <p className="h-note h-note-warn">{count(t.cycles.length)} circles of parents were broken at their earliest event.</p>}
      {t.skewed ? <p className="h-note h-note-warn">{count(t.skewed)} events happened before what caused them: clocks differ.</p> : null}
      {t.duplicates > 0 && <p className="h-note">{count(t.duplicates)} duplicates are left out.</p>}
      {lost.length > 0 && <p className="h-note">Not all is here: {lost.join(", ")}.</p>}
    </div>
  );
}
