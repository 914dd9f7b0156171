import { Button, Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";

import { plain } from "../api/client";
import { kindOf, traceOf, type Entry } from "../api/entry";
import { href } from "../state/fragment";
import { Inert, InertValue } from "../text/Inert";
import { duration } from "../time/format";
import { When } from "../time/When";
import { count, dollars } from "./figures";
import { StatusMark } from "./Marks";
import { Failed, Loading } from "./states";
import { term } from "../search/edit";

/** EntryDrawer shows an event beside the page. entry, where it is known, spares asking for it. */
export function EntryDrawer({ id, entry, close, next }: { id: string; entry?: Entry; close: () => void; next?: (step: 1 | -1) => void }) {
  return (
    <Drawer opened={id !== ""} onClose={close} position="right" size="lg" title="Event" closeButtonProps={{ "aria-label": "Close" }} overlayProps={{ backgroundOpacity: 0.15 }} returnFocus>
      {next && (
        <div style={{ display: "flex", gap: 6, marginBottom: 8 }}>
          <Button size="compact-xs" variant="default" onClick={() => next(-1)}>
            Previous
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => next(1)}>
            Next
          </Button>
        </div>
      )}
      {id !== "" && <EntryById id={id} known={entry} />}
    </Drawer>
  );
}

function EntryById({ id, known }: { id: string; known?: Entry }) {
  const got = useQuery({
    queryKey: ["event", id],
    queryFn: ({ signal }) => plain<Entry>("GET", `/v1/events/${encodeURIComponent(id)}`, undefined, signal),
    enabled: known === undefined,
  });
  const e = known ?? got.data;
  if (got.error) return <Failed error={got.error} again={() => void got.refetch()} />;
  return e ? <EntryView entry={e} /> : <Loading what="Reading the event" />;
}

/** EntryView is everything that is on record of an event. */
export function EntryView({ entry: e }: { entry: Entry }) {
  return (
    <div style={{ display: "grid", gap: "0.8rem" }}>
      <div style={{ display: "flex", flexWrap: "wrap", gap: "0.5rem", alignItems: "center" }}>
        <strong>
          <Inert text={kindOf(e.event_type)} />
        </strong>
        <StatusMark status={e.status} />
        <When at={e.timestamp} />
        {e.duration_ms !== undefined && <span className="h-muted">took {duration(e.duration_ms)}</span>}
      </div>
      <Facts entry={e} />
      <Section title="Error" show={!!(e.error || e.error_type)}>
        {e.error_type && <p style={{ margin: "0 0 0.3rem" }}><Inert text={e.error_type} />{e.recovery_action && <> · then <Inert text={e.recovery_action} /></>}</p>}
        {e.error && <Inert block text={e.error} />}
        {e.stack_trace && <Inert block text={e.stack_trace} />}
      </Section>
      <Text title="Reasoning" text={e.reasoning} />
      <Value title="Params" value={e.params} />
      <Value title="Result" value={e.result} />
      <Text title="Handed over" text={e.context_summary} />
      <Value title="Alternatives" value={e.alternatives} />
      <Text title="Comment" text={e.comment} />
      <Text title="Correction" text={e.correction} />
      <Text title="Follow-up" text={e.follow_up} />
      <Value title="Messages" value={e.messages} lazy />
      <Value title="Response" value={e.response} lazy />
      <Value title="Attributes" value={e.attributes} lazy />
      <Record entry={e} />
    </div>
  );
}

function Section({ title, show = true, children }: { title: string; show?: boolean; children: ReactNode }) {
  if (!show) return null;
  return (
    <section>
      <h3 style={{ fontSize: "0.85rem", margin: "0 0 0.3rem" }} className="h-muted">
        {title}
      </h3>
      {children}
    </section>
  );
}

const Text = ({ title, text }: { title: string; text?: string }) => (
  <Section title={title} show={!!text}>
    <Inert block text={text} />
  </Section>
);

/** Value shows JSON; what is long is shown when it is asked for. */
function Value({ title, value, lazy = false }: { title: string; value: unknown; lazy?: boolean }) {
  const [open, setOpen] = useState(!lazy);
  if (value === undefined || value === null) return null;
  return (
    <Section title={title}>
      {open ? <InertValue value={value} /> : <Button size="compact-xs" variant="default" onClick={() => setOpen(true)}>Show {title.toLowerCase()}</Button>}
    </Section>
  );
}

