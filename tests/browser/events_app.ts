// The page of test_events_of_a_page.py: what it does is said from outside, by calling what it puts on the window.
import { client, session } from "./mtspace/vod/index.js";

declare const KEY: string;

client.apiKey = KEY;

function track(prefix: string, count: number): void {
  for (let at = 0; at < count; at += 1) {
    session.track(`${prefix}/${at}`);
  }
}

let shown = "new";
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) shown = "again";
});

Object.assign(globalThis, {
  app: { track, flush: session.flush, shown: () => shown },
});
void session.start();
