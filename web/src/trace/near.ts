import type { Model } from "./model";
import type { GraphData, GraphNode, Line } from "./timeline";

/** mostNear is how many nodes are drawn of a graph that is too large to be drawn whole. */
export const mostNear = 120;

/**
 * nearest walks from a place along its links, the nearest places first, until most
 * are found.
 */
export function nearest<T>(from: T, links: (at: T) => Iterable<T>, most: number): Set<T> {
  const found = new Set([from]);
  for (const at of found) {
    // A set is walked in order, also through what comes in on the way.
    for (const next of links(at)) {
      if (found.size >= most) return found;
      found.add(next);
    }
  }
  return found;
}

/** nearGraph is the part of a graph that lies nearest to a node. */
export function nearGraph(g: GraphData, focus: string, most = mostNear): GraphData {
  const links = new Map<string, string[]>(g.nodes.map((n) => [n.id, []]));
  for (const e of g.edges) {
    links.get(e.from)?.push(e.to);
    links.get(e.to)?.push(e.from);
  }
  const found = nearest(focus, (id) => links.get(id) ?? [], most);
  return { ...g, nodes: g.nodes.filter((n) => found.has(n.id)), edges: g.edges.filter((e) => found.has(e.from) && found.has(e.to)) };
}

/** nodeOf is the node of a graph that a line is in: its own, or the stretch of work or the agent that it is part of. */
export function nodeOf(g: GraphData, l: Line | undefined): GraphNode | undefined {
  if (!l) return undefined;
  const at = Date.parse(l.time);
  const holds = (n: GraphNode) => n.agent === l.agent && n.start !== null && n.end !== null && Date.parse(n.start) <= at && at <= Date.parse(n.end);
  return g.nodes.find((n) => n.event_id === l.event_id) ?? g.nodes.find(holds) ?? g.nodes.find((n) => n.agent === l.agent);
}

/** nearEvents is the graph of what caused what about a line, made of the timeline: that of a long trace need not be asked for. */
export function nearEvents(m: Model, focus: number, most = mostNear): GraphData {
  const links = function* (i: number) {
    if (m.parent[i]! >= 0) yield m.parent[i]!;
    yield* m.children[i]!;
  };
  const found = nearest(focus, links, most);
  const nodes = [...found].sort((a, b) => a - b).map((i) => eventNode(m.lines[i]!));
  const edges = [...found].filter((i) => found.has(m.parent[i]!)).map((i) => ({ from: m.lines[m.parent[i]!]!.event_id, to: m.lines[i]!.event_id, kind: "parent", count: 1 }));
  return { of: "events", nodes, edges, cut: false };
}

const eventNode = (l: Line): GraphNode => ({
  id: l.event_id, label: l.action, type: l.event_type, agent: l.agent, event_id: l.event_id, status: l.status, has_error: l.has_error, events: 1, errors: l.has_error ? 1 : 0, tool_calls: 0,
  start: l.time, end: new Date(Date.parse(l.time) + (l.duration_ms ?? 0)).toISOString(),
});
