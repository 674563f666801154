import {
  createSpace,
  type Space,
  type SpaceOptions,
} from "./mtspace/vod/index.js";
import {
  SpaceProvider,
  useExperience,
  useSection,
  useSession,
  useSpace,
} from "./mtspace/vod/react.js";

/** Whom sessions were asked for. */
export const asked: string[] = [];

const answer = async (_: string, { body }: { body?: string }) => {
  const person = String(JSON.parse(body ?? "{}").external_id);
  asked.push(person);
  const properties = {
    label: `Hello ${person}`,
    "discount-percent": 20,
    "ends-at": null,
  };
  const item = {
    id: "one",
    experience: "hero",
    enabled: true,
    properties: { layout: "", link: null, source: null, title: person },
  };
  const states = {
    "onboarding.welcome": { enabled: true, properties },
    "homepage.body": { enabled: true, items: [item] },
  };
  const text = JSON.stringify({
    session: `ses_${person}`,
    revision: 1,
    states,
  });
  return { status: 200, text: async () => text };
};

export function newSpace(options: SpaceOptions = {}): Space {
  return createSpace({ apiKey: "pk_react", fetch: answer, ...options });
}

/** Everything that was rendered, in order. */
export const rendered: string[] = [];

export function App({
  space,
}: {
  space: Pick<Space, "client" | "session" | "collections">;
}) {
  return (
    <SpaceProvider space={space}>
      <Page />
    </SpaceProvider>
  );
}

export function Page() {
  const { onboarding, homepage } = useSpace().collections;
  const { properties } = useExperience(onboarding.welcome);
  const { items } = useSection(homepage.body);
  const { status } = useSession();
  const text = `${status}: ${properties.label}, ${items.length} items`;
  rendered.push(text);
  return <p>{text}</p>;
}
