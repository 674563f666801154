import { createSpace } from "../mtspace/vod";
import { Store } from "./store";

type Search = { searchParams: Promise<{ user?: string }> };

export default async function Page({ searchParams }: Search) {
  const { user } = await searchParams;
  const space = createSpace({ apiKey: "pk_next", waitTimeMsec: 30_000 });
  await space.session.start({ userId: user });
  const { welcome } = space.collections.onboarding;
  const { label } = welcome.properties;
  welcome.track("welcome/rendered", {
    pair1: { key: "user", value: String(user) },
  });
  const snapshot = space.session.snapshot();
  await space.close();
  return (
    <main>
      <h1>{label}</h1>
      <Store snapshot={snapshot} />
    </main>
  );
}
