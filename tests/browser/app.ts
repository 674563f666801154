// The page of test_bundled_app.py: an app as its authors would write it, on the code that `mtribes setup` wrote.
import { client, collections, session } from "./mtspace/vod/index.js";

declare const KEY: string;

const { header, body } = collections.homepage;

function paint(): void {
  document.body.dataset["status"] = session.status;
  document.body.dataset["from"] = String(header.properties.background.value);
  document.body.dataset["to"] = String(header.properties.gradient.value);
  document.body.dataset["items"] = body.items.map((item) => item.kind).join(" ");
}

async function run(): Promise<void> {
  client.apiKey = KEY;
  await session.start({ fields: { campaign: "none" } });
  paint();
}

document.querySelector("button")?.addEventListener("click", () => {
  document.body.dataset["status"] = "again";
  void run();
  header.track("header/clicked", { pair1: { key: "from", value: "a bundled page" } });
  void session.flush();
});
void run();
