import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { plain } from "../api/client";
import { reportURL } from "../api/reports";
import { kindOf } from "../api/entry";
import { Await } from "../parts/Await";
import { Figure, Figures } from "../parts/Figure";
import { count } from "../parts/figures";
import { Go, Page, Panel } from "../parts/Page";
import { Nothing } from "../parts/states";
import { href } from "../state/fragment";
import { usePeriod } from "../state/period";
import { useSettings } from "../state/settings";
import { Inert } from "../text/Inert";
import { When } from "../time/When";

type Verdict = "pass" | "near_limit" | "fail" | "not_applicable" | "insufficient_evidence";

interface Check {
  pack: string;
  title: string;
  passed: boolean | null;
  verdict: Verdict;
  figure_text: string;
  threshold_text: string;
  detail: string;
  why: string;
  members: number;
  held: number;
  open: number;
  unsure: number;
  entries: { event_id: string; timestamp: string; event_type: string; agent_name?: string; trace_id?: string }[] | null;
  entries_total: number;
  entries_mean: string;
  recommendation: string;
  cites: Record<string, unknown>[] | null;
  condition: string;
  search: string;
}

interface Compliance {
  compliant: boolean | null;
  packs: { pack: string; title: string; version: string; applies_from: string | null; rehearsal: boolean; retention_days: number }[] | null;
  checks: Record<string, Check>;
  recommendations: string[] | null;
}

const verdicts: Record<Verdict, { icon: string; word: string; mark: string }> = {
  pass: { icon: "✓", word: "pass", mark: "h-mark-ok" },
  near_limit: { icon: "!", word: "near the limit", mark: "h-mark-warn" },
  fail: { icon: "✗", word: "fail", mark: "h-mark-error" },
  not_applicable: { icon: "–", word: "not applicable", mark: "" },
  insufficient_evidence: { icon: "?", word: "insufficient evidence", mark: "h-mark-warn" },
};

export default function CompliancePage() {
  const [period] = usePeriod();
  const { zone } = useSettings();
  const url = reportURL("compliance", period, zone, "json").replace(/tz=[^&]*&?/, "");
  const got = useQuery({ queryKey: ["compliance", period], queryFn: ({ signal }) => plain<Compliance>("GET", url, undefined, signal) });
  return (
    <Page title="Compliance" actions={<Go to={href("/reports", { report: "compliance" })}>As a report</Go>}>
      <Await query={got} what="compliance report">{(r) => <Packs r={r} />}</Await>
    </Page>
  );
}

function Packs({ r }: { r: Compliance }) {
  const checks = Object.entries(r.checks ?? {});
  if (checks.length === 0) return <Nothing title="No pack is switched on">docs/POLICY.md says how to write one; packs: in the configuration switches them on.</Nothing>;
  const of = (v: Verdict) => checks.filter(([, c]) => c.verdict === v).length;
  return (
    <div className="h-grid">
      <Figures>
        <Figure name="Compliant" value={r.compliant === null ? "unknown" : r.compliant ? "yes" : "no"} note={r.compliant === null ? "there is not enough evidence" : r.compliant ? "no control failed" : "a control failed"} tone={r.compliant ? "better" : "worse"} />
        <Figure name="Pass" value={count(of("pass") + of("near_limit"))} note={of("near_limit") ? `${of("near_limit")} near the limit` : undefined} />
        <Figure name="Fail" value={count(of("fail"))} />
        <Figure name="Insufficient evidence" value={count(of("insufficient_evidence"))} />
        <Figure name="Not applicable" value={count(of("not_applicable"))} />
      </Figures>
      {(r.recommendations ?? []).length > 0 && (
        <Panel title="What to do"><ul style={{ margin: 0, paddingLeft: "1.2rem" }}>{r.recommendations!.map((x) => <li key={x}><Inert text={x} /></li>)}</ul></Panel>
      )}
      {(r.packs ?? []).map((p) => (
        <Panel key={p.pack} title={<Inert text={p.title || p.pack} />} aside={<span className="h-muted">{p.pack} {p.version}{p.retention_days > 0 && `, needs ${p.retention_days} days on record`}</span>}>
          {p.rehearsal && <Alert variant="outline" color="yellow" mb="sm" title="A rehearsal">It applies from {p.applies_from}; until then nothing depends on it.</Alert>}
          {checks.filter(([, c]) => c.pack === p.pack).map(([name, c]) => <Control key={name} name={name} c={c} />)}
        </Panel>
      ))}
    </div>
  );
}

/** Control is a control with its verdict and the evidence behind it. */
function Control({ name, c }: { name: string; c: Check }) {
  const v = verdicts[c.verdict] ?? verdicts.insufficient_evidence;
  return (
    <details className="h-control" open={c.verdict === "fail"}>
      <summary>
        <span className={`h-mark ${v.mark}`}>{v.icon} {v.word}</span> <strong><Inert text={c.title || name} /></strong>{" "}
        <span className="h-muted">{c.figure_text}{c.threshold_text && ` (limit ${c.threshold_text})`}</span>
      </summary>
      <div className="h-control-body">
        <p><Inert text={c.why} /></p>
        {c.detail && <p className="h-muted"><Inert text={c.detail} /></p>}
        <p className="h-muted">{count(c.members)} judged, {count(c.held)} fulfil it{c.open > 0 && `, ${count(c.open)} not decided yet`}{c.unsure > 0 && `, ${count(c.unsure)} unsure`}{c.search && <> · <Link href={href("/search", { q: c.search })}>what was judged</Link></>}</p>
        {c.recommendation && <p><Inert text={c.recommendation} /></p>}
        {(c.entries ?? []).length > 0 && (
          <>
            <p className="h-muted">{c.entries_mean || "Entries"}{c.entries_total > c.entries!.length && `, the first ${count(c.entries!.length)} of ${count(c.entries_total)}`}:</p>
            <ul className="h-evidence">
              {c.entries!.slice(0, 100).map((e) => (
                <li key={e.event_id}>
                  <Link href={href(`/traces/${encodeURIComponent(e.event_id)}`, { event: e.event_id })}><When at={e.timestamp} /> <Inert text={e.agent_name} /> {kindOf(e.event_type)}</Link>
                </li>
              ))}
            </ul>
          </>
        )}
        {(c.cites ?? []).map((x, i) => <p key={i} className="h-muted" style={{ fontSize: "0.82rem" }}><Inert text={Object.values(x).filter((y) => typeof y === "string").join(": ")} /></p>)}
        {c.condition && <pre className="h-code" tabIndex={0}>{c.condition}</pre>}
      </div>
    </details>
  );
}
