import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { plain } from "../api/client";
import { reportURL } from "../api/reports";
import { Page, Panel } from "../parts/Page";
import { Await } from "../parts/Await";
import { Loading } from "../parts/states";
import { useFragment } from "../state/fragment";
import { usePeriod } from "../state/period";
import { useSettings } from "../state/settings";

interface ReportType {
  name: string;
  aliases: string[];
  short: string;
  subject: string;
  since: string;
}

const formats = [
  { value: "html", label: "HTML", ending: "html" },
  { value: "markdown", label: "Markdown", ending: "md" },
  { value: "json", label: "JSON", ending: "json" },
  { value: "csv", label: "CSV", ending: "csv" },
];

export default function Reports() {
  const types = useQuery({ queryKey: ["reports"], queryFn: ({ signal }) => plain<{ reports: ReportType[] }>("GET", "/v1/reports", undefined, signal) });
  return (
    <Page title="Reports" note="each states its period and checkpoints, so that it can be made again and checked">
      <Await query={types} what="list of reports">{(t) => <Maker types={t.reports} />}</Await>
    </Page>
  );
}

function Maker({ types }: { types: ReportType[] }) {
  const f = useFragment();
  const [period] = usePeriod();
  const { zone } = useSettings();
  const type = types.find((t) => t.name === f.get("report") || t.aliases.includes(f.get("report"))) ?? types[0]!;
  const format = formats.find((x) => x.value === f.get("format")) ?? formats[0]!;
  const subject = f.get("subject");
  const [typed, setTyped] = useState(subject);
  const missing = type.subject !== "" && subject === "";
  const url = (as: string) => reportURL(type.name, period, zone, as, subject && type.subject ? { subject } : {});
  return (
    <div className="h-reports">
      <nav className="h-panel" aria-label="Types of report">
        {types.map((t) => (
          <button key={t.name} type="button" className="h-report-type" aria-pressed={t === type} onClick={() => f.set({ report: t.name })}>
            <strong>{t.name}</strong>
            <span className="h-muted">{t.short}</span>
          </button>
        ))}
      </nav>
      <Panel
        title={type.name}
        aside={
          <div style={{ display: "flex", flexWrap: "wrap", gap: 8, alignItems: "center" }}>
            <SegmentedControl size="xs" aria-label="Format" data={formats.map(({ value, label }) => ({ value, label }))} value={format.value} onChange={(v) => f.set({ format: v === "html" ? null : v }, "replace")} />
            <Button size="compact-sm" component="a" href={url(format.value)} download={`hansard-${type.name}.${format.ending}`} disabled={missing}>Download</Button>
            {format.value === "html" && <Button size="compact-sm" variant="default" component="a" href={url("html")} target="_blank" rel="noreferrer">Open alone</Button>}
          </div>
        }
      >
        {type.subject !== "" && (
          <form style={{ display: "flex", gap: 6, marginBottom: 8 }} onSubmit={(e) => { e.preventDefault(); f.set({ subject: typed.trim() }); }}>
            <TextInput size="xs" aria-label={`Which ${type.subject}`} placeholder={`Which ${type.subject}`} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} />
            <Button size="xs" type="submit">Make</Button>
          </form>
        )}
        {missing ? <p className="h-muted">Name the {type.subject} that it is about.</p> : format.value === "html" ? (
          <Framed key={url("html")} name={type.name} url={url("html")} />
        ) : <Preview url={url(format.value)} />}
      </Panel>
    </div>
  );
}

/** Framed is a report as its readers get it. It takes a moment to make. */
function Framed({ name, url }: { name: string; url: string }) {
  const [there, setThere] = useState(false);
  return (
    <>
      {!there && <Loading what="Making the report" />}
      <iframe title={`Report ${name}`} src={url} sandbox="allow-popups" className="h-report-frame" onLoad={() => setThere(true)} style={there ? undefined : { visibility: "hidden" }} />
    </>
  );
}

function Preview({ url }: { url: string }) {
  const got = useQuery({ queryKey: ["preview", url], queryFn: async ({ signal }) => { const r = await plain<unknown>("GET", url, undefined, signal); return typeof r === "string" ? r : JSON.stringify(r, null, 2); } });
  return <Await query={got} what="report">{(text) => <pre className="h-code" tabIndex={0} style={{ maxHeight: "70vh" }}>{text.slice(0, 200_000)}</pre>}</Await>;
}
