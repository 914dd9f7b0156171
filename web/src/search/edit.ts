/**
 * Editing a search as text: what facets, links and the bar do to it. A search is a
 * list of terms that must all hold; a term may be a group in parentheses, and OR
 * between terms makes the whole one group.
 */

/** term is "field:value" with the value quoted where the language needs it. */
export function term(field: string, value: string): string {
  return `${field}:${quoted(value)}`;
}

/** quoted is a value as the language reads it back. */
export function quoted(value: string): string {
  if (/^[\p{L}\p{N}_\-./@:]+$/u.test(value) && !/^(OR|AND|NOT)$/.test(value) && !value.startsWith("-") && !value.includes("..")) return value;
  return `"${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
}

/** terms splits a search at the spaces between its terms. Quotes and parentheses hold together. */
export function terms(q: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let inQuotes = false;
  let from = -1;
  for (let i = 0; i <= q.length; i++) {
    const c = q[i];
    if (c === undefined || (!inQuotes && depth === 0 && /\s/.test(c))) {
      if (from >= 0) out.push(q.slice(from, i));
      from = -1;
      continue;
    }
    if (from < 0) from = i;
    if (inQuotes && c === "\\") i++;
    else if (c === '"') inQuotes = !inQuotes;
    else if (!inQuotes && c === "(") depth++;
    else if (!inQuotes && c === ")") depth = Math.max(0, depth - 1);
  }
  return out;
}

/** has says whether the term is one of the search's. */
export const has = (q: string, t: string): boolean => terms(q).includes(t);

/** anded is the search as a list that a term can be added to. */
function anded(q: string): string[] {
  const list = terms(q);
  return list.some((t) => t === "OR") ? [`(${q.trim()})`] : list;
}

/** added is the search with a term more, in place of its opposite if that is there. */
export function added(q: string, t: string): string {
  if (has(q, t)) return q.trim();
  const opposite = t.startsWith("-") ? t.slice(1) : "-" + t;
  return [...anded(q).filter((x) => x !== opposite && x !== "*"), t].join(" ");
}

/** removed is the search without a term. */
export const removed = (q: string, t: string): string => terms(q).filter((x) => x !== t).join(" ");

/** toggled adds a term, or takes it away. */
export const toggled = (q: string, t: string): string => (has(q, t) ? removed(q, t) : added(q, t));

/** byteAt turns a place in a string into bytes of UTF-8, in which the API counts. */
export const byteAt = (s: string, at: number): number => new TextEncoder().encode(s.slice(0, at)).length;

/** placeAt turns bytes of UTF-8 into a place in the string. */
export function placeAt(s: string, bytes: number): number {
  let n = 0;
  for (let i = 0; i < s.length; ) {
    if (n >= bytes) return i;
    const c = s.codePointAt(i)!;
    n += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    i += c > 0xffff ? 2 : 1;
  }
  return s.length;
}

/** inserted puts a completion's text into the search, and says where the cursor is then. */
export function inserted(q: string, from: number, to: number, insert: string): { q: string; cursor: number } {
  const a = placeAt(q, from);
  const b = placeAt(q, to);
  const before = q.slice(0, a) + insert;
  const space = insert.endsWith(":") || q[b] === " " || insert.endsWith(" ") ? "" : " ";
  return { q: before + space + q.slice(b), cursor: before.length + space.length };
}
