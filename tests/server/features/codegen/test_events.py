"""Events of generated code: none is lost while it can be kept, none counts twice, and a bad one stops no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import STORED, ApiResult, ClientApiPeer
from tests.server.features.codegen.test_session import run
from tests.server.features.codegen.toolchain import run_node

pytestmark = pytest.mark.slow

BUSY = ApiResult(status=503, headers={"Retry-After": "0"})
REFUSED = ApiResult(status=422, body={"errors": [{"path": "0.name"}]})
PAGE = """
const listeners = {};
const listen = (type, call) => (listeners[type] = () => call({ type }));
globalThis.document = { visibilityState: "visible", addEventListener: listen };
globalThis.addEventListener = listen;
const { client, collections, session } = await import("./index.js");
const requests = [];
let release = () => {};
client.fetch = (url, { method, body, keepalive = false }) => {
  requests.push({ method, body, keepalive });
  return new Promise((resolve) => (release = () => resolve({ status: 204, text: async () => "" })));
};
client.apiKey = "pk_test";
const printAndExit = (value) => process.stdout.write(JSON.stringify(value), () => process.exit(0));
"""


def events(peer: ClientApiPeer) -> list[Any]:
    return [event for batch in peer.bodies("/events") for event in batch]


def test_an_event_says_who_where_when_and_what(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    session.track("app/opened");
    await session.start({ userId: "u1" });
    session.track("item/clicked", { pair2: { key: "title", value: "Parasite" } });
    header.track("movie/watched", { pair1: { key: "a", value: "1" }, pair3: { key: "b", value: 2 } });
    body.items[0].track("hero/seen");
    await session.flush();
    print(null);
    """
    run(script, runnable, peer)
    [batch] = peer.bodies("/events")
    opened, clicked, watched, hero = batch
    assert [event["name"] for event in batch] == ["app/opened", "item/clicked", "movie/watched", "hero/seen"]
    assert "session" not in opened
    assert {clicked["session"], watched["session"], hero["session"]} == {"ses_1"}
    assert (clicked["external_id"], "entity" in clicked) == ("u1", False)
    assert clicked["metadata"] == [{"key": "title", "value": "Parasite"}]
    assert watched["entity"] == "homepage.header"
    assert watched["metadata"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    assert (hero["entity"], hero["data"]) == ("homepage.body", {"item": "derby", "experience": "hero"})
    assert "metadata" not in hero
    assert opened["anonymous_id"] == hero["anonymous_id"] == peer.bodies("/sessions")[0]["anonymous_id"]
    assert len({event["id"] for event in batch}) == 4
    assert all(event["timestamp"].endswith("Z") for event in batch)


def test_events_are_collected_for_a_second_and_sent_together_even_as_the_program_ends(
    javascript: Path, peer: ClientApiPeer
) -> None:
    run('for (let at = 0; at < 5; at += 1) session.track("a/" + at); print(null);', javascript, peer)
    [batch] = peer.bodies("/events")
    assert [event["name"] for event in batch] == [f"a/{at}" for at in range(5)]


def test_a_batch_that_failed_is_sent_again_with_the_same_ids(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/events"] = [BUSY, ApiResult(cut=True, body={}), STORED]
    script = """
    session.track("a/1");
    await session.flush();
    session.track("a/2");
    await session.flush();
    await pause(2600);
    print(null);
    """
    run(script, javascript, peer)
    first, second, third = peer.bodies("/events")
    assert [event["name"] for event in first] == ["a/1"]
    assert second == third
    assert second[0] == first[0]
    assert [event["name"] for event in third] == ["a/1", "a/2"]


def test_a_server_that_says_when_to_come_back_is_asked_no_sooner(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/events"] = [ApiResult(status=429, headers={"Retry-After": "60"}), STORED]
    run('session.track("a/1"); await session.flush(); await pause(1500); print(null);', javascript, peer)
    assert len(peer.bodies("/events")) == 1


def test_one_event_that_the_server_refuses_is_dropped_alone(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    client.fetch = async (url, options) => {
      const bad = options.body.includes('"bad/one"');
      if (!bad) return fetch(url, options);
      return { status: 422, text: async () => "{}" };
    };
    for (let at = 0; at < 9; at += 1) session.track(at === 5 ? "bad/one" : "a/" + at);
    await session.flush();
    print(errors);
    """
    errors = run(script, javascript, peer)
    assert [event["name"] for event in events(peer)] == [f"a/{at}" for at in range(9) if at != 5]
    assert len({event["id"] for event in events(peer)}) == 8
    assert ["bad/one" in error for error in errors] == [True]


def test_the_queue_is_bounded_and_the_oldest_go(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/events"] = [BUSY, STORED]
    script = """
    for (let at = 0; at < 1200; at += 1) session.track("a/" + at);
    await session.flush();
    await session.flush();
    print(null);
    """
    run(script, javascript, peer)
    sent = [event["name"] for batch in peer.bodies("/events")[1:] for event in batch]
    assert sent == [f"a/{at}" for at in range(200, 1200)]
    assert max(len(batch) for batch in peer.bodies("/events")) <= 100


def test_events_wait_for_the_key(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    client.apiKey = "";
    session.track("a/1");
    await session.flush();
    client.apiKey = "pk_late";
    await session.flush();
    print(null);
    """
    run(script, javascript, peer)
    assert [event["name"] for event in events(peer)] == ["a/1"]
    assert peer.asked[0].headers["Authorization"] == "Bearer pk_late"


BAD_NAMES = [
    "mtribes/x", "___UI/x", "sdk/x", "", "clicked", "a/b/c", "/b", "a/", "a/b\n", "a\x00/b", "a/" + "b" * 255, None, 5,
]  # fmt: skip
BAD_PAIRS = {
    "a value that is too long": '{ pair1: { key: "k", value: "v".repeat(1025) } }',
    "a value of 80 KB": '{ pair1: { key: "k", value: "é".repeat(40000) } }',
    "a key that is too long": '{ pair1: { key: "k".repeat(65), value: "v" } }',
    "no key": '{ pair1: { key: "", value: "v" } }',
    "a key twice": '{ pair1: { key: "k", value: "v" }, pair3: { key: "k", value: "w" } }',
    "an object": '{ pair1: { key: "k", value: { deep: 1 } } }',
    "a symbol": '{ pair1: { key: "k", value: Symbol("v") } }',
}


def test_what_is_no_name_is_refused_when_it_is_tracked(javascript: Path, peer: ClientApiPeer) -> None:
    script = f"""
    for (const name of {json.dumps(BAD_NAMES)}) session.track(name, null);
    await session.flush();
    print(errors);
    """
    errors = run(script, javascript, peer)
    assert len(errors) == len(BAD_NAMES)
    assert "category/action" in errors[4]
    assert '"clicked"' in errors[4]
    assert peer.asked == []


@pytest.mark.parametrize("kind", BAD_PAIRS)
def test_metadata_that_the_server_would_refuse_is_refused_when_it_is_tracked(
    kind: str, javascript: Path, peer: ClientApiPeer
) -> None:
    script = f"""
    session.track("a/bad", {BAD_PAIRS[kind]});
    session.track("a/good");
    await session.flush();
    print(errors);
    """
    [error] = run(script, javascript, peer)
    assert '"a/bad"' in error
    assert [event["name"] for event in events(peer)] == ["a/good"]


def test_scalars_are_texts_and_what_has_no_value_is_left_out(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    const pair = (key, value) => ({ key, value });
    session.track("a/1", { pair1: pair("n", 10n), pair2: pair("b", false), pair3: pair("s", "\\ud83d\\0é") });
    session.track("a/2", { pair1: pair("n", undefined), pair2: pair(5, 1.5), pair3: null });
    await session.flush();
    print(errors);
    """
    assert run(script, runnable, peer) == []
    first, second = events(peer)
    assert [(pair["key"], pair["value"]) for pair in first["metadata"]] == [
        ("n", "10"),
        ("b", "false"),
        ("s", "\ufffd\ufffdé"),
    ]
    assert second["metadata"] == [{"key": "5", "value": "1.5"}]


def test_a_bad_name_takes_no_event_of_a_page_that_closes_with_it(runnable: Path) -> None:
    script = """
    for (let at = 0; at < 100; at += 1) session.track("a/" + at);
    session.track("clicked");
    listeners.pagehide();
    printAndExit(requests);
    """
    [leaving] = run_node(PAGE + script, runnable)
    assert [event["name"] for event in json.loads(leaving["body"])] == [f"a/{at}" for at in range(100)]


def test_events_that_the_server_names_are_dropped_alone_and_at_once(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/events"] = [
        ApiResult(status=422, body={"errors": [{"path": "[2].name"}, {"path": "[2].id"}, {"path": "[7].external_id"}]}),
        STORED,
    ]
    script = """
    for (let at = 0; at < 9; at += 1) session.track("a/" + at);
    await session.flush();
    print(errors);
    """
    [error] = run(script, javascript, peer)
    assert "a/2, a/7" in error
    first, second = peer.bodies("/events")
    assert second == [event for at, event in enumerate(first) if at not in {2, 7}]


def test_a_server_that_refuses_one_after_the_other_is_not_hammered(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/events"] = [ApiResult(status=422, body={"errors": [{"path": "[0]"}]})]
    script = """
    for (let at = 0; at < 100; at += 1) session.track("a/" + at);
    await session.flush();
    await pause(1600);
    print(null);
    process.exit(0);
    """
    run(script, javascript, peer)
    assert [len(batch) for batch in peer.bodies("/events")] == [100 - at for at in range(12)]


def test_a_page_of_something_in_between_acknowledges_nothing(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/events"] = [ApiResult(raw=b"\n<!doctype html>Sign in to this network"), STORED]
    script = """
    session.track("a/1");
    await session.flush();
    await pause(2000);
    print(null);
    """
    run(script, javascript, peer)
    first, second = peer.bodies("/events")
    assert first == second


def test_a_clock_that_was_never_set_does_not_have_events_refused(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const Now = Date;
    globalThis.Date = class extends Now { constructor() { super(5000); } };
    session.track("a/1");
    globalThis.Date = Now;
    session.track("a/2");
    await session.flush();
    print(errors);
    """
    assert run(script, javascript, peer) == []
    assert ["timestamp" in event for event in events(peer)] == [False, True]


def test_an_event_that_does_not_fit_holds_up_no_other_of_a_page_that_is_hidden(runnable: Path) -> None:
    script = """
    const value = "\\u0001".repeat(1024);  // six bytes each in JSON
    const pairs = { pair1: { key: "a", value }, pair2: { key: "b", value }, pair3: { key: "c", value } };
    for (let at = 0; at < 4; at += 1) session.track("big/" + at, pairs);
    session.track("purchase/done");
    listeners.pagehide();
    const hidden = requests.slice();
    release();
    await new Promise((resolve) => setTimeout(resolve, 10));
    printAndExit({ hidden, then: requests.slice(hidden.length) });
    """
    seen = run_node(PAGE + script, runnable)
    names = [
        [event["name"] for event in json.loads(each["body"])] for when in ("hidden", "then") for each in seen[when]
    ]
    assert names == [["big/0", "big/1", "big/2", "purchase/done"], ["big/3"]]
    assert all(each["keepalive"] and len(each["body"].encode()) <= 60 * 1024 for each in seen["hidden"] + seen["then"])


def test_a_page_that_is_hidden_sends_at_most_60_kib_with_keepalive_and_the_rest_later(runnable: Path) -> None:
    script = """
    for (let at = 0; at < 200; at += 1) session.track("a/" + at, { pair1: { key: "k", value: "ü".repeat(300) } });
    document.visibilityState = "visible";
    listeners.visibilitychange();
    const visible = requests.length;
    document.visibilityState = "hidden";
    listeners.visibilitychange();
    listeners.pagehide();
    const hidden = requests.slice();
    release();
    await new Promise((resolve) => setTimeout(resolve, 10));
    listeners.pagehide();
    printAndExit({ visible, hidden, then: requests.slice(hidden.length) });
    """
    seen = run_node(PAGE + script, runnable)
    assert seen["visible"] == 0
    [hidden] = seen["hidden"]
    [then] = seen["then"]
    assert hidden["keepalive"] is True
    assert 50 * 1024 < len(hidden["body"].encode()) <= 60 * 1024
    first = [event["name"] for event in json.loads(hidden["body"])]
    second = [event["name"] for event in json.loads(then["body"])]  # follows by itself, and not twice
    assert first == [f"a/{at}" for at in range(len(first))]
    assert second[0] == f"a/{len(first)}"


def test_a_page_that_was_hidden_in_the_middle_of_sending_sends_the_same_ids_again(javascript: Path) -> None:
    script = """
    session.track("a/1");
    void session.flush();
    await null;
    listeners.pagehide();
    listeners.pagehide();
    printAndExit(requests);
    """
    sending, leaving = run_node(PAGE + script, javascript)
    assert (sending["keepalive"], leaving["keepalive"]) == (False, True)
    assert json.loads(sending["body"]) == json.loads(leaving["body"])


def test_events_of_a_user_whose_id_is_signed_carry_the_signature(runnable: Path, peer: ClientApiPeer) -> None:
    script = """
    await session.start({ userId: "u1", userSignature: "sig-1" });
    session.track("item/clicked");
    await session.start({ userId: "u2" });
    session.track("item/clicked");
    await session.start({ userSignature: "of-nobody" });
    session.track("item/clicked");
    await session.flush();
    print(null);
    """
    run(script, runnable, peer)
    signed = [(event.get("external_id"), event.get("user_signature")) for event in events(peer)]
    assert signed == [("u1", "sig-1"), ("u2", None), (None, None)]
