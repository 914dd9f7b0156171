import { useElementSize, useMergedRef } from "@mantine/hooks";
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { count } from "../parts/figures";
import { spelled } from "../text/inert";
import { barAt, bars, layoutOf, least, pathsOf, rowHeight, type Bar, type Layout } from "./bars";
import { words, type Hop, type Model, type ViewProps } from "./model";
import { axisText, moved, step, ticks, type Window } from "./window";

interface DrawingProps extends ViewProps {
  view: Window;
  setView: (w: Window) => void;
  zoom: (factor: number, center?: number) => void;
  onWidth: (width: number) => void;
}

/** Drawn is what is drawn of a window of a trace, lane by lane as it is asked for. */
type Drawn = (lane: number) => Map<number, Bar[]>;

const axisHeight = 22;

/** Drawing draws the lanes that can be seen: a trace may have thousands. */
export function Drawing(p: DrawingProps) {
  const { model: m, view, onWidth } = p;
  const [a, b] = view;
  const size = useElementSize();
  const { width } = size;
  const box = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(size.ref, box);
  useEffect(() => onWidth(width), [width]); // eslint-disable-line
  const layout = useMemo(() => layoutOf(m), [m]);
  const [top, setTop] = useState(0);
  const drawn = useMemo<Drawn>(() => {
    const made = new Map<number, Map<number, Bar[]>>();
    return (k) => {
      let found = made.get(k);
      if (!found) made.set(k, (found = bars(m, m.lanes[k]!, a, b, width)));
      return found;
    };
  }, [m, a, b, width]);
  useEffect(() => {
    // What is selected elsewhere is brought into view.
    if (p.selected < 0 || !box.current) return;
    const [y, seen] = [layout.y(p.selected), box.current.clientHeight];
    if (y < box.current.scrollTop + rowHeight || y > box.current.scrollTop + seen - rowHeight) box.current.scrollTop = y - seen / 2;
  }, [p.selected, layout, width > 0]); // eslint-disable-line
  const [first, last] = layout.within(top, top + (box.current?.clientHeight ?? 800));
  return (
    <>
      <Axis model={m} view={view} width={width} />
      <div ref={ref} className="h-lane-scroll" onScroll={(e) => setTop(e.currentTarget.scrollTop)}>
        {width > 0 && (
          <Surface {...p} width={width} layout={layout} drawn={drawn}>
            <Grid model={m} view={view} width={width} height={layout.height} />
            {m.lanes.slice(first, last + 1).map((l, i) => (
              <LaneShape key={l.agent} model={m} lane={first + i} layout={layout} drawn={drawn} width={width} />
            ))}
            <Hops model={m} view={view} width={width} layout={layout} first={first} last={last} />
            <Marks {...p} width={width} layout={layout} />
          </Surface>
        )}
      </div>
    </>
  );
}

const scaleOf = ([a, b]: Window, width: number) => {
  const scale = width / Math.max(b - a, 1e-9);
  return { scale, x: (at: number) => (at - a) * scale };
};

const Axis = memo(function Axis({ model: m, view, width }: { model: Model; view: Window; width: number }) {
  const { x } = scaleOf(view, width);
  return (
    <svg width={width} height={axisHeight} className="h-lane-axis-row" aria-hidden="true">
      {ticks(view[0], view[1], width, m.timeline.synthetic_times).map((t) => (
        <text key={t} className="h-lane-axis" x={Math.max(0, Math.min(width - 46, x(t) + 3))} y={14}>
          {axisText(m, t)}
        </text>
      ))}
    </svg>
  );
});

const Grid = memo(function Grid({ model: m, view, width, height }: { model: Model; view: Window; width: number; height: number }) {
  const { x } = scaleOf(view, width);
  return ticks(view[0], view[1], width, m.timeline.synthetic_times).map((t) => <line key={t} className="h-lane-grid" x1={x(t)} x2={x(t)} y1={0} y2={height} />);
});

/** Surface takes the pointer and the keys. */
function Surface(p: DrawingProps & { width: number; layout: Layout; drawn: Drawn; children: React.ReactNode }) {
  const { model: m, view, width, layout } = p;
  const [a, b] = view;
  const drag = useRef<{ x: number; view: Window; moved: boolean } | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  const [over, setOver] = useState<Bar>();
  useEffect(() => setOver(undefined), [p.drawn]);
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
  const under = (e: { clientX: number; clientY: number }) => {
    const r = svg.current!.getBoundingClientRect();
    return barAt(layout, p.drawn, e.clientX - r.left, e.clientY - r.top);
  };
  const down = (e: PointerEvent) => {
    if (e.button === 0) drag.current = { x: e.clientX, view, moved: false };
  };
  const move = (e: PointerEvent<SVGSVGElement>) => {
    const d = drag.current;
    if (!d) {
      setOver(under(e));
      return;
    }
    if (!d.moved && Math.abs(e.clientX - d.x) < 4) return;
    d.moved = true;
    if (!e.currentTarget.hasPointerCapture(e.pointerId)) e.currentTarget.setPointerCapture(e.pointerId);
    p.setView(moved(d.view, ((d.x - e.clientX) / width) * (b - a), m.length));
  };
  const up = (e: PointerEvent) => {
    const hit = drag.current && !drag.current.moved ? under(e) : undefined;
    drag.current = null;
    if (hit) p.select(hit.i);
  };
  return (
    <svg ref={svg} width={width} height={layout.height} className="h-lane-drawing" role="application" tabIndex={0} onKeyDown={onKey} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => (drag.current = null)} onPointerLeave={() => setOver(undefined)}
      aria-label="Lanes of the agents. Left and right go to the event before and after, up and down to the lane above and below, plus and minus change the scale, 0 shows all. The tree and the log have the same events.">
      {p.children}
      {over && (
        <rect className="h-bar-over" x={over.x - 1} y={layout.y(over.i) - 1} width={over.width + 2} height={rowHeight - 2} rx={2}>
          <title>{over.count > 1 ? `${count(over.count)} events here; ${words(m, over.i)}` : words(m, over.i)}</title>
        </rect>
      )}
    </svg>
  );
}

