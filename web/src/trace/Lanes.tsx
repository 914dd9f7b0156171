import { ActionIcon, Button, Group, Tooltip } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconMinus, IconPlus } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { kindOf } from "../api/entry";
import { spelled } from "../text/inert";
import { duration } from "../time/format";
import { bars, classOf, least, type Bar, type Model } from "./model";

export interface ViewProps {
  model: Model;
  selected: number; // line, -1: none
  select: (i: number) => void;
  causes: ReadonlySet<string>; // event ids of the root cause
  head: number | null; // how far the replay has come; null: no replay
}

const rowHeight = 14;
const gap = 10;
const axis = 22;

type Window = [number, number];

/** axisText is an offset from the begin of the trace; a step where times were invented. */
const axisText = (m: Model, at: number) => (m.timeline.synthetic_times ? `step ${Math.round(at)}` : at === 0 ? "0" : `+${duration(at)}`);

/** Lanes draws a lane for each agent, handoffs across them, and a map of the whole to choose a stretch on. */
export function Lanes(p: ViewProps) {
  const { model: m } = p;
  const { ref, width } = useElementSize();
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
      <div ref={ref} className="h-lanes">
        {width > 0 && <Drawing {...p} width={width} view={view} setView={setView} zoom={zoom} />}
        {width > 0 && <Minimap model={m} width={width} view={view} setView={setView} />}
      </div>
      <div className="h-muted" style={{ fontSize: "0.82rem", minHeight: "1.3em" }} aria-live="polite">
        {says}
      </div>
    </div>
  );
}

function words(m: Model, i: number): string {
  const l = m.lines[i]!;
  return spelled(`${l.agent || "no agent"}: ${kindOf(l.event_type)}, ${l.details.slice(0, 160)}${l.duration ? `, took ${l.duration}` : ""}${l.status ? `, ${l.status}` : ""}`);
}

/** zoomed changes the window about a centre, and keeps it inside. */
export function zoomed([a, b]: Window, factor: number, center: number, length: number): Window {
  const size = Math.min(length, Math.max((b - a) * factor, length / 1e6, 0.001));
  const share = b > a ? (center - a) / (b - a) : 0.5;
  return inside(center - size * share, size, length);
}

export const moved = ([a, b]: Window, by: number, length: number): Window => inside(a + by, b - a, length);

