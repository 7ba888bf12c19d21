import dagre from "@dagrejs/dagre";

/** Size of a box in the graph, in pixels. */
export const boxSize = { width: 208, height: 46 };

/** What is to be laid out: keys of boxes, and from which to which an edge goes. */
export interface LayoutRequest {
  id: number;
  keys: string[];
  edges: [string, string][];
}

/** A box's upper left corner. */
export interface Spot {
  key: string;
  x: number;
  y: number;
}

/** An edge's way, from point to point. */
export interface Way {
  from: string;
  to: string;
  points: { x: number; y: number }[];
}

/** Where everything stands. */
export interface Layout {
  id: number;
  width: number;
  height: number;
  spots: Spot[];
  ways: Way[];
}

/** Lays a graph out from left to right. */
export function layoutOf({ id, keys, edges }: LayoutRequest): Layout {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 56, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const key of keys) graph.setNode(key, { ...boxSize });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const size = graph.graph();
  return {
    id,
    width: size.width ?? 0,
    height: size.height ?? 0,
    spots: keys.map((key) => {
      const node = graph.node(key);
      return { key, x: node.x - boxSize.width / 2, y: node.y - boxSize.height / 2 };
    }),
    ways: graph.edges().map((edge) => {
      const [from, to] = [graph.node(edge.v), graph.node(edge.w)];
      // Edges leave at the right and arrive at the left, whatever point of the border dagre has chosen.
      const between: { x: number; y: number }[] = (graph.edge(edge).points ?? []).slice(1, -1);
      return {
        from: edge.v,
        to: edge.w,
        points: [
          { x: from.x + boxSize.width / 2, y: from.y },
          ...between.filter((point) => point.x > from.x + boxSize.width / 2 && point.x < to.x - boxSize.width / 2),
          { x: to.x - boxSize.width / 2, y: to.y },
        ],
      };
    }),
  };
}
