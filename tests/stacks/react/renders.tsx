// Renders as often as the first argument says, a tenth of them mounted anew: prints how the heap grew.
import "./page.ts";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { counted, listeners } from "../counted.ts";
import { newSpace } from "./app.tsx";
import { useExperience } from "./mtspace/vod/react.js";

const space = newSpace();
await space.session.start({ userId: "u1" });
const welcome = counted(space.collections.onboarding.welcome);

let renders = 0;
function Welcome(_: { round: number }) {
  renders += 1;
  return <p>{useExperience(welcome).properties.label}</p>;
}

/** Renders in one root, mounted anew for every tenth; React's scheduler gets its turn, as in an app. */
async function render(times: number) {
  const root = createRoot(document.createElement("div"));
  for (let round = 0; round < times; round += 1) {
    if (round % 100 === 0) await new Promise((resolve) => setTimeout(resolve));
    const key = Math.floor(round / 10);
    flushSync(() => root.render(<Welcome key={key} round={round} />));
  }
  flushSync(() => root.unmount());
}

async function heapBytes() {
  for (let times = 0; times < 3; times += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

const wanted = Number(process.argv[2]);
await render(wanted / 5);
const before = await heapBytes();
renders = 0;
await render(wanted);
const grownBytes = (await heapBytes()) - before;
await space.close();
console.log(
  JSON.stringify({ renders, grownBytes, listeners: listeners.count }),
);
process.exit();
