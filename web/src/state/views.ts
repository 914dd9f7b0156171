import type { SavedView } from "./settings";

/**
 * Views are kept by the browser that saved them: the server knows of none, because a
 * search may name persons. A link carries them to another reader or browser, in its
 * fragment, which no server sees.
 */
const most = 50;

/** packed is a list of views as a link carries it: base64url of JSON. */
export function packed(views: SavedView[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(views.map((v) => [v.name, v.fragment])));
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** unpacked reads what a link carries; anything else is no view. */
export function unpacked(text: string): SavedView[] {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const got: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (!Array.isArray(got)) return [];
    return got
      .filter((v): v is [string, string] => Array.isArray(v) && typeof v[0] === "string" && typeof v[1] === "string" && v[0].trim() !== "")
      .slice(0, most)
      .map(([name, fragment]) => ({ name: name.trim().slice(0, 80), fragment: fragment.slice(0, 8000) }));
  } catch {
    return []; // cut or mistyped
  }
}

/** merged adds views to those that are kept. One with the name of another gets a number: nothing of the reader's is overwritten. */
export function merged(kept: SavedView[], brought: SavedView[]): SavedView[] {
  const out = kept.slice();
  for (const v of brought) {
    if (out.some((k) => k.fragment === v.fragment)) continue;
    let name = v.name;
    for (let n = 2; out.some((k) => k.name === name); n++) name = `${v.name} (${n})`;
    out.push({ name, fragment: v.fragment });
  }
  return out;
}
