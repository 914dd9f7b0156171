import { useQuery } from "@tanstack/react-query";

import { plain } from "../api/client";
import { detailsOf, weightOf, type Entry } from "../api/entry";
import { KindMark, StatusMark } from "../parts/Marks";
import { Page, Panel } from "../parts/Page";
import { Failed, Loading } from "../parts/states";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import { When } from "../time/When";

interface Traces {
  traces: { trace_id: string; events: Entry[] }[];
}

export default function Trace({ params }: { params: { id?: string } }) {
  const id = params.id ?? "";
  const got = useQuery({ queryKey: ["trace", id], queryFn: ({ signal }) => plain<Traces>("GET", `/v1/traces/${encodeURIComponent(id)}?events=true`, undefined, signal) });
  return (
    <Page title={`Trace ${id}`}>
      {got.error ? <Failed error={got.error} again={() => void got.refetch()} /> : null}
      {got.isPending && <Loading what="Reading the trace" />}
      {got.data?.traces.map((t) => (
        <Panel key={t.trace_id} title={<Inert text={t.trace_id} />} aside={`${t.events.length} events`}>
          <div className="h-scroll" tabIndex={0} role="group" aria-label="Timeline">
            <table className="h-table">
              <thead>
                <tr>
                  {["Time", "Agent", "Type", "Details", "Duration", "Status"].map((h) => (
                    <th key={h} scope="col">{h}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {t.events.map((e) => (
                  <tr key={e.event_id} className={weightOf(e) ? `h-row-${weightOf(e)}` : ""}>
                    <td><When at={e.timestamp} brief /></td>
                    <td><Inert text={e.agent_name} /></td>
                    <td><KindMark entry={e} /></td>
                    <td><Inert text={detailsOf(e).slice(0, 300)} /></td>
                    <td className="h-num">{duration(e.duration_ms)}</td>
                    <td><StatusMark status={e.status} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Panel>
      ))}
    </Page>
  );
}
