import { useVirtualizer } from "@tanstack/react-virtual";
import { forwardRef, useEffect, useImperativeHandle, useRef, type ReactNode } from "react";

import type { Entry } from "../api/entry";

/** Column is a column of a table of events. size is a width as CSS grids have it. */
export interface Column {
  key: string;
  name: string;
  size: string;
  /** least is its width in pixels on a narrow screen. */
  least: number;
  cell: (e: Entry) => ReactNode;
}

export interface RowsHandle {
  toTop: () => void;
}

interface Props {
  columns: Column[];
  total: number; // rows, loaded or not
  row: (i: number) => Entry | undefined;
  classOf?: (e: Entry) => string;
  selected: string; // event id
  onSelect: (id: string, e: Entry) => void;
  onScroll?: (top: number) => void;
  onRange?: (first: number, last: number) => void;
  label: string;
  height: string;
  /** anchor keeps the rows where they are when rows come in above: how many came so far. */
  anchor?: number;
}

const rowHeight = 30;

/**
 * Rows is a table of events that draws only what can be seen. Arrows, j and k,
 * Home, End and the page keys move the selection, Enter opens it.
 */
export const Rows = forwardRef<RowsHandle, Props>(function Rows(props, handle) {
  const { columns, total, row, selected, onSelect, onRange } = props;
  const box = useRef<HTMLDivElement>(null);
  const active = useRef(0); // the row that the keys are at
  const pending = useRef(0); // the frame in which it gets the focus
  const v = useVirtualizer({ count: total, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12, paddingStart: rowHeight });
  useImperativeHandle(handle, () => ({ toTop: () => box.current?.scrollTo({ top: 0 }) }), []);
  const items = v.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => onRange?.(first, last), [first, last, total, onRange]);
  const template = columns.map((c) => c.size).join(" ");
  const least = columns.reduce((n, c) => n + c.least + 10, 20);
  const go = (i: number) => {
    const to = Math.min(total - 1, Math.max(0, i));
    active.current = to;
    v.scrollToIndex(to, { align: "auto" });
    cancelAnimationFrame(pending.current);
    // The row may have to be drawn first.
    pending.current = requestAnimationFrame(() => (pending.current = requestAnimationFrame(focus)));
  };
  const focus = () => box.current?.querySelector<HTMLElement>(`[data-row="${active.current}"]`)?.focus({ preventScroll: true });
  const onKey = (e: React.KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 300) / rowHeight) - 2);
    const steps: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page };
    const step = steps[e.key];
    if (step !== undefined) go(active.current + step);
    else if (e.key === "Home") go(0);
    else if (e.key === "End") go(total - 1);
    else if (e.key === "Enter" || e.key === " ") {
      const entry = row(active.current);
      if (entry) {
        // What opens gives the focus back to where it was: it must be there first.
        cancelAnimationFrame(pending.current);
        focus();
        onSelect(entry.event_id, entry);
      }
    } else return;
    e.preventDefault();
  };
  return (
    <div ref={box} className="h-rows" style={{ height: props.height }} role="table" aria-label={props.label} aria-rowcount={total + 1} aria-colcount={columns.length} onScroll={(e) => props.onScroll?.(e.currentTarget.scrollTop)} onKeyDown={onKey} tabIndex={total === 0 ? 0 : undefined}>
      <div role="rowgroup">
        <div className="h-row h-row-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, minWidth: least }}>
          {columns.map((c) => (
            <div key={c.key} role="columnheader">
              {c.name}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: Math.max(0, v.getTotalSize() - rowHeight), position: "relative", minWidth: least }}>
        {items.map((item) => {
          const e = row(item.index);
          return (
            <div
              key={e?.event_id ?? `row-${item.index}`}
              data-row={item.index}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={e !== undefined && e.event_id === selected}
              tabIndex={item.index === Math.min(Math.max(active.current, first), last) ? 0 : -1}
              className={`h-row ${e && props.classOf ? props.classOf(e) : ""}`}
              style={{ position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${item.start - rowHeight}px)`, gridTemplateColumns: template }}
              onFocus={() => (active.current = item.index)}
              onClick={() => e && onSelect(e.event_id, e)}
            >
              {columns.map((c) => (
                <div key={c.key} role="cell">
                  {e ? c.cell(e) : <span className="h-muted">…</span>}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
});
