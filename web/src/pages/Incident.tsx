import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { plain } from "../api/client";
import { zoneName } from "../api/reports";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { Figure, Figures } from "../parts/Figure";
import { compact, count, dollars } from "../parts/figures";
import { StatusMark } from "../parts/Marks";
import { Go, Page, Panel } from "../parts/Page";
import { decoded, href } from "../state/fragment";
import { useSettings } from "../state/settings";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import { When } from "../time/When";

interface Mark {
  event_id: string;
  time: string;
  agent_name: string;
  kind: string;
  text: string;
  erred: boolean;
}

interface Report {
  trace_id: string;
  duration_ms: number | null;
  total_events: number;
  agents: string[] | null;
  root_cause: { event_ids: string[]; agent_name: string; class: string; party: string; tool_name: string; confidence: number; why: string; signs: string[] | null; on_record: boolean; step: number | null } | null;
  no_cause: string;
  failures: { event_ids: string[]; agent_name: string; tool_name: string; class: string; error: string; recovered: boolean }[] | null;
  propagation_path: Mark[] | null;
  retries: { tool_name: string; agent_name: string; attempts: number; errors: number; recovered: boolean; waited_ms: number | null }[] | null;
  amplification: { tool_calls: number; intents: number; factor: number };
  decision_ms: number | null;
  cost: { cost_usd: number | null; tokens: { token_count: number | null }; unpriced_calls: number; after_cause_cost_usd: number | null; failed_calls_ms: number | null; after_cause_ms: number | null; time_to_human_ms: number | null };
  recommendations: { key: string; text: string }[] | null;
  similar_traces: { trace_id: string; agent_name: string; time: string; failures: number }[] | null;
  similar_traces_total: number;
  timeline: { time: string; agent: string; action: string; duration_ms: number | null; status: string; event_id: string; root_cause: boolean }[] | null;
}

/** Incident says where a trace went wrong, and why. */
export default function Incident({ params }: { params: { id?: string } }) {
  const id = decoded(params.id);
  const { zone } = useSettings();
  const url = (format: string) => `/v1/traces/${encodeURIComponent(id)}/incident?tz=${encodeURIComponent(zoneName(zone))}${format === "json" ? "" : `&format=${format}`}`;
  const got = useQuery({ queryKey: ["incident", id, zone], queryFn: async ({ signal }) => { const r = await plain<Report | Report[]>("GET", url("json"), undefined, signal); return Array.isArray(r) ? r : [r]; } });
  return (
    <Page
      title={`Incident ${id}`}
      actions={<>
        <Button component="a" size="compact-sm" variant="default" href={url("html")} target="_blank" rel="noreferrer">Report</Button>
        <Button component="a" size="compact-sm" variant="default" href={url("markdown")} download={`incident-${id.replace(/[^\w.-]/g, "_")}.md`}>Markdown</Button>
        <Go to={href(`/traces/${encodeURIComponent(id)}`)}>The trace</Go>
      </>}
    >
      <Await query={got} what="incident report">{(list) => <div className="h-grid">{list.map((r) => <One key={r.trace_id} r={r} />)}</div>}</Await>
    </Page>
  );
}

function One({ r }: { r: Report }) {
  const at = (event: string) => href(`/traces/${encodeURIComponent(r.trace_id)}`, { event });
  const c = r.root_cause;
  return (
    <>
      <Panel title="Root cause" aside={c && <span className="h-muted">confidence {Math.round(c.confidence * 100)}%{c.on_record ? ", a failure on record" : ", judged by texts"}</span>}>
        {c ? (
          <>
            <p style={{ marginTop: 0 }}><span className="h-mark h-mark-error"><Inert text={c.class} /></span> <strong><Inert text={[c.agent_name, c.tool_name].filter(Boolean).join(" · ")} /></strong> <span className="h-muted">lies with: <Inert text={c.party} /></span></p>
            <p><Inert text={c.why} /></p>
            {(c.signs ?? []).length > 0 && <ul>{c.signs!.map((s) => <li key={s}><Inert text={s} /></li>)}</ul>}
            <p style={{ marginBottom: 0 }}>Shown by {c.event_ids.map((e, i) => <span key={e}>{i > 0 && ", "}<Link href={at(e)}>entry {i + 1}</Link></span>)}.</p>
          </>
        ) : <p style={{ margin: 0 }}>No deterministic cause was found: <Inert text={r.no_cause} /></p>}
      </Panel>
      <Figures>
        <Figure name="Lasted" value={duration(r.duration_ms) || "unknown"} note={`${count(r.total_events)} events, ${count(r.agents?.length ?? 0)} agents`} />
        <Figure name="Failures" value={count(r.failures?.length ?? 0)} note={`${count((r.failures ?? []).filter((f) => f.recovered).length)} recovered`} />
        <Figure name="Amplification" value={r.amplification.factor ? `×${r.amplification.factor}` : "unknown"} note={`${count(r.amplification.tool_calls)} calls for ${count(r.amplification.intents)} intents`} />
        <Figure name="Waited for failed calls" value={duration(r.cost.failed_calls_ms) || "unknown"} />
        <Figure name="Cost" value={dollars(r.cost.cost_usd)} note={`${dollars(r.cost.after_cause_cost_usd)} after the cause`} />
        <Figure name="Tokens" value={compact(r.cost.tokens.token_count)} />
        <Figure name="Until a human answered" value={duration(r.cost.time_to_human_ms) || "—"} />
      </Figures>
      {(r.recommendations ?? []).length > 0 && <Panel title="What to do"><ol style={{ margin: 0, paddingLeft: "1.2rem" }}>{r.recommendations!.map((x) => <li key={x.key + x.text}><Inert text={x.text} /></li>)}</ol></Panel>}
      {(r.propagation_path ?? []).length > 0 && (
        <Panel title="How it went on">
          <ol className="h-evidence">{r.propagation_path!.map((m) => <li key={m.event_id + m.kind}><When at={m.time} brief /> <span className={`h-mark ${m.erred ? "h-mark-error" : ""}`}>{m.kind}</span> <Link href={at(m.event_id)}><Inert text={m.agent_name} /></Link> <Inert text={m.text} /></li>)}</ol>
        </Panel>
      )}
      <Panel title="Timeline">
        <DataTable
          rows={r.timeline ?? []} label="Timeline" keyOf={(l) => l.event_id}
          columns={[
            { key: "time", name: "Time", cell: (l) => <When at={l.time} brief /> },
            { key: "agent", name: "Agent", cell: (l) => <Inert text={l.agent} /> },
            { key: "action", name: "Action", cell: (l) => <><Link href={at(l.event_id)}><Inert text={l.action} /></Link>{l.root_cause && <> <span className="h-mark h-mark-error">root cause</span></>}</> },
            { key: "duration", name: "Duration", num: true, cell: (l) => duration(l.duration_ms) },
            { key: "status", name: "Status", cell: (l) => <StatusMark status={l.status} /> },
          ]}
        />
      </Panel>
      {(r.similar_traces ?? []).length > 0 && (
        <Panel title="Similar traces" aside={<span className="h-muted">{count(r.similar_traces_total)} in all</span>}>
          <ul className="h-evidence">{r.similar_traces!.map((t) => <li key={t.trace_id}><Link href={href(`/incidents/${encodeURIComponent(t.trace_id)}`)}><Inert text={t.trace_id} /></Link> <span className="h-muted"><When at={t.time} />, {count(t.failures)} failures</span></li>)}</ul>
        </Panel>
      )}
    </>
  );
}
