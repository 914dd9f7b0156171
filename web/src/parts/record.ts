import { useQuery } from "@tanstack/react-query";

import { plain } from "../api/client";

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
