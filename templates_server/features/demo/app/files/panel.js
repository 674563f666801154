// The panel beside the store: the session, what the Space says, and the events that were tracked.
import { css, make } from "./shop.js";

const STATUS = {
  idle: "Not started",
  starting: "Loading…",
  served: "Live: delivered by the server",
  fallback: "Fallback: built into the code, or the last known state",
};
const FAILURES = {
  "missing-key": "no key",
  timeout: "the server did not respond in time",
  network: "the server cannot be reached",
  refused: "the server rejected the key",
  server: "server error",
  nonsense: "invalid response",
};
const MOST_EVENTS = 6;

const at = (id) => document.getElementById(id);

export class Panel {
  constructor(acts) {
    at("new-session").addEventListener("click", () => acts.newSession());
    at("visitor").addEventListener("click", () => acts.visit());
    at("track").addEventListener("click", () => acts.track("demo/clicked"));
    at("football").addEventListener("click", () => acts.watchFootball());
    at("lock").addEventListener("change", (event) => acts.lock(event.target.checked));
    at("campaigns").addEventListener("submit", (event) => {
      event.preventDefault();
      acts.chooseCampaign(at("campaign").value.trim());
    });
    at("environment").addEventListener("change", (event) => acts.chooseEnvironment(event.target.value));
    at("sign-in").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = at("user").value.trim();
      if (name) acts.signIn(name);
      else at("user").focus();
    });
  }

  offer(environments) {
    const order = ["production", "staging", "development"];
    const sorted = environments.sort((one, other) => order.indexOf(one) - order.indexOf(other));
    at("environment").replaceChildren(...sorted.map((name) => new Option(name, name)));
  }

  begin() {
    at("new-session").setAttribute("aria-busy", "true");
  }

  began() {
    at("new-session").removeAttribute("aria-busy");
    at("since").textContent = new Date().toLocaleTimeString();
  }

  show({ status, failure, userId, environment }) {
    at("status").dataset.status = status;
    at("status-text").textContent = failure ? `${STATUS[status]} (${FAILURES[failure]})` : STATUS[status];
    at("who").textContent = userId || "a visitor";
    at("where").textContent = environment;
    at("avatar").textContent = (userId || "?").slice(0, 1).toUpperCase();
  }

  list(entities) {
    const listed = Object.entries(entities).map(([name, entity]) => {
      const lines = entity.items ? itemsOf(entity) : propertiesOf(entity.properties);
      const state = make("span", { className: "state", textContent: entity.enabled ? "on" : "off" });
      const title = make("p", { className: "entity" }, make("code", { textContent: name }), state);
      return make("li", { dataset: { entity: name } }, title, make("ul", {}, ...lines));
    });
    at("entities").replaceChildren(...listed);
  }

  tracked(name, pairs) {
    const values = Object.values(pairs ?? {}).map((pair) => pair.value);
    const time = new Date().toLocaleTimeString();
    at("events").prepend(make("li", {}, make("code", { textContent: name }), ` ${values.join(", ")} `, make("time", { textContent: time })));
    while (at("events").children.length > MOST_EVENTS) at("events").lastChild.remove();
  }
}

function itemsOf(section) {
  return section.items.map((item) => line(item.kind, document.createTextNode(item.id)));
}

function propertiesOf(properties) {
  return Object.entries(properties).map(([name, value]) => line(name, shown(value)));
}

function line(name, value) {
  return make("li", {}, make("span", { className: "name", textContent: name }), make("span", { className: "value" }, value));
}

function shown(value) {
  if (value === null || value === "") return make("i", { textContent: "unset" });
  if (value instanceof Date) return document.createTextNode(value.toISOString());
  if (typeof value === "object" && "opacity" in value) return color(value);
  return document.createTextNode(Array.isArray(value) ? value.join(", ") : String(value));
}

function color(value) {
  const swatch = make("span", { className: "swatch" });
  swatch.style.setProperty("background-color", css(value) ?? "transparent");
  return make("span", {}, swatch, value.value ?? "unset");
}
