import { Button, Popover, TextInput } from "@mantine/core";
import { IconClock } from "@tabler/icons-react";
import { useState } from "react";

import { presets, usePeriod, type Period } from "../state/period";
import { useSettings } from "../state/settings";
import { stamp, type Zone } from "../time/format";

/** nameOf says a period in words. */
export function nameOf(p: Period, zone: Zone): string {
  const preset = p.until === "" && presets.find((x) => x.since === p.since);
  if (preset) return preset.label;
  const say = (text: string) => {
    const t = new Date(text);
    return /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(t.getTime()) ? stamp(t, zone) : text;
  };
  return `${say(p.since)} – ${p.until ? say(p.until) : "now"}`;
}

/** PeriodPicker chooses the period that the page is about. */
export function PeriodPicker() {
  const [period, setPeriod] = usePeriod();
  const { zone } = useSettings();
  const [opened, setOpened] = useState(false);
  const choose = (p: Period) => {
    setPeriod(p);
    setOpened(false);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="sm" px="xs" leftSection={<IconClock size={16} className="h-period-icon" />} onClick={() => setOpened(!opened)} aria-label={`Period: ${nameOf(period, zone)}`}>
          <span className="h-period" style={{ maxWidth: "min(22rem, 36vw)", overflow: "hidden", textOverflow: "ellipsis" }}>{nameOf(period, zone)}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div style={{ display: "grid", gap: 4 }}>
          {presets.map((p) => (
            <Button key={p.since} variant={period.since === p.since && !period.until ? "light" : "subtle"} size="compact-sm" justify="start" onClick={() => choose({ since: p.since, until: "" })}>
              {p.label}
            </Button>
          ))}
          <Custom period={period} choose={choose} />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Custom({ period, choose }: { period: Period; choose: (p: Period) => void }) {
  const [since, setSince] = useState(period.since);
  const [until, setUntil] = useState(period.until);
  return (
    <form
      style={{ display: "grid", gap: 6, borderTop: "1px solid var(--h-line)", paddingTop: 8 }}
      onSubmit={(e) => {
        e.preventDefault();
        choose({ since: since || "all", until });
      }}
    >
      <TextInput size="xs" label="Since" description="24h, 7d, yesterday, 2026-11-23" value={since} onChange={(e) => setSince(e.currentTarget.value)} />
      <TextInput size="xs" label="Until" placeholder="now" value={until} onChange={(e) => setUntil(e.currentTarget.value)} />
      <Button type="submit" size="compact-sm">
        Show
      </Button>
    </form>
  );
}
