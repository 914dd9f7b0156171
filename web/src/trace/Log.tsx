import { kindOf } from "../api/entry";
import type { Entry } from "../api/entry";
import { Rows, type Column } from "../rows/Rows";
import { StatusMark } from "../parts/Marks";
import { Inert } from "../text/Inert";
import { When } from "../time/When";
import { classOf, type ViewProps } from "./model";
import type { Line } from "./timeline";

/** Log is every event of the trace in order of time. */
export function Log({ model: m, selected, select, causes }: ViewProps) {
  const of = (e: Entry) => m.lines[m.index.get(e.event_id)!]!;
  const columns: Column[] = [
    { key: "time", name: "Time", size: "7rem", least: 100, cell: (e) => <When at={of(e).time} brief /> },
    { key: "agent", name: "Agent", size: "8rem", least: 90, cell: (e) => <Inert text={of(e).agent} /> },
    { key: "type", name: "Type", size: "9.5rem", least: 130, cell: (e) => <><span className={`h-mark ${of(e).has_error ? "h-mark-error" : ""}`}>{kindOf(of(e).event_type)}</span> {causes.has(e.event_id) && <span className="h-mark h-mark-cause">root cause</span>}</> },
    { key: "details", name: "Details", size: "minmax(0, 1fr)", least: 240, cell: (e) => <Inert text={of(e).details.slice(0, 300)} /> },
    { key: "took", name: "Took", size: "5rem", least: 66, cell: (e) => <span className="h-num">{of(e).duration}</span> },
    { key: "status", name: "Status", size: "5.5rem", least: 76, cell: (e) => <StatusMark status={of(e).status} /> },
  ];
  return (
    <Rows columns={columns} total={m.lines.length} row={(i) => m.lines[i] && asEntry(m.lines[i]!)} classOf={(e) => `h-row-${classOf(of(e))}`} selected={m.lines[selected]?.event_id ?? ""}
      onSelect={(id) => select(m.index.get(id) ?? -1)} label="The trace in order of time" height="calc(100dvh - 300px)" />
  );
}

const asEntry = (l: Line): Entry => ({ event_id: l.event_id, event_type: l.event_type, timestamp: l.time, position: l.position, received_at: "", tier: l.tier ?? "", log: "", index: 0 });
