import "@xyflow/react/dist/style.css";

import { Button, Group, SegmentedControl, useComputedColorScheme } from "@mantine/core";
import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeProps } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";

import { kindOf } from "../api/entry";
import { compact, count, dollars } from "../parts/figures";
import { Failed, Loading } from "../parts/states";
import { useFragment } from "../state/fragment";
import { Inert } from "../text/Inert";
import { spelled } from "../text/inert";
import type { ViewProps } from "./model";
import { mostEdges, mostNodes, type Box, type Laid } from "./layout";
import { nearEvents, nearGraph, nodeOf } from "./near";
import { useGraph, type GraphData, type GraphNode, type GraphOf } from "./timeline";

const size = { width: 190, height: 74 };

/** Graph shows who handed over or delegated to whom, or what caused what. The table below it has the same. */
export function Graph(p: ViewProps) {
  const f = useFragment();
  const of = (["agents", "expanded", "events"].includes(f.get("graph")) ? f.get("graph") : "agents") as GraphOf;
  const { model: m } = p;
  // That of all events of a long trace is never drawn whole: the part that is comes from the timeline.
  const long = of === "events" && m.lines.length > mostNodes;
  const got = useGraph(m.timeline.trace_id, of, !long);
  const part = useNear(p, long ? undefined : got.data, long);
  return (
    <div>
      <Group gap={8} mb={6}>
        <SegmentedControl size="xs" value={of} onChange={(v) => f.set({ graph: v === "agents" ? "" : v }, "replace")} data={[{ value: "agents", label: "Agents" }, { value: "expanded", label: "Each stretch of work" }, { value: "events", label: "Events" }]} />
        {(["dot", "mermaid"] as const).map((format) => (
          <Button key={format} component="a" size="compact-sm" variant="default" href={`/v1/traces/${encodeURIComponent(p.model.timeline.trace_id)}/graph?of=${of === "events" ? "events" : "agents"}${of === "expanded" ? "&expanded=true" : ""}&format=${format}`} download={`trace.${format === "dot" ? "dot" : "mmd"}`}>
            {format === "dot" ? "Graphviz" : "Mermaid"}
          </Button>
        ))}
      </Group>
      {got.error ? <Failed error={got.error} again={() => void got.refetch()} /> : null}
      {!long && got.isPending && <Loading what="Drawing the graph" />}
      {part && part.of > part.data.nodes.length && (
        <p className="h-note">
          {count(part.data.nodes.length)} of {count(part.of)} {of === "events" ? "events" : "stretches of work"}: those nearest to <button type="button" className="h-link" onClick={() => p.select(part.focus)}><Inert text={part.name.slice(0, 80)} /></button>.
          {" "}What is selected elsewhere on the page is gone to. The Graphviz and Mermaid files have all.
        </p>
      )}
      {part && <Flow {...p} data={part.data} />}
      {part && <Edges data={part.data} />}
    </div>
  );
}

/** Part is what is drawn of a graph, about which line. */
interface Part {
  data: GraphData;
  of: number; // nodes of the whole
  focus: number;
  name: string;
}

/**
 * useNear is a graph, or of one that is too large the part about the line that is
 * selected, else about the root cause, the first error, or the begin. It stays while
 * what is selected is in it.
 */
function useNear({ model: m, selected, causes }: ViewProps, whole: GraphData | undefined, long: boolean): Part | undefined {
  const kept = useRef<{ key: unknown; part: Part }>(undefined);
  return useMemo(() => {
    const key = long ? m : whole;
    if (!key) return undefined;
    if (whole && whole.nodes.length <= mostNodes && whole.edges.length <= mostEdges) return { data: whole, of: whole.nodes.length, focus: -1, name: "" };
    const had = kept.current?.key === key ? kept.current.part : undefined;
    const at = whole ? nodeOf(whole, m.lines[selected])?.id : m.lines[selected]?.event_id;
    if (had && (at === undefined || had.data.nodes.some((n) => n.id === at))) return had;
    const cause = m.index.get([...causes][0] ?? "") ?? -1;
    const focus = selected >= 0 ? selected : cause >= 0 ? cause : Math.max(0, m.lines.findIndex((l) => l.has_error));
    const l = m.lines[focus]!;
    const data = whole ? nearGraph(whole, (nodeOf(whole, l) ?? whole.nodes[0]!).id) : nearEvents(m, focus);
    const part = { data, of: whole?.nodes.length ?? m.lines.length, focus, name: `${l.agent || "no agent"}: ${l.details || l.action}` };
    kept.current = { key, part };
    return part;
  }, [m, selected, causes, whole, long]);
}

type Shown = Node<{ node: GraphNode; glow: boolean; cause: boolean }, "box">;

