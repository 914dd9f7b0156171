import "../trace/trace.css";

import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "wouter";

import { kindOf } from "../api/entry";
import { useGroups } from "../api/groups";
import { compact, count, dollars } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { Failed, Loading, Nothing } from "../parts/states";
import { href, useFragment } from "../state/fragment";
import { Inert } from "../text/Inert";
import { spelled } from "../text/inert";
import { duration } from "../time/format";
import { When } from "../time/When";
import { folded, useDiff, type Diff, type DiffEvent, type DiffSide, type DiffStep } from "../trace/diff";

/** Compare shows two traces side by side, and what differs. */
export default function Compare() {
  const f = useFragment();
  const [a, b] = [f.get("a"), f.get("b")];
  const got = useDiff(a, b);
  return (
    <Page title="Compare two traces" note={got.data && `${count(got.data.same)} steps the same, ${count(got.data.changed)} changed, ${count(got.data.only_a)} only in the first, ${count(got.data.only_b)} only in the second`}>
      <Choose key={`${a} ${b}`} a={a} b={b} choose={(x, y) => f.set({ a: x, b: y })} />
      {got.error ? <Failed error={got.error} /> : null}
      {got.isFetching && <Loading what="Comparing" />}
      {(a === "" || b === "") && <Nothing title="Name two traces">Two runs of the same task show what one did otherwise: events are paired by type, agent, name and place. The fields offer the last traces; the page of a trace leads here too.</Nothing>}
      {got.data && <Found diff={got.data} />}
    </Page>
  );
}

function Choose({ a, b, choose }: { a: string; b: string; choose: (a: string, b: string) => void }) {
  const [left, setLeft] = useState(a);
  const [right, setRight] = useState(b);
  const recent = useGroups("trace_id", "", { since: "all", until: "" }, 50).data?.pages[0]?.items ?? [];
  return (
    <form
      style={{ display: "flex", flexWrap: "wrap", gap: "0.6rem", alignItems: "end", marginBottom: "0.8rem" }}
      onSubmit={(e) => {
        e.preventDefault();
        choose(left.trim(), right.trim());
      }}>
      <datalist id="h-recent">
        {recent.filter((g) => /^[\w.:-]+$/.test(g.id)).map((g) => <option key={g.id} value={g.id} label={spelled(`${(g.agents ?? []).join(", ") || "no agent named"}: ${count(g.events)} events, ${count(g.errors)} errors`)} />)}
      </datalist>
      <TextInput label="First" list="h-recent" placeholder="id of a trace or an event" value={left} onChange={(e) => setLeft(e.currentTarget.value)} style={{ flex: "1 1 14rem" }} />
      <TextInput label="Second" list="h-recent" placeholder="id of a trace or an event" value={right} onChange={(e) => setRight(e.currentTarget.value)} style={{ flex: "1 1 14rem" }} />
      <Button type="submit" disabled={left.trim() === "" || right.trim() === ""}>Compare</Button>
      <Button variant="default" onClick={() => choose(right.trim(), left.trim())}>Swap</Button>
    </form>
  );
}

/** mostSteps is how many rows are shown at once. */
const mostSteps = 500;

function Found({ diff: d }: { diff: Diff }) {
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [most, setMost] = useState(mostSteps);
  const rows = folded(d.steps, opened);
  return (
    <div style={{ display: "grid", gap: "0.8rem" }}>
      <Sides a={d.a} b={d.b} />
      <Panel title="Step by step">
        <div className="h-scroll" tabIndex={0} role="group" aria-label="Steps of both traces">
          <table className="h-table h-diff">
            <thead>
              <tr>
                <th scope="col"><span className="h-visually-hidden">How it differs</span></th>
                <th scope="col">First</th>
                <th scope="col">Second</th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, most).map((r) =>
                "same" in r ? (
                  <tr key={`same-${r.from}`}>
                    <td />
                    <td colSpan={2}><button type="button" className="h-link" onClick={() => setOpened(new Set([...opened, r.from]))}>{count(r.same)} steps the same</button></td>
                  </tr>
                ) : (
                  <Step key={r.step} step={d.steps[r.step]!} a={d.a.trace_id} b={d.b.trace_id} />
                ),
              )}
            </tbody>
          </table>
        </div>
        {rows.length > most && <Button size="compact-sm" variant="default" mt="xs" onClick={() => setMost(most + mostSteps)}>Show more of {count(rows.length)}</Button>}
      </Panel>
    </div>
  );
}

