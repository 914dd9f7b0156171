import { useCallback, useSyncExternalStore } from "react";

/**
 * What a page shows is in the fragment of its address: searches may name persons,
 * and a fragment is never sent to a server or written into its logs, but is kept
 * by links and by the back button.
 */
export type Change = Record<string, string | null | undefined>;

const events = ["popstate", "hashchange", "pushState", "replaceState"];

function subscribe(listener: () => void) {
  for (const e of events) addEventListener(e, listener);
  return () => {
    for (const e of events) removeEventListener(e, listener);
  };
}

/** changed returns the fragment with a change; empty values go. */
export function changed(fragment: string, change: Change): string {
  const p = new URLSearchParams(fragment.replace(/^#/, ""));
  for (const [key, value] of Object.entries(change)) {
    if (value === null || value === undefined || value === "") p.delete(key);
    else p.set(key, value);
  }
  return p.toString();
}

/** carried are what links to other pages keep. */
const carried = ["since", "until"];

/** href is a link to a page that keeps the period unless state names one. */
export function href(path: string, state: Change = {}): string {
  const here = new URLSearchParams(typeof location === "undefined" ? "" : location.hash.slice(1));
  const keep: Change = {};
  for (const key of carried) keep[key] = here.get(key);
  const fragment = changed("", { ...keep, ...state });
  return fragment === "" ? path : `${path}#${fragment}`;
}

export interface Fragment {
  get: (key: string) => string;
  /** set changes the address; replace makes no step for the back button. */
  set: (change: Change, how?: "push" | "replace") => void;
  text: string;
}

export function useFragment(): Fragment {
  const text = useSyncExternalStore(subscribe, () => location.hash.slice(1));
  const get = useCallback((key: string) => new URLSearchParams(text).get(key) ?? "", [text]);
  const set = useCallback((change: Change, how: "push" | "replace" = "push") => {
    const next = changed(location.hash, change);
    if (next === location.hash.slice(1)) return;
    const to = location.pathname + (next === "" ? "" : "#" + next);
    if (how === "push") history.pushState(null, "", to);
    else history.replaceState(null, "", to);
    dispatchEvent(new Event("hashchange"));
  }, []);
  return { get, set, text };
}

/** decoded is an id out of a path. */
export function decoded(s: string | undefined): string {
  try {
    return decodeURIComponent(s ?? "");
  } catch {
    return s ?? ""; // a lone %
  }
}
