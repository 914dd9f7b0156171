import { Button, Group, SegmentedControl, TextInput } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { Inert } from "../text/Inert";
import { kindOf } from "../api/entry";
import { duration } from "../time/format";
import { count, dollars } from "../parts/figures";
import { classOf, shown, weight, type Model, type ViewProps } from "./model";

const rowHeight = 28;

type Only = "all" | "marked" | "critical";

/** Waterfall is the tree of what caused what, with a bar for when. It is a tree grid: arrows move, open and close. */
export function Waterfall(p: ViewProps) {
  const { model: m } = p;
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const [only, setOnly] = useState<Only>("all");
  const [typed, setTyped] = useState("");
  const text = useDeferredValue(typed).toLowerCase();
  useEffect(() => setClosed(new Set()), [m]);
  const match = useMemo(() => {
    if (only === "all" && text === "") return undefined;
    return (i: number) => {
      const l = m.lines[i]!;
      if (only === "marked" && weight(l) === 0) return false;
      if (only === "critical" && !l.critical_ms) return false;
      return text === "" || `${l.agent} ${kindOf(l.event_type)} ${l.action} ${l.details} ${l.tool_name ?? ""}`.toLowerCase().includes(text);
    };
  }, [m, only, text]);
  const rows = useMemo(() => shown(m, match ? new Set() : closed, match), [m, closed, match]);
  const toggle = (i: number) => {
    const next = new Set(closed);
    if (!next.delete(i)) next.add(i);
    setClosed(next);
  };
  const hidden = m.lines.length - rows.length;
  return (
    <div>
      <Group gap={8} mb={6}>
        <TextInput size="xs" placeholder="Filter this trace" aria-label="Filter this trace" value={typed} onChange={(e) => setTyped(e.currentTarget.value)} style={{ flex: "1 1 10rem", maxWidth: "18rem" }} />
        <SegmentedControl size="xs" value={only} onChange={(v) => setOnly(v as Only)} data={[{ value: "all", label: "All" }, { value: "marked", label: "What stands out" }, { value: "critical", label: "Critical path" }]} />
        <Button size="compact-sm" variant="default" onClick={() => setClosed(new Set(m.order.filter((i) => m.children[i]!.length > 0 && m.lines[i]!.depth > 0)))}>
          Close all
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => setClosed(new Set())}>
          Open all
        </Button>
        {hidden > 0 && <span className="h-muted" style={{ fontSize: "0.82rem" }}>{count(hidden)} of {count(m.lines.length)} events hidden</span>}
      </Group>
      <Grid {...p} rows={rows} closed={match ? new Set() : closed} toggle={toggle} />
    </div>
  );
}

