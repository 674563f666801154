"""A start that failed is tried again: growing pauses, no sooner than asked, at once when the network is back."""

from __future__ import annotations

import itertools
import json
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from tests.server.features.codegen.client_api_peer import STARTED, ApiResult, ClientApiPeer, session_answer
from tests.server.features.codegen.test_session import FALLBACK_HEADER, run
from tests.server.features.codegen.toolchain import run_node

# In real time; the quick run has the cases of tests/conformance, whose time is virtual.
pytestmark = pytest.mark.slow

FAILURES = {
    "network": ApiResult(body={}, cut=True),
    "server": ApiResult(status=500, body={}),
    "refused": ApiResult(status=403, raw=b"captive portal"),
    "nonsense": ApiResult(raw=b"<html>log in</html>"),
}
LISTENING = """
const online = [];
globalThis.addEventListener = (type, call) => type === "online" && online.push(call);
const { client, collections, session } = await import("./index.js");
globalThis.document = { visibilityState: "visible" };
console.error = () => {};
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
"""


@pytest.mark.parametrize("failure", FAILURES)
def test_a_start_that_failed_is_tried_again(failure: str, javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [FAILURES[failure], STARTED]
    script = """
    await session.start({ userId: "u1", fields: { campaign: "spring" } });
    const first = [session.status, session.failure];
    await pause(900);
    const tooSoon = session.status;
    await pause(1500);
    print([first, tooSoon, session.status, session.failure, header.properties.sticky]);
    """
    assert run(script, javascript, peer) == [["fallback", failure], "fallback", "served", None, False]
    first, second = peer.bodies("/sessions")
    assert first == second
    assert (first["external_id"], first["fields"]) == ("u1", {"campaign": "spring"})


def test_what_was_read_stays_for_a_locked_session_and_the_rest_shows_the_new_state(
    runnable: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/sessions"] = [ApiResult(status=503), STARTED]
    script = """
    const calls = [];
    header.onChange(() => calls.push("header"));
    body.onChange(() => calls.push(["body", session.status, body.items.length]));
    await session.start();
    void header.properties;
    await pause(2500);
    print({ calls, ...seen() });
    """
    seen = run(script, runnable, peer)
    assert (seen["status"], seen["failure"]) == ("served", None)
    assert seen["header"] == FALLBACK_HEADER
    assert [item["id"] for item in seen["items"]] == ["derby"]
    assert seen["calls"] == [["body", "served", 1]]


def test_everything_changes_and_is_told_without_the_lock(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(status=503), STARTED]
    script = """
    client.sessionLock = false;
    const calls = [];
    header.onChange(() => calls.push("header"));
    await session.start();
    void header.properties;
    await pause(2500);
    print([calls, header.properties.sticky, session.status]);
    process.exit(0);
    """
    assert run(script, javascript, peer) == [["header"], False, "served"]


def test_a_start_that_took_too_long_and_failed_is_tried_again(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(status=500, wait_seconds=0.4), STARTED]
    script = """
    client.waitTimeMsec = 100;
    await session.start();
    const first = session.failure;
    await pause(500);
    const second = session.failure;
    await pause(2300);
    print([first, second, session.status]);
    """
    assert run(script, javascript, peer) == ["timeout", "server", "served"]


def in_three_seconds() -> str:
    return formatdate(time.time() + 3.9, usegmt=True)


@pytest.mark.parametrize("retry_after", ["2", in_three_seconds], ids=["seconds", "date"])
def test_a_server_that_says_when_to_come_back_is_left_alone_until_then(
    retry_after: object, javascript: Path, peer: ClientApiPeer
) -> None:
    text = retry_after() if callable(retry_after) else str(retry_after)
    peer.answers["/sessions"] = [ApiResult(status=429, headers={"Retry-After": text}), STARTED]
    script = """
    await session.start();
    await pause(1800);
    const early = session.status;
    await pause(3600);
    print([early, session.status]);
    """
    assert run(script, javascript, peer) == ["fallback", "served"]


def test_the_pauses_grow_and_are_never_below_a_second(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const asked = [];
    client.fetch = async () => { asked.push(performance.now()); throw new TypeError("Failed to fetch"); };
    await session.start();
    await pause(9000);
    print(asked);
    process.exit(0);
    """
    asked = run(script, javascript, peer)
    pauses = [later - sooner for sooner, later in itertools.pairwise(asked)]
    assert 3 <= len(pauses) <= 4
    for pause, (least, most) in zip(pauses, [(1000, 1200), (1000, 2000), (2000, 4000), (4000, 8000)], strict=False):
        assert least - 10 <= pause <= most + 200


def test_a_start_is_tried_at_once_when_the_network_is_back(javascript: Path) -> None:
    script = (
        LISTENING
        + """
    client.apiKey = "pk_test";
    let down = true;
    const asked = [];
    client.fetch = async () => {
      asked.push(performance.now());
      if (down) throw new TypeError("Failed to fetch");
      return { status: 200, text: async () => process.argv[2] };
    };
    await session.start();
    await pause(4300);  // two failures more, so that the next pause is 2 to 4 seconds
    const before = asked.length;
    const told = performance.now();
    down = false;
    for (const type of ["online", "online"]) online.forEach((call) => call({ type }));
    await pause(1100);
    const gaps = asked.slice(1).map((at, index) => at - asked[index]);
    process.stdout.write(JSON.stringify([before, asked.length, session.status, Math.min(...gaps)]));
    process.exit(0);
    """
    )
    before, after, status, shortest = run_node(script, javascript, json.dumps(session_answer()))
    assert (after - before, status) == (1, "served")
    assert shortest > 990


def test_the_networks_return_does_not_hurry_a_server_that_said_when_to_come_back(javascript: Path) -> None:
    script = (
        LISTENING
        + """
    client.apiKey = "pk_test";
    let asked = 0;
    client.fetch = async () => {
      asked += 1;
      return { status: 503, text: async () => "", headers: { get: () => "60" } };
    };
    await session.start();
    await pause(1200);
    online.forEach((call) => call({ type: "online" }));
    await pause(300);
    process.stdout.write(JSON.stringify(asked));
    process.exit(0);
    """
    )
    assert run_node(script, javascript) == 1


def test_a_key_that_comes_late_starts_the_session(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    client.apiKey = "";
    await session.start({ userId: "u1" });
    const before = session.failure;
    client.apiKey = "pk_test";
    await pause(300);
    print([before, session.status, header.properties.sticky]);
    """
    assert run(script, javascript, peer) == ["missing-key", "served", False]


def test_a_session_that_has_ended_is_not_started_again(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    let asked = 0;
    client.fetch = async () => {  // heeds no signal
      asked += 1;
      return { status: 503, text: async () => "" };
    };
    await session.start();
    await session.end();
    await pause(1500);
    print([asked, session.status, session.failure]);
    """
    assert run(script, javascript, peer) == [1, "idle", None]


def test_a_start_in_between_takes_the_place_of_the_one_that_is_tried_again(
    javascript: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/sessions"] = [ApiResult(status=503), STARTED]
    script = """
    await session.start({ userId: "u1" });
    await session.start({ userId: "u2" });
    await pause(2500);
    print(session.status);
    """
    assert run(script, javascript, peer) == "served"
    assert [body["external_id"] for body in peer.bodies("/sessions")] == ["u1", "u2"]


def test_another_key_does_not_hurry_a_start_that_failed(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [ApiResult(status=503)]
    script = 'await session.start(); client.apiKey = "pk_other"; await pause(300); print(null); process.exit(0);'
    run(script, javascript, peer)
    assert len(peer.bodies("/sessions")) == 1


def test_a_start_whose_request_was_cut_off_for_its_time_is_tried_again(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    import { clock } from "./runtime.js";
    let hurry = true;
    const { after } = clock;
    clock.after = (wait, ...rest) => after(hurry && wait === 30000 ? 100 : wait, ...rest);
    client.fetch = (url, options) => {
      if (!hurry) return fetch(url, options);
      return new Promise((_, reject) => options.signal.addEventListener("abort", reject));
    };
    await session.start();
    hurry = false;
    await pause(1500);
    print(session.status);
    """
    assert run(script, javascript, peer) == "served"
