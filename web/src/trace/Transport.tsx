import { ActionIcon, Group, SegmentedControl, Slider } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { typing } from "../app/Shortcuts";
import { duration } from "../time/format";
import type { Model } from "./model";

export interface Playing {
  head: number | null;
  playing: boolean;
  speed: string;
  play: () => void;
  pause: () => void;
  stop: () => void;
  to: (head: number) => void;
  setSpeed: (s: string) => void;
}

/** whole is how long a replay takes at speed "fit", in ms. */
const whole = 30_000;

/** usePlayhead moves a playhead over the trace. The p key plays and pauses. */
export function usePlayhead(m: Model): Playing {
  const [head, setHead] = useState<number | null>(null);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState("fit");
  const now = useRef({ head, playing });
  now.current = { head, playing };
  const rate = speed === "fit" ? m.length / whole : m.timeline.synthetic_times ? Number(speed) / 1000 : Number(speed);
  useEffect(() => {
    setHead(null);
    setPlaying(false);
  }, [m]);
  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function tick(t) {
      const next = Math.min(m.length, (now.current.head ?? 0) + (t - last) * rate);
      last = t;
      setHead(next);
      if (next >= m.length) setPlaying(false);
      else frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, rate, m]);
  const play = () => {
    if (now.current.head === null || now.current.head >= m.length) setHead(0);
    setPlaying(true);
  };
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (e.key !== "p" || typing(e) || e.ctrlKey || e.metaKey || e.altKey) return;
      if (now.current.playing) setPlaying(false);
      else play();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  return {
    head, playing, speed, play, setSpeed,
    pause: () => setPlaying(false),
    stop: () => {
      setPlaying(false);
      setHead(null);
    },
    to: setHead,
  };
}

/** Transport plays the trace: every view follows the playhead. */
export function Transport({ model: m, p }: { model: Model; p: Playing }) {
  const say = (at: number) => (m.timeline.synthetic_times ? `step ${Math.round(at)}` : `+${duration(at) || "0ms"}`);
  return (
    <Group gap={8} wrap="nowrap" className="h-transport" role="group" aria-label="Replay">
      <ActionIcon variant={p.playing ? "filled" : "default"} aria-label={p.playing ? "Pause the replay (p)" : "Play the trace (p)"} onClick={p.playing ? p.pause : p.play}>
        {p.playing ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
      </ActionIcon>
      <Slider size="sm" min={0} max={m.length} step={m.length / 1000} value={p.head ?? m.length} onChange={p.to} label={say} thumbLabel="Playhead" style={{ flex: 1, minWidth: 60 }} />
      <span className="h-muted h-num" style={{ fontSize: "0.8rem", minWidth: "4.5rem" }}>{p.head === null ? "all" : say(p.head)}</span>
      <SegmentedControl size="xs" value={p.speed} onChange={p.setSpeed} aria-label="Speed" data={[{ value: "1", label: "1×" }, { value: "10", label: "10×" }, { value: "100", label: "100×" }, { value: "fit", label: "30 s" }]} />
      {p.head !== null && (
        <ActionIcon variant="default" aria-label="End the replay" onClick={p.stop}>
          <IconX size={16} />
        </ActionIcon>
      )}
    </Group>
  );
}