/** Facts are the short fields; each opens the search for its value. */
function Facts({ entry: e }: { entry: Entry }) {
  const rows: [string, ReactNode][] = [];
  const add = (name: string, field: string, value: string | undefined) => {
    if (value) rows.push([name, <Link key={field} href={href("/search", { q: term(field, value) })}><Inert text={value} /></Link>]);
  };
  add("Agent", "agent_name", e.agent_name);
  add("Action", "action", e.action);
  add("Tool", "tool_name", e.tool_name);
  add("Side effect", "side_effect", e.side_effect);
  add("Decision", "decision", e.decision);
  if (e.confidence !== undefined) rows.push(["Confidence", `${Math.round(e.confidence * 100)}%`]);
  add("Intervention", "intervention", e.intervention);
  add("Approver", "approver", e.approver);
  add("Policy", "policy_id", e.policy_id);
  add("Handoff from", "handoff_from", e.handoff_from);
  add("Handoff to", "handoff_to", e.handoff_to);
  add("Model", "model", e.model);
  add("Provider", "provider", e.provider);
  const tokens = [["in", e.input_tokens], ["out", e.output_tokens], ["cache read", e.cache_read_tokens], ["cache written", e.cache_write_tokens], ["reasoning", e.reasoning_tokens]]
    .filter(([, n]) => n !== undefined).map(([name, n]) => `${count(n as number)} ${name}`);
  if (tokens.length) rows.push(["Tokens", tokens.join(", ")]);
  if (e.cost_usd !== undefined || tokens.length) rows.push(["Cost", <>{dollars(e.cost_usd)}{e.cost_source && <span className="h-muted"> ({e.cost_source})</span>}</>]);
  if (e.attempt) rows.push(["Attempt", String(e.attempt)]);
  if (e.rating !== undefined) rows.push(["Rating", String(e.rating)]);
  rows.push(["Trace", <Link key="t" href={href(`/traces/${encodeURIComponent(traceOf(e))}`, { event: e.event_id })}><Inert text={traceOf(e)} /></Link>]);
  if (e.session_id) rows.push(["Session", <Link key="s" href={href(`/sessions/${encodeURIComponent(e.session_id)}`)}><Inert text={e.session_id} /></Link>]);
  add("Task", "task_id", e.task_id);
  add("User", "user_id", e.user_id);
  rows.push(["Who began it", [e.source, e.actor?.type && `actor: ${e.actor.type}${e.actor.role ? `, ${e.actor.role}` : ""}`, e.provenance].filter(Boolean).join(" · ") || "unknown"]);
  for (const r of e.resources ?? []) rows.push(["Data touched", <Inert key={r.id} text={[r.operation, r.kind, r.id, r.data_class && `(${r.data_class})`].filter(Boolean).join(" ")} />]);
  return <Table rows={rows} />;
}

function Table({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <table className="h-table">
      <tbody>
        {rows.map(([name, value], i) => (
          <tr key={i}>
            <th scope="row" style={{ width: "8.5rem" }}>{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Record is what the server says about the entry. */
function Record({ entry: e }: { entry: Entry }) {
  const rows: [string, ReactNode][] = [
    ["Event id", <span key="i" className="h-mono"><Inert text={e.event_id} /></span>],
    ["Tier", e.tier],
    ["Log", `${e.log}, index ${count(e.index)}, position ${count(e.position)}`],
    ["Received", <When key="r" at={e.received_at} />],
    ["Sent by", e.submitted_by ?? "unknown"],
  ];
  if (e.dialect) rows.push(["Dialect", e.dialect]);
  if (e.redactions) rows.push(["Redacted", Object.entries(e.redactions).map(([k, n]) => `${n} × ${k}`).join(", ")]);
  if (e.truncated) rows.push(["Cut", "some of it was too long and was cut"]);
  if (e.labels?.length) rows.push(["Labels", <Inert key="l" text={e.labels.join(", ")} />]);
  if (e.leaf_hash) rows.push(["Leaf hash", <span key="h" className="h-mono" style={{ overflowWrap: "anywhere" }}>{e.leaf_hash}</span>]);
  rows.push(["Proof", <a key="p" href={`/v1/events/${encodeURIComponent(e.event_id)}/proof`} download={`${e.event_id.replace(/[^\w.-]/g, "_")}.proof`}>download</a>]);
  return (
    <Section title="On record">
      <Table rows={rows} />
    </Section>
  );
}
