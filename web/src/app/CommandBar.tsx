import { Spotlight, spotlight } from "@mantine/spotlight";
import { IconMessageQuestion, IconRoute, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { navigate } from "wouter/use-browser-location";

import { href } from "../state/fragment";
import { useLater } from "../state/later";
import { useSettings } from "../state/settings";
import { meaning, pageOf, type Meaning } from "./ask";
import { places } from "./routes";

/** openCommands opens the command bar. */
export const openCommands = () => spotlight.open();

interface Action {
  id: string;
  label: string;
  description?: string;
  icon: ReactNode;
  run: () => void;
  keep?: boolean; // the bar stays open
}

/** CommandBar goes to pages, understands questions in words, searches, and opens traces by id. It shows the command that a question means. */
export function CommandBar() {
  const [query, setQuery] = useState("");
  const { zone } = useSettings();
  const q = query.trim();
  const later = useLater(q, 250);
  const asked = useQuery({
    queryKey: ["ask", later, zone],
    queryFn: ({ signal }) => meaning(later, zone, signal),
    enabled: /\S\s+\S/.test(later),
    staleTime: 60_000,
    retry: false,
  });
  const places_: Action[] = places
    .filter((p) => q === "" || p.name.toLowerCase().includes(q.toLowerCase()))
    .map((p) => ({ id: p.path, label: p.name, description: p.key && `g ${p.key}`, icon: <p.icon size={18} />, run: () => navigate(href(p.path)) }));
  const actions = [...(asked.data && later === q ? understood(asked.data, setQuery) : []), ...places_, ...(q === "" ? [] : typed(q))];
  return (
    <Spotlight.Root query={query} onQueryChange={setQuery} shortcut={["mod + K"]} clearQueryOnClose scrollable maxHeight="60vh">
      <Spotlight.Search placeholder="Go to a page, search, open a trace, or ask: Show error summary for yesterday" aria-label="Command or question" />
      <Spotlight.ActionsList>
        {actions.map((a) => (
          <Spotlight.Action key={a.id} label={a.label} description={a.description} leftSection={a.icon} onClick={a.run} closeSpotlightOnTrigger={!a.keep} />
        ))}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

/** understood are what a question leads to: its page, or phrases that are near it. */
function understood(m: Meaning, say: (q: string) => void): Action[] {
  if (m.certainty === "none") {
    return (m.nearest ?? []).slice(0, 4).map((text) => ({ id: `near ${text}`, label: text, description: "not understood; did you mean this?", icon: <IconMessageQuestion size={18} />, run: () => say(text), keep: true }));
  }
  const passed = (m.ignored ?? []).length > 0 ? `; passed over: ${m.ignored!.join(", ")}` : "";
  return [{ id: "ask", label: m.line, description: `what this question means, ${m.certainty}${passed}`, icon: <IconMessageQuestion size={18} />, run: () => navigate(pageOf(m.command, m.value)) }];
}

const typed = (q: string): Action[] => [
  { id: "search", label: `Search for ${q}`, icon: <IconSearch size={18} />, run: () => navigate(href("/search", { q })) },
  ...(/\s/.test(q) ? [] : [{ id: "trace", label: `Open the trace, task or event ${q}`, icon: <IconRoute size={18} />, run: () => navigate(href(`/traces/${encodeURIComponent(q)}`)) }]),
];
