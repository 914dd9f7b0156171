import { notifications } from "@mantine/notifications";

import { Problem } from "../../api/client";
import { hold, type Question } from "../../api/search";

export type Format = "ndjson" | "csv" | "parquet";

/**
 * download has the browser fetch all events of a search, which the server streams
 * to its disk: one archive with the events and the manifest that says how many they
 * are, their hash, and the checkpoints they stood under. One that breaks off is no
 * archive, and the browser says so.
 */
export async function download(question: Question, format: Format) {
  try {
    const { id } = await hold(question);
    const a = document.createElement("a");
    a.href = "/v1/export?" + new URLSearchParams({ archive: "zip", format, question: id }).toString();
    a.download = "";
    a.click();
    notifications.show({ title: "The export has begun", message: "All events of this search, and their manifest, in one archive. The browser shows how far it is.", autoClose: 8000 });
  } catch (err) {
    notifications.show({ title: "The export was refused", message: err instanceof Problem ? [err.message, err.hint].filter(Boolean).join(": ") : String(err), color: "red", autoClose: false });
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
