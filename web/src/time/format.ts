/** Times are in the reader's zone, or in UTC where the reader asks for it. */
export type Zone = "local" | "utc";

const pad = (n: number, width = 2) => String(n).padStart(width, "0");

interface Parts {
  date: string;
  time: string;
  millis: string;
}

/** partsOf splits an instant into what pages show. */
export function partsOf(t: Date, zone: Zone): Parts {
  const utc = zone === "utc";
  const date = utc
    ? `${t.getUTCFullYear()}-${pad(t.getUTCMonth() + 1)}-${pad(t.getUTCDate())}`
    : `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
  const time = utc
    ? `${pad(t.getUTCHours())}:${pad(t.getUTCMinutes())}:${pad(t.getUTCSeconds())}`
    : `${pad(t.getHours())}:${pad(t.getMinutes())}:${pad(t.getSeconds())}`;
  return { date, time, millis: pad(utc ? t.getUTCMilliseconds() : t.getMilliseconds(), 3) };
}

/** stamp is date and time to the second. */
export function stamp(t: Date, zone: Zone): string {
  const p = partsOf(t, zone);
  return `${p.date} ${p.time}`;
}

/** clock is the time to the millisecond. */
export function clock(t: Date, zone: Zone): string {
  const p = partsOf(t, zone);
  return `${p.time}.${p.millis}`;
}

/** offset names the zone, such as "UTC+02:00". */
export function offset(t: Date, zone: Zone): string {
  if (zone === "utc") return "UTC";
  const m = -t.getTimezoneOffset();
  if (m === 0) return "UTC";
  return `UTC${m < 0 ? "−" : "+"}${pad(Math.floor(Math.abs(m) / 60))}:${pad(Math.abs(m) % 60)}`;
}

/** ago says how long before now t was. */
export function ago(t: Date, now: Date): string {
  const s = Math.round((now.getTime() - t.getTime()) / 1000);
  const n = Math.abs(s);
  const words = n < 60 ? `${n} s` : n < 3600 ? `${Math.floor(n / 60)} min` : n < 86_400 ? `${Math.floor(n / 3600)} h` : `${Math.floor(n / 86_400)} d`;
  return s < 0 ? `in ${words}` : `${words} ago`;
}

/** duration reads as people read it: 0ms, 340ms, 1.2s, 2m03s, 3h04m. */
export function duration(ms: number | undefined | null): string {
  if (ms === undefined || ms === null || !Number.isFinite(ms)) return "";
  if (ms < 0) return "−" + duration(-ms);
  if (ms > 0 && ms < 1) return `${Number(ms.toPrecision(2))}ms`;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)}m${pad(s % 60)}s`;
  return `${Math.floor(s / 3600)}h${pad(Math.floor((s % 3600) / 60))}m`;
}
