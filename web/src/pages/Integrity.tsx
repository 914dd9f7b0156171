import { Alert, Button, Progress, SegmentedControl } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";

import { plain } from "../api/client";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { bytes, count } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { sizeOf, useLogs, useVerification, type Log, type Verification } from "../parts/record";
import { Failed, Loading, Snippet } from "../parts/states";
import { href, useFragment } from "../state/fragment";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import { When } from "../time/When";

export default function Integrity() {
  const logs = useLogs();
  return (
    <Page title="Integrity" note="what is on record, what proves it, and what may go">
      <div className="h-grid">
        <Verify />
        <Await query={logs} what="logs">{(l) => <Logs list={l.logs} />}</Await>
        <Retention />
        <Statements />
        <Panel title="Check it without trusting this server">
          <p style={{ marginTop: 0 }}>A copy of the data folder verifies on any machine, with no server and no key. A checkpoint that was kept elsewhere shows later whether history was cut or written anew.</p>
          <Snippet text={`curl -s ${location.origin}/log/${logs.data?.logs[0]?.log ?? "default/info"}/checkpoint > info.checkpoint
hansard verify --server ${location.origin} --against info.checkpoint --key '${logs.data?.logs[0]?.vkey ?? "VKEY"}'
hansard verify --data ./copy-of-hansard-data`} />
        </Panel>
      </div>
    </Page>
  );
}

/** Verify runs a verification by the server and shows how far it is. */
function Verify() {
  const client = useQueryClient();
  const state = useVerification();
  const begin = useMutation({ mutationFn: () => plain<Verification>("POST", "/v1/verification"), onSuccess: (v) => client.setQueryData(["verification"], v) });
  const v = state.data;
  const running = v?.state === "running";
  return (
    <Panel title="Verification" aside={<Button size="compact-sm" onClick={() => begin.mutate()} loading={running || begin.isPending}>Verify now</Button>}>
      {begin.error ? <Failed error={begin.error} /> : null}
      {state.error ? <Failed error={state.error} again={() => void state.refetch()} /> : null}
      {!v && !state.error && <Loading />}
      {v?.state === "none" && <p style={{ margin: 0 }}>Not verified since this server started. Verifying reads every entry, hashes it, and holds the trees against the signed checkpoints.</p>}
      {v && running && (
        <>
          <Progress value={v.total ? (100 * v.done) / v.total : 0} aria-label="Progress of the verification" />
          <p className="h-muted" style={{ margin: "0.4rem 0 0" }}>{count(v.done)} of {count(v.total)} entries</p>
        </>
      )}
      {v?.state === "failed" && <Alert color="red" variant="outline" title="The verification did not come to its end"><Inert text={v.error} /></Alert>}
      {v?.state === "done" && <Outcome v={v} />}
    </Panel>
  );
}

function Outcome({ v }: { v: Verification }) {
  const ms = v.started && v.ended ? Date.parse(v.ended) - Date.parse(v.started) : undefined;
  return (
    <div role="note">
      {v.sound ? (
        <p style={{ margin: 0 }}><span className="h-mark h-mark-ok">✓ sound</span> {count(v.total)} entries in {count(v.logs.length)} logs match their signed checkpoints, <When at={v.ended} />, in {duration(ms)}.</p>
      ) : (
        <>
          <p style={{ margin: 0 }}><span className="h-mark h-mark-error">✗ {count(v.findings.length)} findings</span> <When at={v.ended} />. Keep a copy of the folder as it is before anything else.</p>
          <ul>{v.findings.map((f, i) => <li key={i}>{f.log}{f.entry >= 0 && `, entry ${count(f.entry)}`}: <Inert text={f.text} /></li>)}</ul>
        </>
      )}
      {v.logs.some((l) => l.pruned > 0) && <p className="h-muted" style={{ margin: "0.3rem 0 0" }}>{count(v.logs.reduce((n, l) => n + l.pruned, 0))} of them are not kept any more and are known by their hashes.</p>}
      <p className="h-muted" style={{ margin: "0.3rem 0 0" }}>Contents are checked by <span className="h-mono">hansard verify</span>, on the folder or a copy of it.</p>
    </div>
  );
}

function Logs({ list }: { list: Log[] }) {
  return (
    <Panel title="Logs" aside={<span className="h-muted">one append-only Merkle tree for each tier</span>}>
      <DataTable
        rows={list} label="Logs" keyOf={(l) => l.log}
        columns={[
          { key: "log", name: "Log", value: (l) => l.log, cell: (l) => (l.log.endsWith("/meta") ? l.log : <Link href={href("/search", { q: `tier:${l.log.split("/")[1]}`, since: "all", until: null })}>{l.log}</Link>) },
          { key: "size", name: "Entries", num: true, value: (l) => l.size, cell: (l) => count(l.size) },
          { key: "signed", name: "Signed", num: true, value: (l) => sizeOf(l.checkpoint), cell: (l) => count(sizeOf(l.checkpoint)) },
          { key: "sealed", name: "In parts", num: true, value: (l) => l.sealed, cell: (l) => count(l.sealed) },
          { key: "root", name: "Root", cell: (l) => <span className="h-mono">{l.checkpoint?.split("\n")[2]?.slice(0, 16) ?? "none yet"}…</span> },
          { key: "key", name: "Verifier key", cell: (l) => <span className="h-mono" title={l.vkey}>{l.vkey.split("+")[1]}</span> },
          { key: "files", name: "", cell: (l) => <a href={`/log/${l.log}/checkpoint`}>checkpoint</a> },
        ]}
      />
    </Panel>
  );
}

