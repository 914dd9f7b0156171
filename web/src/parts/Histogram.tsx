import { Button } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import type { Histogram as Data } from "../api/search";
import { useSettings } from "../state/settings";
import { stamp } from "../time/format";
import { compact, count } from "./figures";
import { ticks } from "./ticks";

const height = 118;
const foot = 16;
const top = 12;

/**
 * Histogram shows how many events there were when, errors among them. A stretch
 * is chosen with the pointer, or with the keys: arrows move, Shift and an arrow
 * extend, Enter chooses, Escape gives up. The same figures are in a table.
 */
export function Histogram({ data, choose, label }: { data: Data; choose?: (since: string, until: string) => void; label: string }) {
  const { ref, width } = useElementSize();
  const [table, setTable] = useState(false);
  const n = data.buckets.length;
  return (
    <div>
      <div ref={ref}>{n > 0 && width > 0 && <Bars data={data} width={width} choose={choose} label={label} />}</div>
      <div style={{ display: "flex", flexWrap: "wrap", gap: "0 1rem", alignItems: "baseline", fontSize: "0.8rem" }} className="h-muted">
        <span>
          {count(data.total_events)} events, {count(data.total_errors)} errors
        </span>
        {choose && <span>drag to narrow the period</span>}
        <Button size="compact-xs" variant="subtle" ml="auto" onClick={() => setTable(!table)} aria-expanded={table}>
          {table ? "Hide the table" : "Show as table"}
        </Button>
      </div>
      {table && <Rows data={data} />}
    </div>
  );
}

function Bars({ data, width, choose, label }: { data: Data; width: number; choose?: (since: string, until: string) => void; label: string }) {
  const { zone } = useSettings();
  const svg = useRef<SVGSVGElement>(null);
  const [brush, setBrush] = useState<[number, number] | null>(null); // first and last bucket chosen
  const [cursor, setCursor] = useState<number | null>(null);
  const n = data.buckets.length;
  const most = Math.max(1, ...data.buckets.map((b) => b.count));
  const w = width / n;
  const y = (v: number) => (v / most) * (height - foot - top);
  const at = (e: PointerEvent) => {
    const box = svg.current!.getBoundingClientRect();
    return Math.min(n - 1, Math.max(0, Math.floor(((e.clientX - box.left) / box.width) * n)));
  };
  const startOf = (i: number) => new Date(data.buckets[i]?.start ?? data.end!);
  const commit = (b: [number, number]) => {
    setBrush(null);
    choose?.(startOf(Math.min(...b)).toISOString(), startOf(Math.max(...b) + 1).toISOString());
  };
  const onKey = (e: KeyboardEvent) => {
    const step = e.key === "ArrowLeft" ? -1 : e.key === "ArrowRight" ? 1 : 0;
    if (step) {
      e.preventDefault();
      const from = cursor ?? (step > 0 ? -1 : n);
      const to = Math.min(n - 1, Math.max(0, from + step));
      setCursor(to);
      setBrush(e.shiftKey ? [brush?.[0] ?? Math.max(0, Math.min(n - 1, from)), to] : null);
    } else if (e.key === "Enter" && choose && cursor !== null) commit(brush ?? [cursor, cursor]);
    else if (e.key === "Escape") setBrush(null);
  };
  const shown = cursor === null ? undefined : data.buckets[cursor];
  const says = shown ? `${stamp(new Date(shown.start), zone)}: ${count(shown.count)} events, ${count(shown.errors)} errors` : "";
  return (
    <>
      <svg
        ref={svg}
        className="h-histogram"
        width={width}
        height={height}
        role={choose ? "application" : "img"}
        aria-label={`${label}. ${choose ? "Arrows move over the bars, Shift extends, Enter narrows the period to what is chosen. " : ""}${says}`}
        tabIndex={0}
        onKeyDown={onKey}
        onPointerDown={(e) => {
          if (!choose || e.button !== 0) return;
          e.currentTarget.setPointerCapture(e.pointerId);
          setBrush([at(e), at(e)]);
        }}
        onPointerMove={(e) => {
          setCursor(at(e));
          if (brush) setBrush([brush[0], at(e)]);
        }}
        onPointerUp={() => brush && commit(brush)}
        onPointerCancel={() => setBrush(null)}
        onPointerLeave={() => setCursor(null)}
      >
        <line className="h-h-grid" x1={0} x2={width} y1={height - foot + 0.5} y2={height - foot + 0.5} />
        <text className="h-h-axis" x={2} y={10}>
          {compact(most)}
        </text>
        {data.buckets.map((b, i) => {
          const all = b.count > 0 ? Math.max(1.5, y(b.count)) : 0;
          const bad = b.errors > 0 ? Math.max(1.5, y(b.errors)) : 0;
          return (
            <g key={b.start}>
              {all > 0 && <rect className="h-h-ok" x={i * w + w * 0.08} width={Math.max(1, w * 0.84)} y={height - foot - all} height={all} />}
              {bad > 0 && <rect className="h-h-error" x={i * w + w * 0.08} width={Math.max(1, w * 0.84)} y={height - foot - bad} height={bad} />}
            </g>
          );
        })}
        {cursor !== null && !brush && <rect className="h-h-cursor" x={cursor * w} width={w} y={0} height={height - foot} />}
        {brush && <rect className="h-h-brush" x={Math.min(...brush) * w} width={(Math.abs(brush[1] - brush[0]) + 1) * w} y={0} height={height - foot} />}
        {ticks(startOf(0).getTime(), startOf(n).getTime(), Math.max(2, Math.floor(width / 95)), zone).map((t) => {
          const x = ((t.at - startOf(0).getTime()) / data.width_ms) * w;
          return (
            <g key={t.at}>
              <line className="h-h-grid" x1={x} x2={x} y1={height - foot} y2={height - foot + 3} />
              <text className="h-h-axis" x={x} y={height - 2} textAnchor={x < 30 ? "start" : x > width - 30 ? "end" : "middle"}>
                {t.text}
              </text>
            </g>
          );
        })}
      </svg>
      <div className="h-muted" style={{ fontSize: "0.8rem", minHeight: "1.25em" }} aria-hidden="true">
        {says}
      </div>
    </>
  );
}

function Rows({ data }: { data: Data }) {
  const { zone } = useSettings();
  const some = data.buckets.filter((b) => b.count > 0);
  return (
    <div className="h-scroll" style={{ maxHeight: "16rem", overflow: "auto" }} tabIndex={0} role="group" aria-label="Events over time as a table">
      <table className="h-table">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" className="h-num">Events</th>
            <th scope="col" className="h-num">Errors</th>
          </tr>
        </thead>
        <tbody>
          {some.map((b) => (
            <tr key={b.start}>
              <td>{stamp(new Date(b.start), zone)}</td>
              <td className="h-num">{count(b.count)}</td>
              <td className="h-num">{count(b.errors)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
