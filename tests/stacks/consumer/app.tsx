import type { ReactElement } from "react";
import {
  client,
  collections,
  createSpace,
  type HomepageBodyItems,
  type Snapshot,
  type Space,
  session,
} from "./mtspace/vod/index.js";
import {
  SpaceProvider,
  useExperience,
  useSection,
  useSession,
  useSpace,
} from "./mtspace/vod/react.js";

client.apiKey = "pk_linted";
client.sessionLock = false;
await session.start({ userId: "u1", fields: { campaign: "spring" } });

const { start, track, flush, end, onChange, snapshot } = session;
const stop = onChange(() => {
  track("session/changed");
});
stop();
await start();
await flush();
await end();

export async function render(userId: string): Promise<Snapshot | null> {
  const space = createSpace({ apiKey: "pk_linted", logger: console.warn });
  await space.session.start({ userId });
  const { header } = space.collections.homepage;
  header.track("header/rendered", {
    pair1: {
      key: "background",
      value: header.properties.background.value ?? "",
    },
  });
  await space.close();
  return space.session.snapshot() ?? snapshot();
}

export function App({ space }: { space: Space }): ReactElement {
  return (
    <SpaceProvider space={space}>
      <Page />
    </SpaceProvider>
  );
}

function Page(): ReactElement {
  const { homepage } = useSpace().collections;
  const { enabled, properties } = useExperience(homepage.header);
  const { items } = useSection(homepage.body);
  const { status, failure } = useSession();
  const titles = items.map((item) => <li key={item.id}>{title(item)}</li>);
  return (
    <main data-status={failure ?? status} data-enabled={enabled}>
      <h1>{properties.background.value}</h1>
      <ul>{titles}</ul>
    </main>
  );
}

function title(item: HomepageBodyItems[number]): string {
  switch (item.kind) {
    case "hero":
      return item.properties.title;
    case "banner":
      return item.properties.endsAt?.toISOString() ?? item.properties.label;
    case "carousel":
      return item.properties.titleIds.join(", ");
  }
}

export const backgrounds = [
  collections.homepage.header.state.properties.background,
  collections.homepage.header.fallback.properties.background,
  collections.homepage.header.initial.properties.background,
];
