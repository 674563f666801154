import {
  collections,
  createSpace,
  session,
  client,
} from "./mtspace/vod/index.js";

interface Context {
  waitUntil(work: Promise<unknown>): void;
}

client.apiKey = "pk_worker";
client.waitTimeMsec = 30_000;

async function own(user: string, context: Context): Promise<Response> {
  const space = createSpace({ apiKey: "pk_worker", waitTimeMsec: 30_000 });
  await space.session.start({ userId: user });
  const { properties, track } = space.collections.onboarding.welcome;
  track("welcome/rendered", { pair1: { key: "user", value: user } });
  context.waitUntil(space.close());
  const { status, failure } = space.session;
  return Response.json([failure ?? status, properties.label]);
}

async function shared(user: string): Promise<Response> {
  await session.start({ userId: user });
  const { label } = collections.onboarding.welcome.properties;
  return Response.json([session.status, label]);
}

export default {
  fetch(request: Request, _: unknown, context: Context): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const user = searchParams.get("user") ?? "";
    return pathname === "/own" ? own(user, context) : shared(user);
  },
};
