import { notifications } from "@mantine/notifications";

import { Problem } from "../../api/client";
import { events, type Question } from "../../api/search";

/** download exports all events of a search, page by page, oldest first: what the record holds at the end of it is whole. */
export async function download(question: Question, format: "ndjson" | "csv") {
  const id = notifications.show({ title: "Export", message: "Reading …", loading: true, autoClose: false });
  try {
    const parts: string[] = [];
    let cursor: string | undefined;
    let n = 0;
    if (format === "csv") parts.push(fields.join(",") + "\r\n");
    do {
      const page = await events(question, { limit: 5000, cursor, order: "oldest" });
      for (const e of page.events) {
        const row = e as unknown as Record<string, unknown>;
        parts.push(format === "csv" ? fields.map((f) => cell(row[f])).join(",") + "\r\n" : JSON.stringify(e) + "\n");
      }
      n += page.events.length;
      cursor = page.next_cursor;
      notifications.update({ id, message: `${n.toLocaleString()} events read …` });
    } while (cursor);
    save(new Blob(parts, { type: format === "csv" ? "text/csv" : "application/x-ndjson" }), `hansard-events.${format}`);
    notifications.update({ id, title: "Export", message: `${n.toLocaleString()} events, complete`, loading: false, autoClose: 6000 });
  } catch (err) {
    const why = err instanceof Problem ? err.message : String(err);
    notifications.update({ id, title: "The export failed; nothing was saved", message: why, color: "red", loading: false, autoClose: false });
  }
}

/** save hands a file to the browser. */
export function save(blob: Blob, name: string) {
  const a = document.createElement("a");
  a.href = URL.createObjectURL(blob);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000);
}

const fields = [
  "timestamp", "event_id", "event_type", "agent_name", "action", "tool_name", "status", "duration_ms", "trace_id", "session_id", "task_id",
  "model", "input_tokens", "output_tokens", "token_count", "cost_usd", "error_type", "error", "decision", "tier", "log", "index", "leaf_hash",
];

/** cell is a value of a CSV file. What a spreadsheet would run as a formula gets an apostrophe. */
export function cell(v: unknown): string {
  if (v === undefined || v === null) return "";
  if (typeof v === "number") return String(v);
  let s = typeof v === "string" ? v : JSON.stringify(v);
  if (/^[=+\-@\t\r]/.test(s)) s = "'" + s;
  return /[",\r\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s;
}
