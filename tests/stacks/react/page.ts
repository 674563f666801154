// A page for React in Node: importing this comes before importing React's client.
import { Window } from "happy-dom";

const window = new Window({ url: "http://app.test/" });
for (const name of [
  "document",
  "HTMLElement",
  "HTMLIFrameElement",
  "Node",
  "Element",
  "Event",
  "navigator",
] as const) {
  Object.assign(globalThis, { [name]: window[name] });
}
Object.assign(globalThis, { window, IS_REACT_ACT_ENVIRONMENT: true });
