// Runs the worker under workerd and asks for a path for each person at once: prints the answers as JSON, in order.
import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const [path, ...people] = process.argv.slice(2);
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
await miniflare.dispose();
console.log(JSON.stringify(answers));
