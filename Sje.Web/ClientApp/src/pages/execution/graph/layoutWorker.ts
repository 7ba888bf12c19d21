import { layoutOf, type LayoutRequest } from "./layout";

// A big graph takes a second to lay out; in a worker the page stays quick meanwhile.
self.onmessage = (event: MessageEvent<LayoutRequest>) => {
  self.postMessage(layoutOf(event.data));
};
