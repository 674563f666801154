// Runs the worker under workerd and asks for a path for each person at once: prints the answers as JSON, in order, when
// the server at the first argument has as many events as are expected of work that goes on after the answers.
import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const [host, events, path, ...people] = process.argv.slice(2);
const miniflare = new Miniflare({
  modules: true,
  script: readFileSync("worker.mjs", "utf8"),
  compatibilityDate: "2026-01-01",
});
await miniflare.ready;
const answers = await Promise.all(
  people.map(async (user) => {
    const answer = await miniflare.dispatchFetch(
      `http://worker.test${path}?user=${user}`,
    );
    return answer.status === 200
      ? answer.json()
      : [answer.status, await answer.text()];
  }),
);
const deadline = Date.now() + 20_000;
const stored = async () =>
  (await (await fetch(`${host}/stored`)).json()).events;
while (Date.now() < deadline && (await stored()) < Number(events)) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await miniflare.dispose();
console.log(JSON.stringify(answers));