function Sides({ a, b }: { a: DiffSide; b: DiffSide }) {
  const rows: [string, (s: DiffSide) => React.ReactNode, number?][] = [
    ["Trace", (s) => <Link href={href(`/traces/${encodeURIComponent(s.trace_id)}`)}><Inert text={s.trace_id} /></Link>],
    ["Began", (s) => <When at={s.start} />],
    ["Events", (s) => count(s.total_events), b.total_events - a.total_events],
    ["Errors", (s) => count(s.errors), b.errors - a.errors],
    ["Tool calls", (s) => count(s.tool_calls), b.tool_calls - a.tool_calls],
    ["Took", (s) => (s.duration_ms === null ? "unknown" : duration(s.duration_ms))],
    ["Tokens", (s) => compact(s.token_count)],
    ["Cost", (s) => dollars(s.cost_usd)],
  ];
  const difference = (name: string, by?: number): string => {
    if (by !== undefined) return by === 0 ? "" : signed(by, count);
    const of: Record<string, [number | null, number | null, (n: number) => string]> = { Took: [a.duration_ms, b.duration_ms, duration], Tokens: [a.token_count, b.token_count, compact], Cost: [a.cost_usd, b.cost_usd, dollars] };
    const [x, y, say] = of[name] ?? [null, null, String];
    return x === null || y === null || x === y ? "" : signed(y - x, say);
  };
  return (
    <Panel>
      <div className="h-scroll" tabIndex={0} role="group" aria-label="The traces in figures">
        <table className="h-table">
          <thead><tr><th scope="col"><span className="h-visually-hidden">Figure</span></th><th scope="col">First</th><th scope="col">Second</th><th scope="col">Difference</th></tr></thead>
          <tbody>
            {rows.map(([name, of, by]) => (
              <tr key={name}><th scope="row">{name}</th><td>{of(a)}</td><td>{of(b)}</td><td>{difference(name, by)}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

const signed = (by: number, say: (n: number) => string) => `${by > 0 ? "+" : "−"}${say(Math.abs(by))}`;

const words = { same: "", changed: "changed", only_a: "first only", only_b: "second only" };

function Step({ step: s, a, b }: { step: DiffStep; a: string; b: string }) {
  return (
    <tr className={`h-diff-${s.change}`}>
      <td><span className="h-mark">{words[s.change]}</span></td>
      <td><Side step={s} event={s.a} trace={a} /></td>
      <td>
        <Side step={s} event={s.b} trace={b} />
        {s.fields.length > 0 && (
          <dl className="h-diff-fields">
            {s.fields.map((x) => (
              <div key={x.name}>
                <dt><Inert text={x.name} /></dt>
                <dd><del><Inert text={say(x.name, x.a)} /></del> <span aria-hidden="true">→</span> <ins><Inert text={say(x.name, x.b)} /></ins></dd>
              </div>
            ))}
          </dl>
        )}
      </td>
    </tr>
  );
}

function say(name: string, value: unknown): string {
  if (value === null || value === undefined) return "none";
  if (name === "duration_ms" && typeof value === "number") return duration(value);
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 300);
}

function Side({ step: s, event: e, trace }: { step: DiffStep; event?: DiffEvent; trace: string }) {
  if (!e) return null;
  return (
    <div style={{ paddingLeft: Math.min(s.depth, 16) * 6 }}>
      <Link href={href(`/traces/${encodeURIComponent(trace)}`, { event: e.event_id, view: "tree" })}><Inert text={s.agent || "no agent named"} /></Link> <span className="h-mark">{kindOf(s.event_type)}</span> <Inert text={e.details.slice(0, 200)} />
    </div>
  );
}
