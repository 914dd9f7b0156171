import { Spotlight, spotlight, type SpotlightActionData } from "@mantine/spotlight";
import { IconSearch, IconRoute } from "@tabler/icons-react";
import { useState } from "react";
import { navigate } from "wouter/use-browser-location";

import { href } from "../state/fragment";
import { places } from "./routes";

/** openCommands opens the command bar. */
export const openCommands = () => spotlight.open();

/** CommandBar goes to pages, searches, and opens traces by id. */
export function CommandBar() {
  const [query, setQuery] = useState("");
  const q = query.trim();
  const go: SpotlightActionData[] = places
    .filter((p) => q === "" || p.name.toLowerCase().includes(q.toLowerCase()))
    .map((p) => ({ id: p.path, label: p.name, description: p.key ? `g ${p.key}` : undefined, leftSection: <p.icon size={18} />, onClick: () => navigate(href(p.path)) }));
  const asked: SpotlightActionData[] =
    q === ""
      ? []
      : [
          { id: "search", label: `Search for ${q}`, leftSection: <IconSearch size={18} />, onClick: () => navigate(href("/search", { q })) },
          ...(/\s/.test(q) ? [] : [{ id: "trace", label: `Open the trace, task or event ${q}`, leftSection: <IconRoute size={18} />, onClick: () => navigate(href(`/traces/${encodeURIComponent(q)}`)) }]),
        ];
  return (
    <Spotlight.Root query={query} onQueryChange={setQuery} shortcut={["mod + K"]} clearQueryOnClose>
      <Spotlight.Search placeholder="Go to a page, search, open a trace, or ask" aria-label="Command" />
      <Spotlight.ActionsList>
        {[...go, ...asked].map((a) => (
          <Spotlight.Action key={a.id} label={a.label} description={a.description} leftSection={a.leftSection} onClick={a.onClick} />
        ))}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