function Flow({ data, model: m, selected, select, head, causes }: ViewProps & { data: GraphData }) {
  const places = useLayout(data);
  const chosen = selected >= 0 ? m.lines[selected] : undefined;
  const nodes = useMemo<Shown[]>(() => {
    const start = m.timeline.start ? Date.parse(m.timeline.start) : 0;
    const at = new Map(places?.map((x) => [x.id, x]));
    return data.nodes.map((n) => ({
      id: n.id,
      type: "box",
      position: at.get(n.id) ?? { x: 0, y: 0 },
      data: {
        node: n,
        glow: head !== null && n.start !== null && n.end !== null && Date.parse(n.start) - start <= head && head <= Math.max(Date.parse(n.end) - start, Date.parse(n.start) - start + 500),
        cause: n.event_id !== undefined && causes.has(n.event_id),
      },
      selected: n.event_id === chosen?.event_id || (data.of === "agents" && n.agent === chosen?.agent),
      ariaLabel: spelled(`${n.label}, ${kindOf(n.type)}, ${n.events} events, ${n.errors} errors`),
      width: size.width,
      height: size.height,
    }));
  }, [data, places, head, chosen, causes, m]);
  const edges = useMemo<Edge[]>(
    () =>
      data.edges.map((e, k) => ({
        id: String(k), source: e.from, target: e.to, label: e.kind === "parent" ? undefined : `${e.kind}${e.count > 1 ? ` × ${e.count}` : ""}`,
        markerEnd: { type: MarkerType.ArrowClosed }, className: `h-edge-${e.kind}`, focusable: false,
      })),
    [data],
  );
  const scheme = useComputedColorScheme("light");
  const pick = (id: string | undefined) => {
    const i = m.index.get(data.nodes.find((n) => n.id === id)?.event_id ?? "");
    if (i !== undefined) select(i);
  };
  if (!places) return <Loading what="Placing the nodes" />;
  return (
    <div className="h-graph" onKeyDown={(e) => (e.key === "Enter" || e.key === " ") && pick((e.target as HTMLElement).dataset["id"])}>
      <ReactFlow key={data.of} nodes={nodes} edges={edges} nodeTypes={types} fitView minZoom={0.1} maxZoom={2} nodesDraggable={false} nodesConnectable={false} edgesFocusable={false} colorMode={scheme}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_, n) => pick(n.id)}>
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function BoxNode({ data: { node: n, glow, cause }, selected }: NodeProps<Shown>) {
  return (
    <div className={`h-node ${n.has_error ? "h-node-error" : ""} ${n.type === "missing" ? "h-node-missing" : ""} ${glow ? "h-node-glow" : ""} ${selected ? "h-node-selected" : ""}`}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className="h-node-label">
        <Inert text={n.label.slice(0, 80)} />
      </div>
      <div className="h-node-note">
        {n.errors > 0 && <span className="h-node-bad">{compact(n.errors)} {n.errors === 1 ? "error" : "errors"} · </span>}
        {n.type === "agent" ? `${compact(n.events)} events · ${compact(n.tool_calls)} tool calls` : n.type === "missing" ? "not here" : kindOf(n.type)}
      </div>
      <div className="h-node-note">
        {cause && <span className="h-mark h-mark-cause">root cause</span>} {n.token_count ? `${compact(n.token_count)} tokens · ` : ""}
        {n.token_count ? dollars(n.cost_usd) : n.type === "agent" ? "" : n.status}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

const types = { box: BoxNode };

/** useLayout places the nodes in a worker, so that the page stays alive. */
function useLayout(data: GraphData): Laid[] | undefined {
  const [places, setPlaces] = useState<Laid[]>();
  useEffect(() => {
    setPlaces(undefined);
    const boxes: Box[] = data.nodes.map((n) => ({ id: n.id, ...size }));
    const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (e: MessageEvent<Laid[]>) => setPlaces(e.data);
    // Without a layout the nodes still have places: a column.
    worker.onerror = () => setPlaces(boxes.map((b, i) => ({ id: b.id, x: 0, y: i * (size.height + 20) })));
    worker.postMessage({ boxes, edges: data.edges.map(({ from, to }) => ({ from, to })) });
    return () => worker.terminate();
  }, [data]);
  return places;
}

/** mostListed is how many edges the table has. */
const mostListed = 200;

function Edges({ data }: { data: GraphData }) {
  const label = new Map(data.nodes.map((n) => [n.id, n.label]));
  const edges = data.edges.filter((e) => data.of !== "events" || e.kind !== "parent").slice(0, mostListed);
  if (edges.length === 0) return <p className="h-muted">No agent handed over or delegated to another.</p>;
  return (
    <details className="h-details">
      <summary>As a table</summary>
      <table className="h-table">
        <thead>
          <tr>
            {["From", "To", "How", "Times"].map((h) => (
              <th key={h} scope="col">
                {h}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {edges.map((e, k) => (
            <tr key={k}>
              <td><Inert text={label.get(e.from) ?? e.from} /></td>
              <td><Inert text={label.get(e.to) ?? e.to} /></td>
              <td>{e.kind}</td>
              <td className="h-num">{count(e.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
