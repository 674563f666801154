"""What generated code does in Node against a server that answers well, badly, late, or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import SERVED_BODY, ApiResult, ClientApiPeer, session_answer
from tests.server.features.codegen.toolchain import run_node

HEAD = """
import { client, collections, session } from "./index.js";
const errors = [];
console.error = (...values) => errors.push(values.map(String).join(" "));
const [host] = process.argv.slice(2);
globalThis.document = { visibilityState: "visible" };
client.host = host;
client.apiKey = "pk_test";
const { header, body } = collections.homepage;
const { welcome } = collections.onboarding;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const seen = () => ({
  status: session.status,
  failure: session.failure,
  header: { enabled: header.enabled, ...header.properties },
  items: body.items.map(({ kind, id, properties }) => ({ kind, id, ...properties })),
  welcome: { enabled: welcome.enabled, ...welcome.properties },
});
const print = (value) => process.stdout.write(JSON.stringify(value));
"""
FALLBACK_HEADER = {
    "enabled": True,
    "background": {"value": "#6f58c4", "opacity": 1},
    "gradient": {"value": "#2363ae", "opacity": 1},
    "sticky": True,
}
FALLBACK_ITEMS = ["tonight", "new-this-week", "join"]


def run(script: str, folder: Path, peer: ClientApiPeer) -> Any:
    return run_node(HEAD + script, folder, peer.url)


def starts(folder: Path, peer: ClientApiPeer, times: int) -> Any:
    """What is seen after each of so many starts."""
    script = f"""
    const all = [];
    for (let at = 0; at < {times}; at += 1) {{
      await session.start();
      all.push({{ ...seen(), errors: errors.splice(0) }});
    }}
    print(all);
    """
    return run(script, folder, peer)


def test_before_a_session_fallbacks_are_served_and_defaults_are_the_models(runnable: Path, peer: ClientApiPeer) -> None:
    seen = run("print({ ...seen(), defaults: welcome.defaults });", runnable, peer)
    assert seen["status"] == "idle"
    assert seen["header"] == FALLBACK_HEADER
    assert [item["id"] for item in seen["items"]] == FALLBACK_ITEMS
    assert seen["items"][1]["titleIds"] == ["t-101", "t-102", "t-103"]
    assert seen["welcome"] == {"enabled": True, "label": "Welcome", "endsAt": None, "discountPercent": None}
    assert seen["defaults"] == {"label": "Join now", "endsAt": None, "discountPercent": None}


def test_a_session_serves_every_entity_of_one_answer(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    const started = session.start({ userId: "u1", userSignature: "sig", fields: { campaign: "spring" } });
    seen();
    await started;
    print({ ...seen(), date: welcome.properties.endsAt instanceof Date, errors });
    """
    seen = run(script, runnable, peer)
    assert (seen["status"], seen["failure"], seen["errors"]) == ("served", None, [])
    assert seen["header"] == {
        "enabled": True,
        "background": {"value": "#c9a227", "opacity": 0.5},
        "gradient": {"value": None, "opacity": 1},
        "sticky": False,
    }
    assert seen["items"] == [
        {
            "kind": "hero",
            "id": "derby",
            "layout": "boxed",
            "link": None,
            "source": "https://images.example.com/derby.jpg",
            "title": "The derby",
        }
    ]
    assert seen["welcome"]["endsAt"] == "2027-04-30T22:00:00.000Z"
    assert seen["date"] is True
    [asked] = peer.asked
    assert asked.headers["Authorization"] == "Bearer pk_test"
    assert asked.body["external_id"] == "u1"
    assert asked.body["user_signature"] == "sig"
    assert asked.body["fields"] == {"campaign": "spring"}
    assert len(asked.body["anonymous_id"]) == 36


BAD_ANSWERS: dict[str, tuple[ApiResult, str]] = {
    "500": (ApiResult(status=500, body={}), "server"),
    "503": (ApiResult(status=503, raw=b"busy", headers={"Retry-After": "9"}), "server"),
    "401": (ApiResult(status=401, body={"errors": []}), "refused"),
    "422": (ApiResult(status=422, body={"errors": []}), "refused"),
    "cut": (ApiResult(body=session_answer(), cut=True), "network"),
    "html": (ApiResult(raw=b"<html>log in</html>"), "nonsense"),
    "empty": (ApiResult(raw=b""), "nonsense"),
    "null": (ApiResult(body=None), "nonsense"),
    "array": (ApiResult(body=[]), "nonsense"),
    "no states": (ApiResult(body={"session": "ses_1", "revision": 1}), "nonsense"),
    "states of no kind": (ApiResult(body=session_answer() | {"states": "all"}), "nonsense"),
    "no session": (ApiResult(body=session_answer(session=None)), "nonsense"),
    "no content": (ApiResult(status=204), "nonsense"),
}


