import { lay, type Box } from "./layout";

self.onmessage = (e: MessageEvent<{ boxes: Box[]; edges: { from: string; to: string }[] }>) => {
  self.postMessage(lay(e.data.boxes, e.data.edges));
};
