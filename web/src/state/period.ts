import { useMemo } from "react";

import { useFragment } from "./fragment";

/** Period is what is looked at, in the words of the API: "24h", "2026-11-23", an instant. */
export interface Period {
  since: string;
  until: string;
}

/** defaultSince is the period of a page whose address names none. */
export const defaultSince = "24h";

export const presets: { since: string; label: string }[] = [
  { since: "15m", label: "Last 15 minutes" },
  { since: "1h", label: "Last hour" },
  { since: "24h", label: "Last 24 hours" },
  { since: "7d", label: "Last 7 days" },
  { since: "30d", label: "Last 30 days" },
  { since: "all", label: "All of the record" },
];

const units: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, y: 31536e6 };

/** millisOf reads "15m" or "7d"; undefined for what is no span. */
export function millisOf(span: string): number | undefined {
  const m = /^(\d{1,6})([smhdwy])$/.exec(span);
  return m ? Number(m[1]) * units[m[2]!]! : undefined;
}

/** Range is a period as instants; start is undefined when it goes back to the first event. */
export interface Range {
  start?: Date;
  end: Date;
}

export function rangeOf(p: Period, now: Date): Range {
  const at = (text: string): Date | undefined => {
    const span = millisOf(text);
    if (span !== undefined) return new Date(now.getTime() - span);
    const t = new Date(text);
    return Number.isNaN(t.getTime()) ? undefined : t;
  };
  return { start: p.since === "all" ? undefined : at(p.since), end: (p.until && at(p.until)) || now };
}

/** before is the period of the same length that ends where p begins; undefined for all of the record. */
export function before(p: Period, now: Date): Period | undefined {
  const { start, end } = rangeOf(p, now);
  if (!start) return undefined;
  return { since: new Date(start.getTime() - (end.getTime() - start.getTime())).toISOString(), until: start.toISOString() };
}

/** asked is a period as query parameters of the API: "all" names none. */
export function asked(p: Period): { since?: string; until?: string } {
  return { ...(p.since && p.since !== "all" ? { since: p.since } : {}), ...(p.until ? { until: p.until } : {}) };
}

export function usePeriod(): [Period, (p: Period) => void] {
  const f = useFragment();
  const since = f.get("since") || defaultSince;
  const until = f.get("until");
  const period = useMemo(() => ({ since, until }), [since, until]);
  return [period, (p) => f.set({ since: p.since === defaultSince && !p.until ? null : p.since, until: p.until })];
}
