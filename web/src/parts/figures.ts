/** Figures as people read them. What is unknown is said, never shown as 0. */
export const unknown = "unknown";

const plain = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const count = (n: number | null | undefined): string => (n === null || n === undefined ? unknown : plain.format(n));

/** compact is 1,234 or 12.3k or 4.5M. */
export function compact(n: number | null | undefined): string {
  if (n === null || n === undefined) return unknown;
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]] as const) {
    if (Math.abs(n) >= size) return `${(n / (unit === "k" ? 1e3 : size)).toFixed(1).replace(/\.0$/, "")}${unit}`;
  }
  return plain.format(n);
}

/** dollars keeps the cents of small sums: $0.0042, $12.30, $1,234. */
export function dollars(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return "unpriced";
  if (usd === 0) return "$0";
  const n = Math.abs(usd);
  const digits = n < 0.01 ? 6 : n < 1 ? 4 : n < 1000 ? 2 : 0;
  return `${usd < 0 ? "−" : ""}$${n.toLocaleString("en-US", { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: digits })}`;
}

/** percent is a share with one decimal; of nothing it is unknown. */
export const percent = (part: number, whole: number): string => (whole > 0 ? `${((100 * part) / whole).toFixed(1)}%` : unknown);

/** rate is events per second. */
export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined || !Number.isFinite(perSecond)) return unknown;
  if (perSecond === 0) return "0/s";
  return perSecond < 0.01 ? `${(perSecond * 3600).toFixed(1)}/h` : perSecond < 10 ? `${perSecond.toFixed(2)}/s` : `${compact(Math.round(perSecond))}/s`;
}

export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return unknown;
  for (const [size, unit] of [[1 << 30, "GiB"], [1 << 20, "MiB"], [1 << 10, "KiB"]] as const) {
    if (n >= size) return `${(n / size).toFixed(1)} ${unit}`;
  }
  return `${n} B`;
}

/** against says how now differs from before; "" when that cannot be said. */
export function against(now: number | null | undefined, then: number | null | undefined): string {
  if (now === null || now === undefined || then === null || then === undefined) return "";
  if (then === 0) return now === 0 ? "as before" : "none before";
  const change = (100 * (now - then)) / then;
  if (Math.abs(change) < 0.5) return "as before";
  return change > 999 ? "over 10 times before" : `${change > 0 ? "+" : "−"}${Math.abs(change).toFixed(0)}% on before`;
}