/** Going is what goes from a log. */
interface Going {
  due: string | null;
  entries: number;
  bytes: number;
}

interface Kept {
  log: string;
  keep: string;
  entries: number;
  parts: number;
  bytes: number;
  oldest: string | null;
  expired_through: string | null;
  next: Going | null;
  overdue: Going | null;
  refused?: string;
}

const nothing = <span className="h-muted">—</span>;

/** Retention shows what is kept and what goes when. */
function Retention() {
  const got = useQuery({ queryKey: ["retention"], queryFn: ({ signal }) => plain<{ logs: Kept[] }>("GET", "/v1/retention", undefined, signal) });
  return (
    <Panel title="Retention" aside={<span className="h-muted">counted from receipt; whole parts go, and the deletion is on record</span>}>
      <Await query={got} what="retention">
        {(r) => (
          <DataTable
            rows={r.logs} label="Retention by log" keyOf={(l) => l.log}
            columns={[
              { key: "log", name: "Log", value: (l) => l.log, cell: (l) => l.log },
              { key: "keep", name: "Kept for", value: (l) => l.keep, cell: (l) => l.keep },
              { key: "entries", name: "Entries", num: true, value: (l) => l.entries, cell: (l) => count(l.entries) },
              { key: "parts", name: "Parts", num: true, value: (l) => l.parts, cell: (l) => count(l.parts) },
              { key: "bytes", name: "Size", num: true, value: (l) => l.bytes, cell: (l) => bytes(l.bytes) },
              { key: "oldest", name: "Oldest entry", value: (l) => l.oldest ?? "", cell: (l) => (l.oldest ? <When at={l.oldest} /> : nothing) },
              { key: "expired", name: "Pruned through", value: (l) => l.expired_through ?? "", cell: (l) => (l.expired_through ? <When at={l.expired_through} /> : nothing) },
              { key: "next", name: "Goes next", value: (l) => l.next?.due ?? "", cell: (l) => (l.refused ? <Inert text={l.refused} /> : l.next?.due ? <>{count(l.next.entries)} entries on <When at={l.next.due} /></> : nothing) },
              { key: "overdue", name: "Overdue", value: (l) => l.overdue?.entries ?? 0, cell: (l) => (l.overdue ? <span className="h-mark h-mark-warn">{count(l.overdue.entries)} entries</span> : nothing) },
            ]}
          />
        )}
      </Await>
    </Panel>
  );
}

/** named is a field of the server as a heading. */
const named = (k: string): string => (k[0]!.toUpperCase() + k.slice(1)).replace(/_/g, " ");

function shown(v: unknown) {
  if (v === null || v === undefined || v === "") return nothing;
  if (typeof v === "number") return count(v);
  if (typeof v === "string" && /^\d{4}-\d\d-\d\dT/.test(v)) return <When at={v} />;
  return <Inert text={String(v)} />;
}

/** routine leaves out what is stated all the time. */
const routine = "WHERE kind NOT IN ('seal', 'read', 'reads')";

/** Statements are what the meta log states: prunes, holds, erasures, keys, readers. */
function Statements() {
  const f = useFragment();
  const all = f.get("statements") === "all";
  const got = useQuery({
    queryKey: ["statements", all],
    queryFn: ({ signal }) => plain<{ columns: { name: string }[]; rows: unknown[][] }>("POST", "/v1/sql", { query: `SELECT position, received_at, kind, statement FROM statements ${all ? "" : routine} ORDER BY position DESC LIMIT 50` }, signal),
    retry: false,
  });
  return (
    <Panel
      title="Statements"
      aside={<SegmentedControl size="xs" aria-label="Which statements" data={[{ value: "", label: "Notable" }, { value: "all", label: "All" }]} value={all ? "all" : ""} onChange={(v) => f.set({ statements: v })} />}
    >
      <p className="h-muted" style={{ marginTop: 0 }}>The newest 50 of the meta log: {all ? "all kinds" : "prunes, holds, erasures, keys, configuration, clock jumps; without seals and reads"}.</p>
      {got.error ? <Failed error={got.error} /> : !got.data ? <Loading /> : <StatementTable data={got.data} />}
    </Panel>
  );
}

/** brief is a statement without the signed notes in it, which Logs shows. */
function brief(statement: unknown): string {
  let v: unknown = statement;
  try {
    if (typeof v === "string") v = JSON.parse(v);
  } catch {
    // It is shown as it is.
  }
  if (typeof v !== "object" || v === null) return String(v).slice(0, 300);
  const parts = Object.entries(v).filter(([k]) => k !== "checkpoint" && k !== "kind").map(([k, x]) => `${k}: ${typeof x === "string" ? x : JSON.stringify(x)}`);
  return parts.join(" · ").slice(0, 300);
}

function StatementTable({ data }: { data: { columns: { name: string }[]; rows: unknown[][] } }) {
  const rows = Array.isArray(data) ? (data as unknown as Record<string, unknown>[]) : data.rows.map((r) => Object.fromEntries(data.columns.map((c, i) => [c.name, r[i]])));
  if (rows.length === 0) return <p className="h-muted">Nothing of the kind yet.</p>;
  return (
    <DataTable<Record<string, unknown>>
      rows={rows} label="Statements" keyOf={(r) => JSON.stringify(r)}
      columns={Object.keys(rows[0]!).map((k) => ({ key: k, name: named(k), value: (r) => String(r[k]), cell: (r) => (k === "statement" ? <Inert text={brief(r[k])} /> : shown(r[k])) }))}
    />
  );
}

