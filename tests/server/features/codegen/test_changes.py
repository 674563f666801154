"""Changes that come through while the session is not locked."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import (
    SERVED_HEADER,
    STARTED,
    STATES,
    UNKNOWN,
    ApiResult,
    Asked,
    ClientApiPeer,
    session_answer,
)
from tests.server.features.codegen.test_session import run

# In real time; the quick run has the cases of tests/conformance, whose time is virtual.
pytestmark = pytest.mark.slow

STICKY = SERVED_HEADER | {"properties": SERVED_HEADER["properties"] | {"sticky": True}}
NEVER = ApiResult(status=204, wait_seconds=20)


def changed(revision: int, **states: Any) -> ApiResult:
    return ApiResult(
        body={"revision": revision, "states": {key.replace("__", "."): state for key, state in states.items()}}
    )


def polls(peer: ClientApiPeer) -> list[Asked]:
    return [asked for asked in peer.asked if "/changes" in asked.path]


def test_an_unlocked_session_follows_changes_and_tells_listeners(runnable: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [changed(8, homepage__header=STICKY), NEVER]
    script = """
    client.sessionLock = false;
    await session.start();
    const before = header.properties.sticky;
    const calls = [];
    header.onChange(() => calls.push(header.properties.sticky));
    body.onChange(() => calls.push("body"));
    await pause(2300);
    print({ before, calls, ...seen(), errors });
    process.exit(0);
    """
    seen = run(script, runnable, peer)
    assert (seen["before"], seen["calls"], seen["header"]["sticky"]) == (False, [True], True)
    assert [item["id"] for item in seen["items"]] == ["derby"]
    assert [asked.path for asked in polls(peer)] == [
        "/api/client/sessions/ses_1/changes?since=7&wait=25",
        "/api/client/sessions/ses_1/changes?since=8&wait=25",
    ]
    assert polls(peer)[0].headers["Accept"] == "application/json"
    assert seen["errors"] == []


def test_a_change_to_a_value_that_cannot_be_used_gives_its_default(javascript: Path, peer: ClientApiPeer) -> None:
    nonsense = SERVED_HEADER | {"properties": SERVED_HEADER["properties"] | {"background": "red"}}
    peer.answers["/changes"] = [changed(8, homepage__header=nonsense), ApiResult(status=501)]
    script = """
    client.sessionLock = false;
    await session.start();
    const served = header.properties.background.value;
    await pause(300);
    const { background, sticky } = header.properties;
    print([served, background.value, sticky, header.defaults.background.value, session.unknown, errors.length]);
    """
    served, changed_to, sticky, default, unknown, errors = run(script, javascript, peer)
    assert (served, changed_to, sticky) == ("#c9a227", default, False)
    assert (unknown, errors) == (['homepage.header.background: "red"'], 1)


def test_a_server_without_changes_is_asked_ever_more_rarely(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [ApiResult(status=501)]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(4500);
    print([session.status, session.failure, header.properties.sticky, errors]);
    """
    assert run(script, javascript, peer) == ["served", "server", False, []]
    assert 2 < len(polls(peer)) < 5  # after 1, and 1 to 2, and 2 to 4 seconds