/** LaneShape is a lane: one shape for all bars of a colour, however many they are. */
const LaneShape = memo(function LaneShape({ model: m, lane: k, layout, drawn, width }: { model: Model; lane: number; layout: Layout; drawn: Drawn; width: number }) {
  const l = m.lanes[k]!;
  const shapes = useMemo(() => pathsOf(m, drawn(k), layout), [m, drawn, k, layout]);
  const y = layout.top(k);
  return (
    <g>
      <line className="h-lane-line" x1={0} x2={width} y1={y} y2={y} />
      <text className="h-lane-name" x={2} y={y + 14}>
        {spelled(l.agent.slice(0, 60))}
        <tspan className="h-lane-count"> {count(l.events.length)}</tspan>
      </text>
      {shapes.map(([name, d]) => (
        <path key={name} className={`h-bar-${name}`} d={d} />
      ))}
    </g>
  );
});

/** mostArrows is how many hops are drawn each with its arrow head. */
const mostArrows = 300;

const Hops = memo(function Hops({ model: m, view, width, layout, first, last }: { model: Model; view: Window; width: number; layout: Layout; first: number; last: number }) {
  const { x } = scaleOf(view, width);
  const seen = m.hops.filter((h) => {
    const [x1, x2] = [x(m.to[h.from]!), x(m.from[h.to]!)];
    const lanes = [m.lane[h.from]!, m.lane[h.to]!];
    return !((x1 < 0 && x2 < 0) || (x1 > width && x2 > width)) && Math.min(...lanes) <= last && Math.max(...lanes) >= first;
  });
  const line = (h: Hop) => {
    const [x1, x2] = [x(m.to[h.from]!), x(m.from[h.to]!)];
    const [y1, y2] = [layout.y(h.from) + rowHeight / 2 - 2, layout.y(h.to) + rowHeight / 2 - 2];
    const bend = Math.max(14, Math.abs(x2 - x1) / 2);
    return `M${x1.toFixed(1)},${y1} C${(x1 + bend).toFixed(1)},${y1} ${(x2 - bend).toFixed(1)},${y2} ${x2.toFixed(1)},${y2}`;
  };
  if (seen.length > mostArrows) {
    return (["handoff", "delegation"] as const).map((kind) => <path key={kind} className={`h-hop h-hop-${kind} h-hop-many`} d={seen.filter((h) => h.kind === kind).map(line).join("")} />);
  }
  return (
    <>
      <defs>
        <marker id="h-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
          <path d="M0,0 L8,4 L0,8 z" className="h-hop-head" />
        </marker>
      </defs>
      {seen.map((h) => <path key={`${h.from}-${h.to}`} className={`h-hop h-hop-${h.kind}`} d={line(h)} markerEnd="url(#h-arrow)" />)}
    </>
  );
});

/** Marks are the root cause, what is selected, and how far the replay has come. */
function Marks({ model: m, view, width, layout, causes, selected, head }: DrawingProps & { width: number; layout: Layout }) {
  const { scale, x } = scaleOf(view, width);
  const seen = (i: number) => m.to[i]! >= view[0] && m.from[i]! <= view[1];
  const found = [...causes].map((id) => m.index.get(id)).filter((i): i is number => i !== undefined && seen(i));
  const played = head === null ? 0 : Math.max(0, Math.min(width, x(head)));
  return (
    <>
      {found.map((i) => (
        <path key={i} className="h-bar-cause" d={`M${Math.max(5, Math.min(width - 5, x((m.from[i]! + m.to[i]!) / 2))) - 5},${layout.y(i) - 9} h10 l-5,8 z`} />
      ))}
      {selected >= 0 && seen(selected) && (
        <rect className="h-bar-selected" x={x(m.from[selected]!) - 2} y={layout.y(selected) - 2} width={Math.max(least, (m.to[selected]! - m.from[selected]!) * scale) + 4} height={rowHeight} rx={3} />
      )}
      {head !== null && (
        <>
          <rect className="h-lane-later" x={played} y={0} width={width - played} height={layout.height} />
          <line className="h-lane-head" x1={played} x2={played} y1={0} y2={layout.height} />
        </>
      )}
    </>
  );
}
