import { useQuery } from "@tanstack/react-query";

import { plain } from "../api/client";
import { ago } from "../time/format";
import { count } from "./figures";

export interface Log {
  log: string;
  origin: string;
  vkey: string;
  size: number;
  sealed: number;
  checkpoint?: string;
}

export const useLogs = (refetchInterval = 15_000) =>
  useQuery({ queryKey: ["logs"], queryFn: ({ signal }) => plain<{ name: string; logs: Log[] }>("GET", "/v1/logs", undefined, signal), refetchInterval });

/** sizeOf reads the size that a checkpoint signs; undefined for what is none. */
export function sizeOf(checkpoint: string | undefined): number | undefined {
  const n = Number(checkpoint?.split("\n")[1]);
  return checkpoint && Number.isSafeInteger(n) ? n : undefined;
}

/** useRecord says whether there is anything in the record, and how much of it is signed. An empty one is asked for often. */
export function useRecord(): { empty: boolean; logs?: { size: number; at: number } } {
  const logs = useQuery({
    queryKey: ["logs"],
    queryFn: ({ signal }) => plain<{ name: string; logs: Log[] }>("GET", "/v1/logs", undefined, signal),
    refetchInterval: (query) => (query.state.data && hasEvents(query.state.data.logs) ? 15_000 : 2_000),
  });
  if (!logs.data) return { empty: false };
  const signed = logs.data.logs.map((l) => sizeOf(l.checkpoint)).filter((n) => n !== undefined);
  return { empty: !hasEvents(logs.data.logs), logs: signed.length > 0 ? { size: signed.reduce((a, b) => a + b, 0), at: signed.length } : undefined };
}

const hasEvents = (logs: Log[]) => logs.some((l) => !l.log.endsWith("/meta") && l.size > 0);

/** Verification is the last verification that the server ran. */
export interface Verification {
  state: "none" | "running" | "done" | "failed";
  done: number;
  total: number;
  started: string | null;
  ended: string | null;
  sound: boolean | null;
  logs: { log: string; size: number; pruned: number; root: string }[];
  findings: { log: string; entry: number; text: string }[];
  error?: string;
}

/** useVerification asks how the verification is; one that runs, often. */
export const useVerification = () =>
  useQuery({
    queryKey: ["verification"],
    queryFn: ({ signal }) => plain<Verification>("GET", "/v1/verification", undefined, signal),
    refetchInterval: (q) => (q.state.data?.state === "running" ? 400 : false),
  });

/** saysOf says in a few words when the record was last verified, and what was found. */
export function saysOf(v: Verification, now = new Date()): string {
  switch (v.state) {
    case "running":
      return `verifying, ${v.total ? Math.floor((100 * v.done) / v.total) : 0}%`;
    case "failed":
      return "the verification failed";
    case "done":
      return `${v.sound ? "verified" : `${count(v.findings.length)} findings`} ${v.ended ? ago(new Date(v.ended), now) : ""}`;
  }
  return "not verified since the start";
}
