import "../trace/trace.css";

import { Button, NativeSelect, Tabs } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import { Link } from "wouter";

import { count } from "../parts/figures";
import { Page } from "../parts/Page";
import { Failed, Loading, Nothing } from "../parts/states";
import { decoded, href, useFragment } from "../state/fragment";
import { Costs } from "../trace/Costs";
import { Head, Notes } from "../trace/Head";
import { Lanes } from "../trace/Lanes";
import { Log } from "../trace/Log";
import { modelOf, type ViewProps } from "../trace/model";
import { Replay } from "../trace/Replay";
import { spelled } from "../text/inert";
import { Selected } from "../trace/Selected";
import { useIncident, useTimelines, type Timeline } from "../trace/timeline";
import { Transport, usePlayhead } from "../trace/Transport";
import { Waterfall } from "../trace/Waterfall";

const Graph = lazy(() => import("../trace/Graph").then((m) => ({ default: m.Graph })));

/** views are the ways to look at a trace; all share one selection and one playhead. */
const views: { key: string; name: string; view: (p: ViewProps) => React.ReactNode; plays: boolean }[] = [
  { key: "", name: "Timeline", view: (p) => <Lanes {...p} />, plays: true },
  { key: "tree", name: "Tree", view: (p) => <Waterfall {...p} />, plays: true },
  { key: "graph", name: "Graph", view: (p) => <Suspense fallback={<Loading />}><Graph {...p} /></Suspense>, plays: true },
  { key: "replay", name: "Conversation", view: (p) => <Replay {...p} />, plays: true },
  { key: "log", name: "Log", view: (p) => <Log {...p} />, plays: false },
  { key: "cost", name: "Cost", view: (p) => <Costs {...p} />, plays: false },
];

export default function Trace({ params }: { params: { id?: string } }) {
  const id = decoded(params.id);
  const f = useFragment();
  const got = useTimelines(id);
  const traces = got.data?.traces ?? [];
  const t = traces.find((x) => x.trace_id === f.get("trace")) ?? traces[0];
  return (
    <Page title={spelled(`Trace ${t?.trace_id ?? id}`)} actions={t && <Actions timeline={t} />}>
      {got.error ? <Failed error={got.error} again={() => void got.refetch()} /> : null}
      {got.isPending && <Loading what="Reading the trace" />}
      {got.data && !t && <Nothing title="Nothing has this id">It may be of a tier that has expired, or of another tenant.</Nothing>}
      {traces.length > 1 && (
        <NativeSelect label={`${count(traces.length)} traces have this id`} value={t!.trace_id} onChange={(e) => f.set({ trace: e.currentTarget.value, event: "" })} data={traces.map((x) => ({ value: x.trace_id, label: `${spelled(x.trace_id)}: ${count(x.total_events)} events, ${count(x.errors)} errors` }))} mb="sm" style={{ maxWidth: "34rem" }} />
      )}
      {t && <One key={t.trace_id} timeline={t} />}
    </Page>
  );
}

function Actions({ timeline: t }: { timeline: Timeline }) {
  return (
    <>
      <Button component={Link} href={href("/compare", { a: t.trace_id })} size="compact-sm" variant="default">Compare</Button>
      <Button component={Link} href={href("/search", { q: `trace:${JSON.stringify(t.trace_id)}`, since: "all", until: "" })} size="compact-sm" variant="default">Search in it</Button>
      <Button component="a" href={`/v1/traces/${encodeURIComponent(t.trace_id)}?events=true`} download={`${t.trace_id.replace(/[^\w.-]/g, "_")}.json`} size="compact-sm" variant="default">Download</Button>
    </>
  );
}

function One({ timeline }: { timeline: Timeline }) {
  const f = useFragment();
  const m = useMemo(() => modelOf(timeline), [timeline]);
  const incident = useIncident(timeline).data;
  const playing = usePlayhead(m);
  const causes = useMemo(() => new Set(incident?.root_cause?.event_ids), [incident]);
  const selected = m.index.get(f.get("event")) ?? -1;
  const select = (i: number) => f.set({ event: m.lines[i]?.event_id ?? "" }, "replace");
  const view = views.find((v) => v.key === f.get("view")) ?? views[0]!;
  return (
    <>
      <Head timeline={timeline} />
      <Notes model={m} incident={incident} select={select} />
      <div className={`h-trace ${selected >= 0 ? "h-trace-with" : ""}`}>
        <div>
          <Tabs value={view.key || "timeline"} onChange={(v) => f.set({ view: v === "timeline" ? "" : v })} keepMounted={false}>
            <Tabs.List aria-label="Views of the trace">
              {views.map((v) => (
                <Tabs.Tab key={v.key} value={v.key || "timeline"}>
                  {v.name}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {view.plays && !timeline.cut && <Transport model={m} p={playing} />}
            <Tabs.Panel value={view.key || "timeline"} pt={view.plays ? 0 : "sm"}>
              {view.view({ model: m, selected, select, causes, head: view.plays ? playing.head : null })}
            </Tabs.Panel>
          </Tabs>
        </div>
        <Selected model={m} selected={selected} select={select} close={() => f.set({ event: "" }, "replace")} incident={incident} />
      </div>
    </>
  );
}