function Grid({ model: m, rows, closed, toggle, selected, select, causes, head }: ViewProps & { rows: number[]; closed: ReadonlySet<number>; toggle: (i: number) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const at = Math.max(0, rows.indexOf(selected));
  const v = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 16, paddingStart: rowHeight });
  useEffect(() => {
    if (selected >= 0 && rows[at] === selected) v.scrollToIndex(at, { align: "auto" });
  }, [selected]); // eslint-disable-line
  const place = useMemo(() => places(m), [m]);
  const go = (k: number) => {
    const i = rows[Math.min(rows.length - 1, Math.max(0, k))];
    if (i === undefined) return;
    select(i);
    requestAnimationFrame(() => requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-line="${i}"]`)?.focus({ preventScroll: true })));
  };
  const onKey = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const i = rows[at]!;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 300) / rowHeight) - 2);
    const steps: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page };
    const by = steps[e.key];
    if (by !== undefined) go(at + by);
    else if (e.key === "Home") go(0);
    else if (e.key === "End") go(rows.length - 1);
    else if (e.key === "ArrowRight" && closed.has(i)) toggle(i);
    else if (e.key === "ArrowRight") go(at + (m.children[i]!.length > 0 ? 1 : 0));
    else if (e.key === "ArrowLeft" && m.children[i]!.length > 0 && !closed.has(i)) toggle(i);
    else if (e.key === "ArrowLeft") go(rows.indexOf(m.parent[i]!) >= 0 ? rows.indexOf(m.parent[i]!) : at);
    else if (e.key === "Enter" || e.key === " ") select(i);
    else return;
    e.preventDefault();
  };
  const items = v.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items[items.length - 1]?.index ?? 0;
  return (
    <div ref={box} className="h-rows h-waterfall" role="treegrid" aria-label="What caused what" aria-rowcount={rows.length + 1} onKeyDown={onKey} tabIndex={rows.length === 0 ? 0 : undefined}>
      <div role="rowgroup">
        <div className="h-row h-row-head h-wf-row" role="row" aria-rowindex={1}>
          {["Event", "Agent", "Took", "With what it caused", "When"].map((name) => (
            <div key={name} role="columnheader">
              {name}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" style={{ height: Math.max(0, v.getTotalSize() - rowHeight), position: "relative" }}>
        {items.map((item) => {
          const i = rows[item.index]!;
          const l = m.lines[i]!;
          const open = m.children[i]!.length > 0;
          const active = item.index === Math.min(Math.max(at, first), last);
          return (
            <div key={i} data-line={i} role="row" aria-rowindex={item.index + 2} aria-level={l.depth + 1} aria-posinset={place.of[i]} aria-setsize={place.size[i]} aria-expanded={open ? !closed.has(i) : undefined} aria-selected={i === selected} tabIndex={active ? 0 : -1}
              className={`h-row h-wf-row h-row-${classOf(l)} ${head !== null && m.from[i]! > head ? "h-later" : ""}`} style={{ position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${item.start - rowHeight}px)` }} onClick={() => select(i)}>
              <div role="gridcell" style={{ paddingLeft: Math.min(l.depth, 20) * 8 }}>
                <button type="button" tabIndex={-1} className="h-wf-fold" style={{ visibility: open ? "visible" : "hidden" }} aria-label={closed.has(i) ? "Open" : "Close"}
                  onClick={(e) => {
                    e.stopPropagation();
                    toggle(i);
                  }}>
                  {closed.has(i) ? "▸" : "▾"}
                </button>
                <span className={`h-mark ${mark(l.event_type, l.has_error)}`}>{kindOf(l.event_type)}</span> {causes.has(l.event_id) && <span className="h-mark h-mark-cause">root cause</span>} {l.orphan && <span className="h-mark h-mark-warn">parent missing</span>}
                {l.cycle && <span className="h-mark h-mark-warn">circle</span>} {l.skew_ms ? <span className="h-mark h-mark-warn" title="it happened before what caused it: the clocks differ">clock {duration(l.skew_ms)} behind</span> : null} <Inert text={l.details.slice(0, 200)} />
              </div>
              <div role="gridcell"><Inert text={l.agent} /></div>
              <div role="gridcell" className="h-num">{l.duration}</div>
              <div role="gridcell" className="h-muted">{l.branch && l.branch.events > 1 && `${count(l.branch.events)} events${l.branch.duration_ms === null ? "" : `, ${duration(l.branch.duration_ms)}`}${l.branch.cost_usd === null ? "" : `, ${dollars(l.branch.cost_usd)}`}`}</div>
              <div role="gridcell" className="h-wf-when" aria-label={`from ${duration(m.from[i]!)} on`}>
                <i className={`h-wf-bar h-bg-${classOf(l)}`} style={{ left: `${(100 * m.from[i]!) / m.length}%`, width: `max(3px, ${(100 * (m.to[i]! - m.from[i]!)) / m.length}%)` }} />
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}

const mark = (type: string, bad: boolean) => (type === "agent.security" ? "h-mark-security" : bad ? "h-mark-error" : type === "agent.human_intervention" ? "h-mark-warn" : "");

/** places says which child of its parent each line is, of how many. */
function places(m: Model): { of: Int32Array; size: Int32Array } {
  const of = new Int32Array(m.lines.length);
  const size = new Int32Array(m.lines.length);
  const roots = m.order.filter((i) => m.parent[i]! < 0);
  for (const list of [roots, ...m.children]) {
    list.forEach((i, k) => {
      of[i] = k + 1;
      size[i] = list.length;
    });
  }
  return { of, size };
}
