// The demo app: a video store that shows what its Space says, and a panel to try it with.
// Everything it knows of mtribes comes from the code that is generated for it.
import { client, collections, session } from "./mtspace/vod/index.js";
import { Panel } from "./panel.js";
import { paintBar, paintBody, paintWelcome } from "./shop.js";

const { header, body } = collections.homepage;
const { welcome } = collections.onboarding;
const store = document.getElementById("store");
const panel = new Panel({ newSession, signIn, visit, chooseCampaign, chooseEnvironment, lock, track, watchFootball });

let keys = {};
let environment = "production";
let userId = "";
let campaign = "";

function show() {
  paintBar(header);
  paintWelcome(welcome, track);
  paintBody(body, track);
  panel.show({ status: session.status, failure: session.failure, userId, environment });
  panel.list({ "homepage.header": header, "homepage.body": body, "onboarding.welcome": welcome });
  store.dataset.ready = String(session.status !== "idle" && session.status !== "starting");
}

async function newSession() {
  panel.begin();
  const fields = campaign ? { campaign } : {};
  await session.start(userId ? { userId, fields } : { fields });
  panel.began();
  show();
}

function signIn(name) {
  userId = name;
  return newSession();
}

function visit() {
  userId = "";
  return newSession();
}

function chooseCampaign(name) {
  campaign = name;
  return newSession();
}

/** Locked, what was served stays for the session; unlocked, what changes is shown while it runs. */
function lock(isLocked) {
  client.sessionLock = isLocked;
  show();
}

/** Three of these in a week make a football fan. */
function watchFootball() {
  track("video/completed", null, { pair1: { key: "genre", value: "Football" } });
  void session.flush();
}

function chooseEnvironment(name) {
  environment = name;
  client.apiKey = keys[name];
  return newSession();
}

function track(name, entity, pairs) {
  if (entity) entity.track(name, pairs);
  else session.track(name, pairs);
  panel.tracked(name, pairs);
}

async function begin() {
  const answer = await fetch("demo/configuration.json");
  ({ keys } = await answer.json());
  panel.offer(Object.keys(keys));
  client.apiKey = keys[environment];
  for (const shown of [session, header, body, welcome]) shown.onChange(show);
  await newSession();
}

show();
void begin();