def test_a_server_that_loses_new_sessions_at_once_is_left_alone_longer(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const timer = globalThis.setTimeout;
    globalThis.setTimeout = (call, wait) => timer(call, wait / 20);
    const asked = [];
    client.fetch = async (url, { method }) => {
      asked.push(method);
      const started = JSON.stringify({ session: "ses_1", revision: 1, states: {} });
      return method === "POST" ? { status: 200, text: async () => started } : { status: 404, text: async () => "" };
    };
    client.waitTimeMsec = 20000;
    client.sessionLock = false;
    await session.start();
    await pause(50000);
    print([session.status, session.failure, asked]);
    process.exit(0);
    """
    status, failure, asked = run(script, javascript, peer)
    assert (status, failure) == ("served", "refused")
    assert asked == ["POST", "GET"] * 3  # at once, then after 4 to 8 seconds, then after a minute and more


def test_a_session_that_is_locked_again_has_no_trouble_with_changes(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [ApiResult(status=500)]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(300);
    const unlocked = session.failure;
    client.sessionLock = true;
    print([unlocked, session.status, session.failure]);
    """
    assert run(script, javascript, peer) == ["server", "served", None]


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422, 500, 503])
def test_following_goes_on_after_a_passing_error(status: int, javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [ApiResult(status=status, raw=b"a proxy's page"), changed(8, homepage__header=STICKY)]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(300);
    const meanwhile = [session.status, session.failure, header.properties.sticky];
    await pause(2300);
    print([meanwhile, [session.status, session.failure, header.properties.sticky]]);
    """
    told = {404: None, 500: "server", 503: "server"}.get(status, "refused")
    meanwhile, then = run(script, javascript, peer)
    assert meanwhile == ["served", told, False]
    assert then == ["served", None, True]


def test_a_session_that_cannot_be_begun_anew_at_once_is_begun_later(javascript: Path, peer: ClientApiPeer) -> None:
    again = ApiResult(body=session_answer({**STATES, "homepage.header": STICKY}, session="ses_2", revision=9))
    peer.answers["/sessions"] = [STARTED, UNKNOWN, again]
    peer.answers["/changes"] = [UNKNOWN, NEVER]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(300);
    const meanwhile = [session.status, session.failure, header.properties.sticky];
    await pause(2300);
    print([meanwhile, [session.status, session.failure, header.properties.sticky]]);
    process.exit(0);
    """
    assert run(script, javascript, peer) == [["served", "refused", False], ["served", None, True]]


def test_two_answers_never_follow_each_other_faster_than_a_second(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [changed(8 + at % 2, homepage__header=STICKY) for at in range(1000)]
    script = """
    const sent = [];
    client.fetch = (url, options) => (sent.push(performance.now()), fetch(url, options));
    client.sessionLock = false;
    await session.start();
    await pause(3500);
    print(sent);
    process.exit(0);
    """
    [_, *asked] = run(script, javascript, peer)
    assert len(asked) == 4
    assert min(later - sooner for sooner, later in itertools.pairwise(asked)) > 990


def test_a_session_that_the_server_lost_begins_anew_with_what_it_began_with(
    runnable: Path, peer: ClientApiPeer
) -> None:
    again = ApiResult(body=session_answer({**STATES, "homepage.header": STICKY}, session="ses_2", revision=9))
    peer.answers["/sessions"] = [STARTED, ApiResult(status=503), again]
    peer.answers["/changes"] = [ApiResult(status=404), NEVER]
    script = """
    client.sessionLock = false;
    await session.start({ userId: "u1", fields: { campaign: "spring" } });
    const before = header.properties.sticky;
    await pause(2500);
    session.track("item/clicked");
    await session.flush();
    print([before, header.properties.sticky, session.status, errors]);
    process.exit(0);
    """
    assert run(script, runnable, peer) == [False, True, "served", []]
    first, refused, second = peer.bodies("/sessions")
    assert first == refused == second
    assert (first["external_id"], first["fields"]) == ("u1", {"campaign": "spring"})
    assert polls(peer)[-1].path == "/api/client/sessions/ses_2/changes?since=9&wait=25"
    assert peer.bodies("/events")[0][0]["session"] == "ses_2"


def test_a_locked_session_that_the_server_lost_is_left_alone(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [ApiResult(status=404, wait_seconds=0.3)]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(100);
    client.sessionLock = true;
    await pause(800);
    print(null);
    """
    run(script, javascript, peer)
    assert (len(peer.bodies("/sessions")), len(polls(peer))) == (1, 1)


def test_changes_are_asked_for_again_once_the_network_is_back(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [ApiResult(body={}, cut=True), changed(8, homepage__header=STICKY), NEVER]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(1500);
    print([header.properties.sticky, session.status, errors]);
    process.exit(0);
    """
    assert run(script, javascript, peer) == [True, "served", []]


def test_a_server_that_says_when_to_come_back_is_left_alone_until_then(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [ApiResult(status=503, headers={"Retry-After": "30"}), changed(8)]
    script = "client.sessionLock = false; await session.start(); await pause(1800); print(null); process.exit(0);"
    run(script, javascript, peer)
    assert len(polls(peer)) == 1


def test_a_locked_session_does_not_ask_for_changes(javascript: Path, peer: ClientApiPeer) -> None:
    run("await session.start(); await pause(200); print(null);", javascript, peer)
    assert polls(peer) == []


def test_unlocking_lets_changes_through_and_locking_stops_them(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [changed(8, homepage__header=STICKY), NEVER]
    script = """
    await session.start();
    const locked = header.properties.sticky;
    client.sessionLock = false;
    await pause(300);
    const unlocked = header.properties.sticky;
    await pause(1000);
    client.sessionLock = true;
    print({ locked, unlocked, still: header.properties.sticky });
    """
    assert run(script, javascript, peer) == {"locked": False, "unlocked": True, "still": True}
    assert len(polls(peer)) == 2


def test_bad_answers_to_a_poll_are_survived_and_not_hammered(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [
        ApiResult(status=500),
        ApiResult(raw=b"nonsense"),
        changed(8, homepage__header=STICKY),
        NEVER,
    ]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(250);
    const asked = header.properties.sticky;
    await pause(4600);
    print([asked, header.properties.sticky]);
    process.exit(0);
    """
    assert run(script, javascript, peer) == [False, True]
    assert len(polls(peer)) == 4


def test_a_server_that_answers_at_once_without_a_change_is_not_asked_again_at_once(
    javascript: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/changes"] = [ApiResult(body={"revision": 7, "states": dict(STATES)})]
    script = "client.sessionLock = false; await session.start(); await pause(500); print(null); process.exit(0);"
    run(script, javascript, peer)
    assert len(polls(peer)) == 1


def test_the_end_of_a_session_ends_its_polls_and_lets_the_program_end(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [NEVER]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(100);
    await session.end();
    print(seen());
    """
    seen = run(script, javascript, peer)
    assert (seen["status"], seen["header"]["sticky"]) == ("idle", True)


def test_a_listener_may_start_a_session_itself(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    let starts = 0;
    header.onChange(() => { starts += 1; if (starts === 1) void session.start({ userId: "u2" }); });
    await session.start({ userId: "u1" });
    await pause(300);
    print({ starts, ...seen() });
    """
    seen = run(script, javascript, peer)
    # u1, then fallbacks for u2, then what u2 was served
    assert (seen["starts"], seen["status"]) == (3, "served")
    assert [body.get("external_id") for body in peer.bodies("/sessions")] == ["u1", "u2"]
