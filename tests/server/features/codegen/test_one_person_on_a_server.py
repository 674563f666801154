"""Where there is no page, the generated session serves one person at a time, and never shows them to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import ClientApiPeer
from tests.server.features.codegen.test_session import FALLBACK_HEADER, FALLBACK_ITEMS, HEAD
from tests.server.features.codegen.toolchain import run_node

SERVER_HEAD = HEAD.replace('globalThis.document = { visibilityState: "visible" };\n', "")
PEOPLE = """
// A server that shows each person their own: the header is theirs when `sticky` is false.
const sent = { sessions: [], events: [] };
client.fetch = async (url, { body, signal }) => {
  const asked = JSON.parse(body);
  const kind = url.endsWith("/events") ? "events" : "sessions";
  sent[kind].push(...[asked].flat());
  await new Promise((resolve, reject) => {
    setTimeout(resolve, asked.external_id === "u1" ? 60 : 10);
    signal?.addEventListener("abort", () => reject(new Error("cut")));
  });
  const states = { "onboarding.welcome": { enabled: true, properties: { label: asked.external_id ?? "a visitor",
    "discount-percent": null, "ends-at": null } } };
  const text = JSON.stringify({ session: "ses_" + (asked.external_id ?? "v"), revision: 1, states });
  return { status: kind === "events" ? 204 : 200, text: async () => text };
};
const shown = () => welcome.properties.label;
"""


def on_a_server(script: str, folder: Path, *arguments: str) -> Any:
    assert "document" not in SERVER_HEAD
    return run_node(SERVER_HEAD + PEOPLE + script, folder, "http://server.test", *arguments)


def test_a_start_for_another_is_refused_until_the_session_has_ended(runnable: Path) -> None:
    script = """
    const told = () => [session.status, session.failure, shown()];
    const calls = [];
    welcome.onChange(() => calls.push(shown()));
    await session.start({ userId: "u1" });
    const first = told();
    session.track("seen/by-u1");
    await session.start({ userId: "u2" });
    const refused = told();
    session.track("seen/by-nobody");
    header.track("seen/by-nobody");
    await session.start({ userId: "u1" });
    const stillRefused = told();
    await session.start();
    const visitorRefused = told();
    await session.end();
    const ended = told();
    await session.start({ userId: "u2" });
    const second = told();
    session.track("seen/by-u2");
    await session.flush();
    print({ first, refused, stillRefused, visitorRefused, ended, second, calls, sent, errors: errors.splice(0) });
    """
    seen = on_a_server(script, runnable)
    in_use = ["fallback", "in-use", "Welcome"]
    assert seen["first"] == ["served", None, "u1"]
    assert seen["refused"] == seen["stillRefused"] == seen["visitorRefused"] == in_use
    assert seen["ended"] == ["idle", None, "Welcome"]
    assert seen["second"] == ["served", None, "u2"]
    assert seen["calls"] == ["u1", "Welcome", "u2"]
    assert [each["external_id"] for each in seen["sent"]["sessions"]] == ["u1", "u2"]
    assert [(each["name"], each["external_id"]) for each in seen["sent"]["events"]] == [
        ("seen/by-u1", "u1"),
        ("seen/by-u2", "u2"),
    ]
    [error] = [error for error in seen["errors"] if "has not ended" in error]
    assert "session.end()" in error


def test_of_renders_at_once_none_shows_or_files_what_is_anothers(javascript: Path) -> None:
    script = """
    const wrong = [];
    let served = 0;
    async function render(userId) {
      await session.start({ userId });
      for (let step = 0; step < 5; step += 1) {
        if (shown() === userId) served += 1;
        else if (shown() !== "Welcome") wrong.push([userId, shown()]);
        session.track(`seen/by-${userId}`);
        await pause(Math.random() * 20);
      }
    }
    await render("u1");
    await Promise.all(Array.from({ length: 60 }, (_, at) => pause(at).then(() => render(`u${at % 20}`))));
    await session.flush();
    print({ wrong, served, sent });
    """
    seen = on_a_server(script, javascript)
    assert seen["wrong"] == []
    assert seen["served"] >= 5
    assert seen["sent"]["events"] != []
    assert all(event["name"] == f"seen/by-{event['external_id']}" for event in seen["sent"]["events"])


def test_of_requests_that_end_their_sessions_none_shows_or_files_what_is_anothers(javascript: Path) -> None:
    script = """
    const wrong = [];
    let served = 0;
    async function request(userId) {
      try {
        await session.start({ userId });
        for (let step = 0; step < 5; step += 1) {
          if (shown() === userId) served += 1;
          else if (shown() !== "Welcome" || session.status === "served") wrong.push([userId, shown(), session.status]);
          session.track(`seen/by-${userId}`);
          await pause(Math.random() * 20);
        }
      } finally {
        await session.end();
      }
    }
    const soon = () => pause(Math.random() * 2500);
    await Promise.all(Array.from({ length: 200 }, (_, at) => soon().then(() => request(`u${at}`))));
    await request("u500");
    print({ wrong, served, sent });
    """
    seen = on_a_server(script, javascript)
    assert seen["wrong"] == []
    assert seen["served"] >= 5
    events = seen["sent"]["events"]
    assert sum("external_id" in event for event in events) >= 5
    assert all(event["name"] == f"seen/by-{event['external_id']}" for event in events if "external_id" in event)
    of_nobody = {event["anonymous_id"] for event in events if "external_id" not in event}
    assert of_nobody.isdisjoint(each["anonymous_id"] for each in seen["sent"]["sessions"])


def test_the_first_start_ends_too_when_another_comes_in_between(javascript: Path) -> None:
    script = """
    const began = Date.now();
    await Promise.all([session.start({ userId: "u1" }), session.start({ userId: "u2" })]);
    const waited = Date.now() - began;
    await pause(100);
    print([waited < 1000, session.status, session.failure, shown()]);
    """
    assert on_a_server(script, javascript) == [True, "fallback", "in-use", "Welcome"]


def test_who_cannot_be_named_sees_nothing_of_the_next_person(javascript: Path) -> None:
    script = """
    await session.start({ userId: {} });
    const first = [session.status, session.failure];
    await session.start({ userId: "u2" });
    const taken = [session.failure, shown()];
    await session.end();
    await session.start({ userId: "u2" });
    print([first, taken, shown()]);
    """
    assert on_a_server(script, javascript) == [["fallback", "refused"], ["in-use", "Welcome"], "u2"]


def test_the_same_user_may_start_again(javascript: Path) -> None:
    script = """
    await session.start({ userId: "u2" });
    await session.start({ userId: "u2", fields: { campaign: "spring" } });
    print([session.status, shown(), errors.filter((error) => error.includes("ended")), sent.sessions]);
    """
    status, shown, errors, sessions = on_a_server(script, javascript)
    assert (status, shown, errors) == ("served", "u2", [])
    assert sessions[0]["anonymous_id"] == sessions[1]["anonymous_id"]


def test_visitors_of_one_process_share_no_anonymous_id(runnable: Path) -> None:
    script = """
    const ends = [];
    for (const userId of [undefined, undefined, "u2", undefined]) {
      await session.start({ userId });
      session.track("page/seen");
      await session.end();
      session.track("page/left");
      await session.flush();
    }
    await Promise.all([session.start(), session.start()]);
    ends.push(session.failure);
    print({ ids: sent.sessions.map((each) => each.anonymous_id), ends,
      seen: sent.events.map(({ name, anonymous_id }) => [name, anonymous_id]) });
    """
    seen = on_a_server(script, runnable)
    first, second, user, third = seen["ids"]  # of the two that start at once, none is asked for
    assert len({first, second, user, third}) == 4
    assert [who for name, who in seen["seen"] if name == "page/seen"] == [first, second, user, third]
    of_nobody = [who for name, who in seen["seen"] if name == "page/left"]
    assert set(of_nobody).isdisjoint(seen["ids"])
    assert seen["ends"] == ["in-use"]


def test_a_server_that_keeps_an_identity_itself_has_one_visitor(javascript: Path) -> None:
    script = """
    const kept = new Map();
    client.storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
    await session.start();
    await session.start();
    await session.end();
    await session.start({ userId: "u1" });
    print([session.status, sent.sessions.map((each) => each.anonymous_id)]);
    """
    status, ids = on_a_server(script, javascript)
    assert status == "served"
    assert len(ids) == 3
    assert len(set(ids)) == 1


def test_a_server_whose_own_storage_is_full_gives_nobody_the_id_of_another(javascript: Path) -> None:
    script = """
    const kept = new Map();
    let full = false;
    client.storage = {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => { if (full) throw new Error("full"); kept.set(key, value); },
    };
    for (const userId of ["u1", "u2", undefined]) {
      await session.start({ userId });
      await session.end();
      full = true;
    }
    print(sent.sessions.map((each) => each.anonymous_id));
    """
    assert len(set(on_a_server(script, javascript))) == 3


def test_storage_that_a_server_happens_to_have_is_not_everybodys(javascript: Path) -> None:
    script = """
    const touched = [];
    globalThis.localStorage = { getItem: (key) => (touched.push(key), null), setItem: (key) => touched.push(key) };
    await session.start();
    print(touched);
    """
    assert on_a_server(script, javascript) == []


PLACES: dict[str, tuple[str, bool]] = {
    "Node": ("", False),
    "Deno, Bun or workerd": ('define("navigator", { userAgent: "Cloudflare-Workers" });', False),
    "a browser": ("globalThis.document = {};", True),
    "React Native": ('define("navigator", { product: "ReactNative" });', True),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_page_is_told_from_a_server(place: str, javascript: Path) -> None:
    environment, one_after_the_other = PLACES[place]
    script = f"""
    const define = (name, value) => Object.defineProperty(globalThis, name, {{ value, configurable: true }});
    {environment}
    await session.start({{ userId: "u2" }});
    await session.start({{ userId: "u3" }});
    print([session.failure, shown()]);
    """
    expected = [None, "u3"] if one_after_the_other else ["in-use", "Welcome"]
    assert on_a_server(script, javascript) == expected


def test_in_a_page_an_event_stays_with_whom_it_was_tracked_for(runnable: Path) -> None:
    script = """
    globalThis.document = {};
    await session.start();
    session.track("cart/seen");
    await session.start({ userId: "u1" });
    session.track("cart/filled");
    await session.start({ userId: "u2" });
    session.track("cart/emptied");
    await session.start();
    await session.flush();
    print(sent);
    """
    sent = on_a_server(script, runnable)
    visitor, first, second, later = sent["sessions"]
    assert [(each["name"], each["anonymous_id"], each.get("external_id")) for each in sent["events"]] == [
        ("cart/seen", visitor["anonymous_id"], None),
        ("cart/filled", visitor["anonymous_id"], "u1"),
        ("cart/emptied", second["anonymous_id"], "u2"),
    ]
    assert len({visitor["anonymous_id"], second["anonymous_id"], later["anonymous_id"]}) == 3
    assert first["anonymous_id"] == visitor["anonymous_id"]


@pytest.mark.slow
def test_a_refused_person_sees_nothing_of_an_unlocked_session_either(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    client.sessionLock = false;
    await session.start({ userId: "u1" });
    await session.start({ userId: "u2" });
    await pause(1500);
    print({ ...seen(), failure: session.failure });
    process.exit(0);
    """
    seen = run_node(SERVER_HEAD + script, javascript, peer.url)
    assert (seen["failure"], seen["header"]) == ("in-use", FALLBACK_HEADER)
    assert [item["id"] for item in seen["items"]] == FALLBACK_ITEMS
    asked = [asked.path for asked in peer.asked]
    assert asked.count("/api/client/sessions") == 1
    assert len(asked) <= 2
    assert json.dumps(asked).count("changes") == len(asked) - 1
