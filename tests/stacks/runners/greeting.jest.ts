import { greeting } from "./greeting";
import { createSpace } from "./mtspace/vod";

const asked = jest.spyOn(globalThis, "fetch");
afterEach(() => expect(asked).not.toHaveBeenCalled());

test("greets with what is served", async () => {
  const space = createSpace({
    states: { "onboarding.welcome": { properties: { label: "Hi" } } },
  });
  await space.session.start({ userId: "u1" });
  space.session.track("greeting/seen");
  expect([space.session.status, greeting(space)]).toEqual(["served", "Hi"]);
  await space.close();
});

test("shows nothing when it is off", () => {
  const space = createSpace({
    states: { "onboarding.welcome": { enabled: false } },
  });
  expect(greeting(space)).toBe("nothing");
});
