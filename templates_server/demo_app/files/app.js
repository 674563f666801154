// The demo app: a video store that shows what its Space says, and a panel to try it with.
// Everything it knows of mtribes comes from the code that is generated for it.
import { client, collections, session } from "./mtspace/vod/index.js";
import { Panel } from "./panel.js";
import { paintBar, paintBody, paintWelcome } from "./shop.js";

const { header, body } = collections.homepage;
const { welcome } = collections.onboarding;
const store = document.getElementById("store");
const panel = new Panel({ newSession, signIn, visit, chooseEnvironment, track });

let keys = {};
let environment = "production";
let userId = "";

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
  const starting = session.start(userId ? { userId } : {});
  show();
  await starting;
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
  for (const entity of [header, body, welcome]) entity.onChange(show);
  await newSession();
}

show();
void begin();