def test_a_bad_answer_means_fallbacks_and_no_rejection(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [answer for answer, _ in BAD_ANSWERS.values()]
    for (kind, (_, failure)), seen in zip(BAD_ANSWERS.items(), starts(javascript, peer, len(BAD_ANSWERS)), strict=True):
        assert (kind, seen["status"], seen["failure"]) == (kind, "fallback", failure)
        assert (kind, seen["header"]) == (kind, FALLBACK_HEADER)
        assert [item["id"] for item in seen["items"]] == FALLBACK_ITEMS


def test_a_server_that_is_gone_means_fallbacks(javascript: Path, peer: ClientApiPeer) -> None:
    script = 'client.host = "http://127.0.0.1:9"; await session.start(); print(seen());'
    seen = run(script, javascript, peer)
    assert (seen["status"], seen["failure"], seen["header"]) == ("fallback", "network", FALLBACK_HEADER)


def test_without_a_key_an_error_is_logged_and_fallbacks_are_served(javascript: Path, peer: ClientApiPeer) -> None:
    script = 'client.apiKey = ""; await session.start(); session.track("a/b"); print({ ...seen(), errors });'
    seen = run(script, javascript, peer)
    assert (seen["status"], seen["failure"], seen["header"]) == ("fallback", "missing-key", FALLBACK_HEADER)
    assert "client.apiKey is not set" in seen["errors"][0]
    assert peer.asked == []


def test_names_that_objects_have_by_themselves_are_not_taken_from_them(javascript: Path, peer: ClientApiPeer) -> None:
    raw = json.dumps(session_answer()).replace('"sticky": false', '"__proto__": {"sticky": false}').encode()
    peer.answers["/sessions"] = [ApiResult(raw=raw)]
    seen = run("await session.start(); print(seen());", javascript, peer)
    assert seen["header"]["sticky"] is True


def test_an_entity_that_the_answer_leaves_out_serves_its_fallback(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(body=session_answer({"homepage.body": SERVED_BODY}))]
    seen = run("await session.start(); print(seen());", javascript, peer)
    assert seen["header"] == FALLBACK_HEADER
    assert [item["id"] for item in seen["items"]] == ["derby"]


def test_start_waits_no_longer_than_it_may_and_a_late_answer_reaches_what_was_not_read(
    runnable: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/sessions"] = [ApiResult(body=session_answer(), wait_seconds=0.6)]
    script = """
    client.waitTimeMsec = 100;
    const calls = [];
    header.onChange(() => calls.push("header"));
    body.onChange(() => calls.push("body"));
    const began = Date.now();
    await session.start();
    const waited = Date.now() - began;
    const early = { status: session.status, failure: session.failure, sticky: header.properties.sticky };
    await pause(900);
    client.sessionLock = true;
    print({ waited, early, calls, ...seen() });
    """
    seen = run(script, runnable, peer)
    assert 90 <= seen["waited"] < 500
    assert seen["early"] == {"status": "fallback", "failure": "timeout", "sticky": True}
    assert (seen["status"], seen["failure"]) == ("served", None)
    assert seen["header"] == FALLBACK_HEADER  # it was shown, and stays for the session
    assert [item["id"] for item in seen["items"]] == ["derby"]
    assert seen["calls"] == ["body"]


def test_listeners_are_told_once_after_the_whole_state_has_changed_and_stop_when_asked(
    runnable: Path, peer: ClientApiPeer
) -> None:
    script = """
    const calls = [];
    header.onChange(() => { throw new Error("a listener's own fault"); });
    header.onChange(() => calls.push(["header", header.properties.sticky, body.items.length, session.status]));
    const stop = body.onChange(() => calls.push(["body"]));
    const stopped = body.onChange(() => calls.push(["stopped"]));
    stopped();
    await session.start();
    stop();
    await session.start();
    await session.end();
    print({ calls, errors, ...seen() });
    """
    seen = run(script, runnable, peer)
    assert seen["calls"] == [
        ["body"],
        ["header", False, 1, "served"],
        ["header", True, 3, "idle"],
    ]
    assert all("a listener of homepage.header failed" in error for error in seen["errors"]), seen["errors"]
    assert len(seen["errors"]) == 2


def test_properties_and_items_stay_the_same_objects_while_nothing_changes(
    javascript: Path, peer: ClientApiPeer
) -> None:
    script = """
    await session.start();
    const { properties } = header;
    const { items } = body;
    print([properties === header.properties, items === body.items,
           Object.isFrozen(properties), Object.isFrozen(items), Object.isFrozen(header.defaults),
           Object.isFrozen(items[0]), Object.isFrozen(collections), Object.isFrozen(collections.homepage)]);
    """
    assert all(run(script, javascript, peer))


@pytest.mark.slow
def test_a_new_start_ends_the_one_before_it(javascript: Path, peer: ClientApiPeer) -> None:
    late = session_answer({"homepage.body": SERVED_BODY | {"items": []}}, session="ses_late")
    peer.answers["/sessions"] = [ApiResult(body=late, wait_seconds=1), ApiResult(body=session_answer())]
    script = """
    const first = session.start({ userId: "u1" });
    await pause(500);
    await session.start({ userId: "u1" });
    await first;
    await pause(800);
    session.track("a/b");
    await session.flush();
    print(seen());
    """
    seen = run(script, javascript, peer)
    assert [item["id"] for item in seen["items"]] == ["derby"]
    [[event]] = peer.bodies("/events")
    assert event["session"] == "ses_1"


def test_the_answer_to_a_session_that_was_ended_is_cut_off_and_counts_for_nothing(
    javascript: Path, peer: ClientApiPeer
) -> None:
    script = """
    const signals = [];
    let answerFirst;
    client.fetch = (url, options) => {
      signals.push(options.signal);
      if (signals.length > 1) return fetch(url, options);
      return new Promise((resolve) => (answerFirst = resolve));
    };
    void session.start({ userId: "u1" });
    while (!answerFirst) await pause(1);
    await session.start({ userId: "u2" });
    const late = { session: "ses_late", revision: 1, states: { "homepage.body": { enabled: true, items: [] } } };
    answerFirst({ status: 200, text: async () => JSON.stringify(late) });
    await pause(50);
    print({ ...seen(), cut: signals.map(({ aborted }) => aborted) });
    """
    seen = run(script, javascript, peer)
    assert (seen["status"], [item["id"] for item in seen["items"]]) == ("served", ["derby"])
    assert seen["cut"] == [True, False]


def test_the_next_person_on_the_device_gets_a_new_anonymous_id(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const kept = new Map();
    client.storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
    for (const userId of [undefined, undefined, "u1", "u1", "u2", undefined, "u3"]) await session.start({ userId });
    print(Array.from(kept.keys()));
    """
    assert run(script, javascript, peer) == ["mtribes.vod.identity"]
    ids = [body["anonymous_id"] for body in peer.bodies("/sessions")]
    visitor, again, merged, merged_again, other_user, signed_out, third_user = ids
    assert visitor == again == merged == merged_again
    assert signed_out == third_user
    assert len({visitor, other_user, signed_out}) == 3
    assert [body.get("external_id") for body in peer.bodies("/sessions")] == [
        None, None, "u1", "u1", "u2", None, "u3",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_anonymous_id_outlives_the_app_where_it_is_kept_and_nonsense_there_is_replaced(
    javascript: Path, peer: ClientApiPeer
) -> None:
    script = """
    const kept = JSON.parse(process.argv[3]);
    globalThis.localStorage = { getItem: () => kept[0] ?? null, setItem: (_, value) => (kept[0] = value) };
    await session.start();
    print(kept);
    """
    kept = run_node(HEAD + script, javascript, peer.url, "[]")
    assert run_node(HEAD + script, javascript, peer.url, json.dumps(kept)) == kept
    run_node(HEAD + script, javascript, peer.url, '["{}"]')
    run_node(HEAD + script, javascript, peer.url, '["nonsense"]')
    ids = [body["anonymous_id"] for body in peer.bodies("/sessions")]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_storage_that_is_forbidden_does_no_harm(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    Object.defineProperty(globalThis, "localStorage", { get() { throw new Error("SecurityError"); } });
    await session.start();
    await session.start();
    print(seen());
    """
    assert run(script, javascript, peer)["status"] == "served"
    first, second = (body["anonymous_id"] for body in peer.bodies("/sessions"))
    assert first == second


def test_the_deprecated_ways_still_work(runnable: Path, peer: ClientApiPeer) -> None:
    script = (
        'await session.identify("u1", { plan: "gold" }); await session.anonymize({ campaign: "x" }); print(seen());'
    )
    assert run(script, runnable, peer)["status"] == "served"
    first, second = peer.bodies("/sessions")
    assert (first["external_id"], first["fields"]) == ("u1", {"plan": "gold"})
    assert ("external_id" in second, second["fields"]) == (False, {"campaign": "x"})


def test_a_fetch_of_ones_own_is_used(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const urls = [];
    client.fetch = (url, options) => { urls.push(url); return fetch(url, options); };
    client.host = host + "/";
    await session.start();
    client.fetch = () => { throw new Error("no"); };
    await session.start();
    print({ urls, ...seen() });
    """
    seen = run(script, javascript, peer)
    assert seen["urls"] == [f"{peer.url}/api/client/sessions"]
    assert (seen["status"], seen["failure"]) == ("fallback", "network")
