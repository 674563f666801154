// A server renders for a person, then this becomes the browser that hydrates that.
import { renderToString } from "react-dom/server";
import { App, asked, newSpace, Page, rendered } from "./app.tsx";
import { client, collections, session } from "./mtspace/vod/index.js";
import { SpaceProvider, useExperience } from "./mtspace/vod/react.js";

const page =
  ({ bootstrap, early }: { bootstrap: boolean; early: boolean }) =>
  async () => {
    const errors: string[] = [];
    console.error = (...texts) => errors.push(texts.join(" "));
    const space = newSpace(bootstrap ? { bootstrap: snapshot } : {});
    const container = document.createElement("div");
    container.innerHTML = html;
    rendered.length = asked.length = 0;
    const { act, hydrateRoot } = await browser();
    const started = early ? space.session.start({ userId: "u2" }) : null;
    const onRecoverableError = (error: unknown) => errors.push(String(error));
    await act(
      async () =>
        void hydrateRoot(container, <App space={space} />, {
          onRecoverableError,
        }),
    );
    await act(async () => void (await started));
    return { asked: [...asked], rendered: [...new Set(rendered)], errors };
  };

async function browser() {
  await import("./page.ts");
  const [{ act }, { hydrateRoot }] = await Promise.all([
    import("react"),
    import("react-dom/client"),
  ]);
  return { act, hydrateRoot };
}

function OfTheDefaultSpace() {
  return useExperience(collections.onboarding.welcome).properties.label;
}

const request = newSpace();
await request.session.start({ userId: "u1" });
const html = renderToString(<App space={request} />);
const snapshot = request.session.snapshot();
await request.close();

client.apiKey = "pk_react";
client.fetch = async () => ({
  status: 200,
  text: async () =>
    JSON.stringify({
      session: "s",
      revision: 1,
      states: {
        "onboarding.welcome": {
          enabled: true,
          properties: { label: "Hello somebody" },
        },
      },
    }),
});
await session.start({ userId: "somebody" });
const shared = renderToString(<Page />);
const mixed = renderToString(
  <SpaceProvider space={request}>
    <OfTheDefaultSpace />
  </SpaceProvider>,
);

await browser();
console.log(
  JSON.stringify({
    html,
    shared,
    mixed,
    hydrated: await page({ bootstrap: true, early: false })(),
    startedBefore: await page({ bootstrap: true, early: true })(),
    withoutSnapshot: await page({ bootstrap: false, early: false })(),
  }),
);
process.exit();
