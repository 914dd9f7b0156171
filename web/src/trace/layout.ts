import { graphlib, layout } from "@dagrejs/dagre";

/** Box is a node to be placed. */
export interface Box {
  id: string;
  width: number;
  height: number;
}

export interface Laid {
  id: string;
  x: number; // of its upper left corner
  y: number;
}

/** mostNodes and mostEdges bound what is laid out: beyond, it takes too long and shows nothing. */
export const mostNodes = 300;
export const mostEdges = 900;

/** lay places boxes in layers from left to right. */
export function lay(boxes: Box[], edges: { from: string; to: string }[]): Laid[] {
  const g = new graphlib.Graph();
  g.setGraph({ rankdir: "LR", nodesep: 24, ranksep: 70, marginx: 10, marginy: 10 });
  g.setDefaultEdgeLabel(() => ({}));
  for (const b of boxes) g.setNode(b.id, { width: b.width, height: b.height });
  for (const e of edges) if (e.from !== e.to) g.setEdge(e.from, e.to);
  layout(g);
  return boxes.map((b) => {
    const n = g.node(b.id) as { x: number; y: number };
    return { id: b.id, x: n.x - b.width / 2, y: n.y - b.height / 2 };
  });
}
