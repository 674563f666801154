import { createSpace } from "./mtspace/vod/index.js";

const space = createSpace({ apiKey: "pk_bundled" });
await space.session.start({ userId: "u1" });
const { label } = space.collections.onboarding.welcome.properties;
space.session.track("app/bundled");
const { status } = space.session;
await space.close();
console.log(JSON.stringify({ status, label }));
