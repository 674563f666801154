// Puts events and sessions at the top of the page Live as they arrive. Without it, the page is refreshed by a link.

"use strict";

const live = document.querySelector("#live");
const SAID_EVERY_MSEC = 5000;

function watchArrivals() {
  const table = document.querySelector("#arrivals");
  const body = table.tBodies[0];
  const pause = document.querySelector("#pause");
  const most = Number(live.dataset.most);
  let [state, arrived, skipped, isPaused, timer] = ["Connecting…", 0, 0, false, null];
  let held = [];

  const plural = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

  function say() {
    const told = [state, arrived ? `${plural(arrived, "arrival")} since the page was opened.` : ""];
    if (skipped) told.push(`${skipped.toLocaleString("en")} skipped: too many to show.`);
    document.querySelector("#live-status").textContent = told.filter(Boolean).join(" ");
    timer = null;
  }

  // Screen readers say it aloud: at once where the connection changes, else every few seconds at most.
  function sayLater() {
    timer ??= setTimeout(say, SAID_EVERY_MSEC);
  }

  function become(text) {
    if (state === text) return;
    state = text;
    clearTimeout(timer);
    say();
  }

  function shortened(text) {
    const longest = Number(live.dataset.longest);
    return text.length > longest ? `${text.slice(0, longest)}…` : text;
  }

  function detailsOfEvent(event) {
    const details = event.entity ? [["entity", event.entity]] : [];
    details.push(...Object.entries(event.metadata ?? {}));
    if (event.data && Object.keys(event.data).length) details.push(["data", shortened(JSON.stringify(event.data))]);
    return details;
  }

  function detailsOfSession(session) {
    const app = [session.app_platform, session.app_version, session.app_build].filter(Boolean).join(" ");
    return [["app", app], ["system", session.os_version], ["code", session.code_language]].filter(([, text]) => text);
  }

  function detail([name, text]) {
    const made = document.querySelector("#detail").content.cloneNode(true);
    const [label, value] = made.querySelectorAll("bdi");
    label.textContent = name;
    value.textContent = text;
    return made;
  }

  function fillPerson(link, one) {
    const called = one.user_id ?? one.anonymous_id;
    if (called === null) return link.remove();
    link.href = `${one.user_id === null ? live.dataset.visitors : live.dataset.users}/${encodeURIComponent(called)}`;
    link.firstChild.textContent = called;
  }

  function row(key, name, one, at, details) {
    const made = document.querySelector("#arrival").content.firstElementChild.cloneNode(true);
    made.dataset.key = key;
    made.cells[0].firstChild.textContent = name;
    fillPerson(made.cells[1].firstChild, one);
    const time = made.cells[2].firstChild;
    time.dateTime = at;
    time.title = `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
    time.textContent = "just now";
    for (const each of details) made.cells[3].append(detail(each), " ");
    return made;
  }

  function show(rows) {
    const shown = new Set(Array.from(body.rows, (one) => one.dataset.key));
    const news = rows.filter((one) => !shown.has(one.dataset.key));
    if (!news.length) return;
    body.prepend(...news.reverse());
    while (body.rows.length > most) body.rows[body.rows.length - 1].remove();
    table.hidden = false;
    document.querySelector("#nothing")?.remove();
  }

  function finishStep(kind) {
    const step = document.querySelector(`[data-step=${kind}]`);
    const badge = step?.querySelector(".badge.plain");
    if (!badge) return;
    badge.className = "badge development";
    badge.textContent = "done";
    for (const hint of step.querySelectorAll("p ~ *")) hint.remove();
  }

  function take(kind, made) {
    const isKnown = (one) => one.dataset.key === made.dataset.key;
    if (held.some(isKnown) || Array.from(body.rows).some(isKnown)) return;
    arrived += 1;
    finishStep(kind);
    if (!isPaused) show([made]);
    else {
      held.push(made);
      held = held.slice(-most);
      pause.textContent = `Resume (${held.length})`;
    }
    sayLater();
  }

  function togglePause() {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", isPaused);
    pause.textContent = isPaused ? "Resume" : "Pause";
    if (!isPaused) {
      show(held);
      held = [];
    }
  }

  const source = new EventSource(live.dataset.stream);
  source.addEventListener("open", () => become("Connected."));
  source.addEventListener("error", () => become(source.readyState === EventSource.CLOSED
    ? "The connection has ended. Reload the page; you may have to sign in again."
    : "The connection was lost. Reconnecting…"));
  source.addEventListener("event", ({ data }) => {
    const one = JSON.parse(data);
    take("event", row(`event ${one.id}`, one.name, one, one.received, detailsOfEvent(one)));
  });
  source.addEventListener("session", ({ data }) => {
    const one = JSON.parse(data);
    take("session", row(`session ${one.session}`, "Session", one, one.started, detailsOfSession(one)));
  });
  source.addEventListener("skipped", ({ data }) => {
    skipped += JSON.parse(data).skipped;
    sayLater();
  });
  pause.addEventListener("click", togglePause);
}

if (live) watchArrivals();
