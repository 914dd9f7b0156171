import { ActionIcon, Button, Group, Tooltip } from "@mantine/core";
import { IconMinus, IconPlus } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import { Drawing } from "./Drawing";
import { Minimap } from "./Minimap";
import { words, type ViewProps } from "./model";
import { axisText, moved, zoomed, type Window } from "./window";

/** Lanes draws a lane for each agent, handoffs across them, and a map of the whole to choose a stretch on. */
export function Lanes(p: ViewProps) {
  const { model: m } = p;
  const [width, setWidth] = useState(0);
  const [view, setView] = useState<Window>([0, m.length]);
  useEffect(() => setView([0, m.length]), [m]);
  const zoom = (factor: number, center = (view[0] + view[1]) / 2) => setView(zoomed(view, factor, center, m.length));
  useEffect(() => {
    // What is selected elsewhere is brought into view.
    if (p.selected < 0) return;
    const at = m.from[p.selected]!;
    setView((v) => (at >= v[0] && at <= v[1] ? v : moved(v, at - (v[0] + v[1]) / 2, m.length)));
  }, [p.selected, m]);
  const says = p.selected >= 0 ? words(m, p.selected) : "";
  return (
    <div>
      <Group gap={6} mb={6}>
        <Tooltip label="Closer (+)">
          <ActionIcon variant="default" aria-label="Closer" onClick={() => zoom(0.5)}>
            <IconPlus size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Further away (−)">
          <ActionIcon variant="default" aria-label="Further away" onClick={() => zoom(2)}>
            <IconMinus size={16} />
          </ActionIcon>
        </Tooltip>
        <Button size="compact-sm" variant="default" onClick={() => setView([0, m.length])}>
          All
        </Button>
        <span className="h-muted" style={{ fontSize: "0.8rem" }}>
          {axisText(m, view[0])} to {axisText(m, view[1])}
          {m.timeline.synthetic_times && " · the times were invented by an importer: what is shown is the order"}
        </span>
        <Legend />
      </Group>
      <div className="h-lanes">
        <Drawing {...p} view={view} setView={setView} zoom={zoom} onWidth={setWidth} />
        {width > 0 && <Minimap model={m} width={width} view={view} setView={setView} />}
      </div>
      <div className="h-muted" style={{ fontSize: "0.82rem", minHeight: "1.3em" }} aria-live="polite">
        {says}
      </div>
    </div>
  );
}

function Legend() {
  const kinds: [string, string][] = [["model", "model"], ["tool", "tool"], ["handoff", "handoff"], ["human", "human"], ["error", "error"], ["security", "security"], ["other", "other"]];
  return (
    <span className="h-lane-legend h-muted">
      {kinds.map(([k, name]) => (
        <span key={k}>
          <svg width="10" height="10" aria-hidden="true">
            <rect className={`h-bar-${k}`} width="10" height="10" rx="2" />
          </svg>{" "}
          {name}
        </span>
      ))}
    </span>
  );
}
