import { Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import { navigate } from "wouter/use-browser-location";

import { href } from "../state/fragment";
import { places } from "./routes";

/** typing reports whether keys go into a field. */
export const typing = (e: KeyboardEvent): boolean => {
  const t = e.target as HTMLElement | null;
  return !!t?.closest("input, textarea, select, [contenteditable], [role=dialog]");
};

const local: [string, string][] = [
  ["Ctrl K", "commands and questions"],
  ["?", "this list"],
  ["/", "to the search bar"],
  ["j  k", "to the rows; next and previous row"],
  ["Enter", "open the row"],
  ["Esc", "close what is open"],
  ["p", "pause or go on (live, replay)"],
];

/** toRows moves to the row that the keys are at, of the first table of events. It returns whether there is one that the keys are not in yet. */
function toRows(): boolean {
  const rows = document.querySelector(".h-rows");
  const row = rows?.querySelector<HTMLElement>("[role=row][tabindex='0']");
  if (!row || rows!.contains(document.activeElement)) return false;
  row.focus();
  return true;
}

/** Shortcuts are the keys that work on every page, and the list of all keys. */
export function Shortcuts() {
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    let g = 0; // when g was pressed
    const onKey = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
      if (e.key === "?") setOpened(true);
      else if (e.key === "/") {
        e.preventDefault();
        const bar = document.querySelector<HTMLInputElement>("[data-search-bar]");
        if (bar) bar.focus();
        else navigate(href("/search"));
      } else if ((e.key === "j" || e.key === "k") && !e.defaultPrevented && !(e.target as Element).closest("[role=application]")) {
        if (toRows()) e.preventDefault();
      } else if (e.key === "g") {
        g = e.timeStamp;
        return;
      } else if (g && e.timeStamp - g < 1500) {
        const place = places.find((p) => p.key === e.key);
        if (place) {
          navigate(href(place.path));
          e.preventDefault();
        }
      }
      g = 0;
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <Modal opened={opened} onClose={() => setOpened(false)} title="Keys" closeButtonProps={{ "aria-label": "Close" }}>
      <table className="h-table">
        <tbody>
          {[...local, ...places.filter((p) => p.key).map((p): [string, string] => [`g  ${p.key}`, p.name])].map(([keys, what]) => (
            <tr key={what}>
              <td>
                {keys.split(/ +/).map((k, i) => (
                  <span key={i}>
                    <kbd>{k}</kbd>{" "}
                  </span>
                ))}
              </td>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
