import { detailsOf, type Entry, weightOf } from "../api/entry";
import { KindMark, StatusMark } from "../parts/Marks";
import { count, dollars } from "../parts/figures";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import { When } from "../time/When";
import type { Column } from "./Rows";

const text = (e: Entry, key: string): string => {
  const v = (e as unknown as Record<string, unknown>)[key];
  return v === undefined || v === null ? "" : typeof v === "string" ? v : JSON.stringify(v);
};

const field = (key: string, name: string, size = "8rem", least = 110): Column => ({ key, name, size, least, cell: (e) => <Inert text={text(e, key).slice(0, 200)} /> });

/** columns are all that a table of events can show. */
export const columns: Column[] = [
  { key: "timestamp", name: "Time", size: "9.6rem", least: 140, cell: (e) => <When at={e.timestamp} /> },
  { key: "clock", name: "Time of day", size: "6.8rem", least: 100, cell: (e) => <When at={e.timestamp} brief /> },
  field("agent_name", "Agent", "6rem", 80),
  { key: "event_type", name: "Type", size: "7.6rem", least: 112, cell: (e) => <KindMark entry={e} /> },
  { key: "details", name: "Details", size: "minmax(0, 1fr)", least: 240, cell: (e) => <Inert text={detailsOf(e).slice(0, 300)} /> },
  { key: "duration_ms", name: "Duration", size: "4.4rem", least: 62, cell: (e) => <span className="h-num">{duration(e.duration_ms)}</span> },
  { key: "status", name: "Status", size: "4.6rem", least: 66, cell: (e) => <StatusMark status={e.status} /> },
  field("tool_name", "Tool"),
  field("action", "Action", "12rem", 150),
  field("error_type", "Error type"),
  field("error", "Error", "minmax(0, 1fr)", 200),
  field("model", "Model"),
  { key: "token_count", name: "Tokens", size: "5rem", least: 66, cell: (e) => (e.token_count === undefined ? "" : count(e.token_count)) },
  { key: "cost_usd", name: "Cost", size: "5.5rem", least: 70, cell: (e) => (e.cost_usd === undefined ? "" : dollars(e.cost_usd)) },
  field("decision", "Decision"),
  field("side_effect", "Side effect", "6rem"),
  field("intervention", "Intervention"),
  field("session_id", "Session"),
  field("task_id", "Task"),
  field("trace_id", "Trace", "11rem"),
  field("user_id", "User"),
  field("environment", "Environment", "7rem"),
  field("service", "Service"),
  field("tier", "Tier", "6rem", 80),
  field("labels", "Labels"),
  field("submitted_by", "Sent by", "6rem"),
  { key: "received_at", name: "Received", size: "10.5rem", least: 150, cell: (e) => <When at={e.received_at} /> },
  field("event_id", "Event id", "13rem", 160),
];

/** usual are the columns that are shown when nothing else was chosen. */
export const usual = ["timestamp", "agent_name", "event_type", "details", "duration_ms", "status"];

/** chosen are columns by their keys; keys that no column has are passed over. */
export const chosen = (keys: string[]): Column[] => keys.map((k) => columns.find((c) => c.key === k)).filter((c) => c !== undefined);

/** rowClass makes what matters stand out. */
export const rowClass = (e: Entry): string => {
  const w = weightOf(e);
  return w ? `h-row-${w}` : "";
};
