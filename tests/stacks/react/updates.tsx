import "./page.ts";
import { act, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { counted, listeners } from "../counted.ts";
import { App, asked, newSpace } from "./app.tsx";

const errors: unknown[] = [];
console.error = (...texts) => errors.push(texts.join(" "));
const space = newSpace();
const { client, session, collections } = space;
const watched = {
  client,
  session: counted(session),
  collections: {
    ...collections,
    homepage: {
      ...collections.homepage,
      body: counted(collections.homepage.body),
    },
    onboarding: {
      ...collections.onboarding,
      welcome: counted(collections.onboarding.welcome),
    },
  },
};
const shown: (string | null)[] = [];
const container = document.createElement("div");
const root = createRoot(container);
const step = async (work: () => unknown) => {
  await act(async () => void (await work()));
  shown.push(container.textContent);
};

await step(() =>
  root.render(
    <StrictMode>
      <App space={watched} />
    </StrictMode>,
  ),
);
await step(() => session.start({ userId: "u1" }));
await step(() => session.start({ userId: "u2" }));
const whileShown = listeners.count;
await step(() => root.unmount());
await session.start({ userId: "u3" });
await space.close();
console.log(
  JSON.stringify({
    shown,
    whileShown,
    afterwards: listeners.count,
    asked,
    errors,
  }),
);
process.exit();