function inside(a: number, size: number, length: number): Window {
  const from = Math.max(0, Math.min(a, length - size));
  return [from, from + size];
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

interface DrawingProps extends ViewProps {
  width: number;
  view: Window;
  setView: (w: Window) => void;
  zoom: (factor: number, center?: number) => void;
}

/** tops are where the lanes begin, and where the last ends. */
function tops(m: Model): number[] {
  const out = [axis];
  for (const l of m.lanes) out.push(out[out.length - 1]! + 16 + l.rows * rowHeight + gap);
  return out;
}

function Drawing(p: DrawingProps) {
  const { model: m, width, view } = p;
  const [a, b] = view;
  const top = useMemo(() => tops(m), [m]);
  const height = top[top.length - 1]!;
  const scale = width / Math.max(b - a, 1e-9);
  const x = (at: number) => (at - a) * scale;
  const drawn = useMemo(() => m.lanes.map((l) => bars(m, l, a, b, width)), [m, a, b, width]);
  const y = (i: number) => top[m.lane[i]!]! + 16 + m.row[i]! * rowHeight;
  const drag = useRef<{ x: number; view: Window } | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  useEffect(() => {
    // React's wheel listeners are passive; zooming must keep the page still.
    const el = svg.current;
    const onWheel = (e: WheelEvent) => {
      if (!e.ctrlKey && !e.shiftKey) return;
      e.preventDefault();
      const at = a + ((e.clientX - el!.getBoundingClientRect().left) / width) * (b - a);
      if (e.ctrlKey) p.zoom(e.deltaY > 0 ? 1.25 : 0.8, at);
      else p.setView(moved(view, ((e.deltaY || e.deltaX) / width) * (b - a), m.length));
    };
    el?.addEventListener("wheel", onWheel, { passive: false });
    return () => el?.removeEventListener("wheel", onWheel);
  });
  const onKey = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const to = step(m, p.selected, e.key);
    if (to !== undefined) p.select(to);
    else if (e.key === "+" || e.key === "=") p.zoom(0.5, p.selected >= 0 ? m.from[p.selected]! : undefined);
    else if (e.key === "-") p.zoom(2, p.selected >= 0 ? m.from[p.selected]! : undefined);
    else if (e.key === "0") p.setView([0, m.length]);
    else return;
    e.preventDefault();
  };
  const down = (e: PointerEvent) => {
    if (e.button === 0) drag.current = { x: e.clientX, view };
  };
  const move = (e: PointerEvent<SVGSVGElement>) => {
    if (!drag.current || Math.abs(e.clientX - drag.current.x) < 4) return;
    if (!e.currentTarget.hasPointerCapture(e.pointerId)) e.currentTarget.setPointerCapture(e.pointerId);
    p.setView(moved(drag.current.view, ((drag.current.x - e.clientX) / width) * (b - a), m.length));
  };
  return (
    <svg ref={svg} width={width} height={height} className="h-lane-drawing" role="application" tabIndex={0} onKeyDown={onKey} onPointerDown={down} onPointerMove={move} onPointerUp={() => (drag.current = null)} onPointerCancel={() => (drag.current = null)}
      aria-label="Lanes of the agents. Left and right go to the event before and after, up and down to the lane above and below, plus and minus change the scale, 0 shows all. The tree and the log have the same events.">
      <defs>
        <marker id="h-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
          <path d="M0,0 L8,4 L0,8 z" className="h-hop-head" />
        </marker>
      </defs>
      {ticks(a, b, width, m.timeline.synthetic_times).map((t) => (
        <g key={t}>
          <line className="h-lane-grid" x1={x(t)} x2={x(t)} y1={axis - 4} y2={height} />
          <text className="h-lane-axis" x={Math.max(0, Math.min(width - 46, x(t) + 3))} y={13}>
            {axisText(m, t)}
          </text>
        </g>
      ))}
      {m.lanes.map((l, k) => (
        <g key={l.agent}>
          <line className="h-lane-line" x1={0} x2={width} y1={top[k]! - gap / 2} y2={top[k]! - gap / 2} />
          <text className="h-lane-name" x={2} y={top[k]! + 10}>
            {spelled(l.agent.slice(0, 60))}
            <tspan className="h-lane-count"> {l.events.length}</tspan>
          </text>
          {[...drawn[k]!].flatMap(([, list]) => list).map((bar) => (
            <BarShape key={bar.i} bar={bar} y={y(bar.i)} {...p} />
          ))}
        </g>
      ))}
      {m.hops.map((h) => {
        const [x1, x2] = [x(m.to[h.from]!), x(m.from[h.to]!)];
        if ((x1 < 0 && x2 < 0) || (x1 > width && x2 > width)) return null;
        const [y1, y2] = [y(h.from) + rowHeight / 2 - 2, y(h.to) + rowHeight / 2 - 2];
        const bend = Math.max(14, Math.abs(x2 - x1) / 2);
        return <path key={`${h.from}-${h.to}`} className={`h-hop h-hop-${h.kind}`} d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`} markerEnd="url(#h-arrow)" />;
      })}
      {[...p.causes].map((id) => m.index.get(id)).filter((i) => i !== undefined && m.to[i]! >= a && m.from[i]! <= b).map((i) => (
        <path key={i} className="h-bar-cause" d={`M${Math.max(5, Math.min(width - 5, x((m.from[i!]! + m.to[i!]!) / 2))) - 5},${y(i!) - 9} h10 l-5,8 z`} />
      ))}
      {p.selected >= 0 && m.to[p.selected]! >= a && m.from[p.selected]! <= b && (
        <rect className="h-bar-selected" x={x(m.from[p.selected]!) - 2} y={y(p.selected) - 2} width={Math.max(least, (m.to[p.selected]! - m.from[p.selected]!) * scale) + 4} height={rowHeight} rx={3} />
      )}
      {p.head !== null && p.head >= a && p.head <= b && <line className="h-lane-head" x1={x(p.head)} x2={x(p.head)} y1={axis - 6} y2={height} />}
    </svg>
  );
}

function BarShape({ bar, y, model: m, select, head }: { bar: Bar; y: number } & ViewProps) {
  const l = m.lines[bar.i]!;
  const later = head !== null && m.from[bar.i]! > head;
  return (
    <g onClick={() => select(bar.i)} className={`h-bar ${later ? "h-later" : ""}`}>
      <title>{bar.count > 1 ? `${bar.count} events here; ${words(m, bar.i)}` : words(m, bar.i)}</title>
      <rect className={`h-bar-${classOf(l)}`} x={bar.x} y={y} width={bar.width} height={rowHeight - 4} rx={2} />
      {l.critical_ms ? <rect className="h-bar-critical" x={bar.x} y={y + rowHeight - 5} width={bar.width} height={2} /> : null}
    </g>
  );
}

/** step is the line that a key leads to from a line. */
export function step(m: Model, from: number, key: string): number | undefined {
  if (m.lines.length === 0) return undefined;
  if (from < 0) return key.startsWith("Arrow") || key === "Home" ? 0 : key === "End" ? m.lines.length - 1 : undefined;
  switch (key) {
    case "ArrowRight":
    case "j":
      return Math.min(m.lines.length - 1, from + 1);
    case "ArrowLeft":
    case "k":
      return Math.max(0, from - 1);
    case "Home":
      return 0;
    case "End":
      return m.lines.length - 1;
    case "ArrowUp":
    case "ArrowDown": {
      const lane = m.lanes[m.lane[from]! + (key === "ArrowUp" ? -1 : 1)];
      if (!lane) return from;
      const at = m.from[from]!;
      return lane.events.reduce((best, i) => (Math.abs(m.from[i]! - at) < Math.abs(m.from[best]! - at) ? i : best), lane.events[0]!);
    }
  }
  return undefined;
}

/** ticks are round places of the axis. */
export function ticks(a: number, b: number, width: number, steps: boolean): number[] {
  const most = Math.max(1, Math.floor(width / 110));
  const rough = (b - a) / most;
  const sizes = steps ? [1, 2, 5, 10] : rough < 1000 ? [1, 2, 5, 10] : rough < 60_000 ? [1, 2, 5, 10, 15, 30, 60] : [1, 2, 5, 10, 15, 30, 60];
  const unit = steps || rough < 1000 ? 10 ** Math.floor(Math.log10(Math.max(rough, steps ? 1 : 1e-3))) : rough < 60_000 ? 1000 : rough < 3_600_000 ? 60_000 : 3_600_000;
  const every = unit * (sizes.find((s) => s * unit >= rough) ?? Math.ceil(rough / unit));
  const out = [];
  for (let t = Math.ceil(a / every) * every; t <= b && out.length < 50; t += every) out.push(t);
  return out;
}

const mapHeight = 34;

/** Minimap shows the whole trace and which stretch of it is drawn; dragging chooses another. */
function Minimap({ model: m, width, view, setView }: { model: Model; width: number; view: Window; setView: (w: Window) => void }) {
  const bins = useMemo(() => {
    const n = Math.max(1, Math.floor(width / 3));
    const all = new Uint32Array(n);
    const bad = new Uint32Array(n);
    m.lines.forEach((l, i) => {
      const k = Math.min(n - 1, Math.floor((m.from[i]! / m.length) * n));
      all[k]!++;
      if (l.has_error) bad[k]!++;
    });
    return { n, all, bad, most: Math.max(1, ...all) };
  }, [m, width]);
  const [drag, setDrag] = useState<Window | null>(null);
  const at = (e: PointerEvent<SVGSVGElement>) => Math.max(0, Math.min(m.length, ((e.clientX - e.currentTarget.getBoundingClientRect().left) / width) * m.length));
  const shown: Window = drag ? [Math.min(...drag), Math.max(...drag)] : view;
  const h = (v: number) => (v === 0 ? 0 : Math.max(2, Math.sqrt(v / bins.most) * (mapHeight - 2)));
  return (
    <svg width={width} height={mapHeight} className="h-minimap" aria-hidden="true"
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId);
        setDrag([at(e), at(e)]);
      }}
      onPointerMove={(e) => drag && setDrag([drag[0], at(e)])}
      onPointerUp={() => {
        if (drag) setView(shown[1] - shown[0] < m.length / 200 ? moved(view, drag[0] - (view[0] + view[1]) / 2, m.length) : shown);
        setDrag(null);
      }}
      onPointerCancel={() => setDrag(null)}>
      {Array.from(bins.all, (v, k) => v > 0 && <rect key={k} className={bins.bad[k] ? "h-bar-error" : "h-bar-other"} x={(k * width) / bins.n} width={Math.max(1, width / bins.n - 1)} y={mapHeight - h(v)} height={h(v)} />)}
      <rect className="h-h-brush" x={(shown[0] / m.length) * width} width={Math.max(2, ((shown[1] - shown[0]) / m.length) * width)} y={0} height={mapHeight} />
    </svg>
  );
}
