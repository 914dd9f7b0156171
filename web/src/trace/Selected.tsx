import { ActionIcon, Button, Drawer, Group } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { plain } from "../api/client";
import type { Entry } from "../api/entry";
import { EntryView } from "../parts/EntryPanel";
import { count, dollars } from "../parts/figures";
import { Failed, Loading } from "../parts/states";
import { Inert } from "../text/Inert";
import { duration } from "../time/format";
import type { Model } from "./model";
import { ProofSteps } from "./ProofSteps";
import type { Incident } from "./timeline";

interface Props {
  model: Model;
  selected: number;
  select: (i: number) => void;
  close: () => void;
  incident?: Incident;
}

/** Selected is the event that is chosen in any view, beside the views; on a narrow screen over them. */
export function Selected(p: Props) {
  const wide = useMediaQuery("(min-width: 70em)", true);
  if (p.selected < 0) return null;
  if (!wide) {
    return (
      <Drawer opened onClose={p.close} position="right" size="lg" title="Event" closeButtonProps={{ "aria-label": "Close" }} overlayProps={{ backgroundOpacity: 0.15 }}>
        <Inside {...p} />
      </Drawer>
    );
  }
  return (
    <aside className="h-panel h-selected" aria-label="Selected event">
      <Group justify="space-between" mb={6}>
        <strong>Event</strong>
        <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={p.close}>
          <IconX size={16} />
        </ActionIcon>
      </Group>
      <Inside {...p} />
    </aside>
  );
}

function Inside({ model: m, selected, select, incident }: Props) {
  const l = m.lines[selected]!;
  const got = useQuery({ queryKey: ["event", l.event_id], queryFn: ({ signal }) => plain<Entry>("GET", `/v1/events/${encodeURIComponent(l.event_id)}`, undefined, signal) });
  const retry = m.timeline.retries?.find((r) => r.event_ids.includes(l.event_id));
  const cause = incident?.root_cause?.event_ids.includes(l.event_id) ? incident.root_cause : undefined;
  const up = m.parent[selected]!;
  return (
    <div style={{ display: "grid", gap: "0.7rem" }}>
      <Group gap={6}>
        <Button size="compact-xs" variant="default" disabled={selected === 0} onClick={() => select(selected - 1)}>Previous</Button>
        <Button size="compact-xs" variant="default" disabled={selected === m.lines.length - 1} onClick={() => select(selected + 1)}>Next</Button>
        {up >= 0 && <Button size="compact-xs" variant="default" onClick={() => select(up)}>What caused it</Button>}
        {m.children[selected]!.length > 0 && <Button size="compact-xs" variant="default" onClick={() => select(m.children[selected]![0]!)}>What it caused ({count(m.children[selected]!.length)})</Button>}
      </Group>
      {cause && (
        <p className="h-note h-note-error">
          <strong>Root cause</strong> ({cause.class}, confidence {Math.round(cause.confidence * 100)}%): <Inert text={cause.why} />
        </p>
      )}
      {retry && (
        <p className={`h-note ${retry.recovered ? "" : "h-note-error"}`}>
          Try {retry.event_ids.indexOf(l.event_id) + 1} of {count(retry.event_ids.length)} of <Inert text={retry.tool_name} />: {retry.recovered ? "a later one succeeded" : "none succeeded"}.
        </p>
      )}
      {l.branch && l.branch.events > 1 && (
        <p className="h-note">
          With what it caused: {count(l.branch.events)} events{l.branch.errors > 0 && `, ${count(l.branch.errors)} errors`}{l.branch.duration_ms !== null && `, ${duration(l.branch.duration_ms)}`}{l.branch.cost_usd !== null && `, ${dollars(l.branch.cost_usd)}`}
        </p>
      )}
      {l.critical_ms ? <p className="h-note">The trace waited {duration(l.critical_ms)} for this event and nothing below it.</p> : null}
      {got.error ? <Failed error={got.error} again={() => void got.refetch()} /> : got.data ? <EntryView entry={got.data} /> : <Loading what="Reading the event" />}
      <section>
        <h3 style={{ fontSize: "0.85rem", margin: "0 0 0.3rem" }} className="h-muted">Proof</h3>
        <ProofSteps key={l.event_id} id={l.event_id} />
      </section>
    </div>
  );
}
