import { useSyncExternalStore } from "react";

import type { Zone } from "../time/format";

/** What this browser remembers of its reader. Links never change it. */
export interface Settings {
  zone: Zone;
  /** Columns of the search table. */
  columns: string[];
  views: SavedView[];
}

/** SavedView is a search that the reader has given a name. */
export interface SavedView {
  name: string;
  fragment: string;
}

const key = "hansard.settings";
const defaults: Settings = { zone: "local", columns: [], views: [] };

function read(): Settings {
  try {
    const got: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return { ...defaults, ...(typeof got === "object" && got !== null ? got : {}) };
  } catch {
    return defaults; // of another version, or no storage: the defaults will do
  }
}

let current = typeof localStorage === "undefined" ? defaults : read();
const listeners = new Set<() => void>();

export function changeSettings(change: Partial<Settings>) {
  current = { ...current, ...change };
  try {
    localStorage.setItem(key, JSON.stringify(current));
  } catch {
    // No storage: it holds until the page is left.
  }
  for (const l of listeners) l();
}

export function useSettings(): Settings {
  return useSyncExternalStore(
    (l) => {
      listeners.add(l);
      return () => listeners.delete(l);
    },
    () => current,
  );
}
