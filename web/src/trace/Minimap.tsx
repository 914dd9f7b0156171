import { useMemo, useState, type PointerEvent } from "react";

import type { Model } from "./model";
import { moved, type Window } from "./window";

const mapHeight = 34;

/** Minimap shows the whole trace and which stretch of it is drawn; dragging chooses another. */
export function Minimap({ model: m, width, view, setView }: { model: Model; width: number; view: Window; setView: (w: Window) => void }) {
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
