// The page of test_following.py: an app that shows changes as they come. `?wait` starts nothing by itself.
import { client, collections, session } from "./mtspace/vod/index.js";

declare const KEY: string;

const query = new URLSearchParams(location.search);
client.apiKey = KEY;
client.host = query.get("host") ?? client.host;
client.sessionLock = false;

const { header } = collections.homepage;

function paint(): void {
  const { dataset } = document.body;
  dataset["status"] = session.status;
  dataset["failure"] = String(session.failure);
  dataset["from"] = String(header.properties.background.value);
}

let shown = "new";
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) shown = "again";
});
header.onChange(paint);
session.onChange(paint);

Object.assign(globalThis, {
  app: { start: session.start, shown: () => shown },
});
if (!query.has("wait")) void session.start();
