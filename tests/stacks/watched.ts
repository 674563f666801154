// What the views of the manual read, with their listeners counted; the page says how many there are when it is asked.
import { counted, listeners } from "./counted";
import * as vod from "./mtspace/vod";

export const { client } = vod;
export const session = counted(vod.session);
const { homepage, onboarding } = vod.collections;
export const collections = {
  homepage: { ...homepage, body: counted(homepage.body) },
  onboarding: { ...onboarding, welcome: counted(onboarding.welcome) },
};

document.addEventListener("count", () => {
  document.title = `${listeners.count} listeners`;
});
