import { Link } from "wouter";

import { useReport, type ErrorsReport, type Ranking } from "../api/reports";
import { Await } from "../parts/Await";
import { DataTable } from "../parts/DataTable";
import { Figure, Figures } from "../parts/Figure";
import { count } from "../parts/figures";
import { Page, Panel } from "../parts/Page";
import { Ranked } from "../parts/Ranked";
import { Nothing } from "../parts/states";
import { quoted, term } from "../search/edit";
import { href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { Inert } from "../text/Inert";
import { When } from "../time/When";
import { errorSearch } from "../api/words";

const names = (r: Ranking) => (r ?? []).map(([name, n]) => `${name || "(none)"} ${count(n)}`).join(", ");

export default function Errors() {
  const [period] = usePeriod();
  const got = useReport<ErrorsReport>("errors", period);
  return (
    <Page title="Errors">
      <Await query={got} what="report on errors">
        {(r) => (r.total_errors === 0 ? <Nothing title="No error in this period">Nothing erred, timed out or said that it failed.</Nothing> : <Report r={r} />)}
      </Await>
    </Page>
  );
}

function Report({ r }: { r: ErrorsReport }) {
  return (
    <div className="h-grid">
      <Figures>
        <Figure name="Errors" value={count(r.total_errors)} href={href("/search", { q: errorSearch })} note={`${r.error_rate} of ${count(r.total_events)} events`} />
        <Figure name="Kinds" value={count(Object.keys(r.error_types ?? {}).length)} />
        <Figure name="Last one" value={<span style={{ fontSize: "1rem" }}><When at={r.last_seen} /></span>} note={<>the first <When at={r.first_seen} /></>} />
      </Figures>
      {(r.suggested_actions ?? []).length > 0 && (
        <Panel title="What to do">
          <ol style={{ margin: 0, paddingLeft: "1.2rem" }}>{r.suggested_actions!.map((s) => <li key={s}><Inert text={s} /></li>)}</ol>
        </Panel>
      )}
      <Panel title="Groups" aside={<span className="h-muted">same text with numbers and ids left out; each event once</span>}>
        <DataTable
          rows={r.most_common_patterns ?? []} label="Groups of errors" keyOf={(p) => p.pattern} first={{ key: "count", down: true }}
          columns={[
            { key: "pattern", name: "Text", value: (p) => p.pattern, cell: (p) => <div className="h-wide"><Link href={href("/search", { q: searchOf(p.pattern) })}><Inert text={p.pattern} /></Link></div> },
            { key: "count", name: "Events", num: true, value: (p) => p.count, cell: (p) => count(p.count) },
            { key: "types", name: "Types", cell: (p) => <Inert text={names(p.error_types)} /> },
            { key: "agents", name: "Agents", cell: (p) => <Inert text={names(p.agents)} /> },
            { key: "tools", name: "Tools", cell: (p) => <Inert text={names(p.tools)} /> },
            { key: "first", name: "First", value: (p) => p.first_seen, cell: (p) => <When at={p.first_seen} /> },
            { key: "last", name: "Last", value: (p) => p.last_seen, cell: (p) => <When at={p.last_seen} /> },
          ]}
        />
        {r.without_text > 0 && <p className="h-muted" style={{ marginBottom: 0 }}>{count(r.without_text)} errors have no text and are in no group.</p>}
      </Panel>
      <div className="h-grid" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(min(18rem, 100%), 1fr))" }}>
        <Panel title="By type"><Ranked empty="No error has a type." items={(r.type_details ?? []).map((t) => ({ name: t.type || "(none)", n: t.count, label: `${count(t.count)} (${t.share})`, bad: true, href: href("/search", { q: t.type ? term("error_type", t.type) : `${errorSearch.replace(/^/, "(")}) -has:error_type` }) }))} /></Panel>
        <Panel title="By agent"><Ranked empty="No error names an agent." items={Object.entries(r.errors_by_agent ?? {}).map(([name, n]) => ({ name: name || "(none)", n, bad: true, href: href("/search", { q: name ? `${term("agent_name", name)} (${errorSearch})` : errorSearch }) }))} /></Panel>
        <Panel title="By tool"><Ranked empty="No error is a tool's." items={(r.errors_by_tool ?? []).map((t) => ({ name: t.tool || "(none)", n: t.errors, bad: true, href: href("/search", { q: `${term("tool_name", t.tool)} (${errorSearch})` }) }))} /></Panel>
      </div>
    </div>
  );
}

/** searchOf finds the events of a group: by the longest stretch of its text that stands as it is. */
export function searchOf(pattern: string): string {
  const parts = pattern.split(/<[^>]*>|[#…]|\.{3}|\{[^}]*\}/).map((s) => s.trim()).filter((s) => s.length > 2);
  const longest = parts.sort((a, b) => b.length - a.length)[0];
  return longest ? `error:${/^"/.test(quoted(longest)) ? quoted(longest) : `"${longest}"`}` : "has:error";
}
