"""Changes that come through while the session is not locked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.server.codegen.client_api_peer import (
    SERVED_HEADER,
    STARTED,
    STATES,
    Answer,
    Asked,
    ClientApiPeer,
    session_answer,
)
from tests.server.codegen.test_session import run

STICKY = SERVED_HEADER | {"properties": SERVED_HEADER["properties"] | {"sticky": True}}
NEVER = Answer(status=204, wait_seconds=20)


def changed(revision: int, **states: Any) -> Answer:
    return Answer(
        body={"revision": revision, "states": {key.replace("__", "."): state for key, state in states.items()}}
    )


def polls(peer: ClientApiPeer) -> list[Asked]:
    return [asked for asked in peer.asked if "/changes" in asked.path]


def test_an_unlocked_session_follows_changes_and_tells_listeners(runnable: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [changed(8, homepage__header=STICKY), Answer(status=501)]
    script = """
    client.sessionLock = false;
    await session.start();
    const before = header.properties.sticky;
    const calls = [];
    header.onChange(() => calls.push(header.properties.sticky));
    body.onChange(() => calls.push("body"));
    await pause(400);
    print({ before, calls, ...seen(), errors });
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


def test_a_change_to_what_cannot_be_means_the_fallback_of_that_entity(javascript: Path, peer: ClientApiPeer) -> None:
    nonsense = SERVED_HEADER | {"properties": {"sticky": "yes"}}
    peer.answers["/changes"] = [changed(8, homepage__header=nonsense), Answer(status=501)]
    script = """
    client.sessionLock = false;
    await session.start();
    const served = header.properties.background.value;
    await pause(300);
    print([served, header.properties.background.value, errors.length]);
    """
    assert run(script, javascript, peer) == ["#c9a227", "#6f58c4", 1]


def test_a_server_without_changes_is_not_asked_for_ever(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [Answer(status=501), Answer(status=404), Answer(status=404), changed(8)]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(200);
    await session.start();
    await pause(2500);
    print([header.properties.sticky, errors]);
    """
    assert run(script, javascript, peer) == [False, []]
    assert len(polls(peer)) == 3


def test_a_session_that_the_server_lost_begins_anew_with_what_it_began_with(
    runnable: Path, peer: ClientApiPeer
) -> None:
    again = Answer(body=session_answer({**STATES, "homepage.header": STICKY}, session="ses_2", revision=9))
    peer.answers["/sessions"] = [STARTED, Answer(status=503), again]
    peer.answers["/changes"] = [Answer(status=404), NEVER]
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
    peer.answers["/changes"] = [Answer(status=404, wait_seconds=0.3)]
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
    peer.answers["/changes"] = [Answer(body={}, cut=True), changed(8, homepage__header=STICKY), NEVER]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(1500);
    print([header.properties.sticky, session.status, errors]);
    process.exit(0);
    """
    assert run(script, javascript, peer) == [True, "served", []]


def test_a_server_that_says_when_to_come_back_is_left_alone_until_then(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [Answer(status=503, headers={"Retry-After": "30"}), changed(8)]
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
    client.sessionLock = true;
    print({ locked, unlocked, still: header.properties.sticky });
    """
    assert run(script, javascript, peer) == {"locked": False, "unlocked": True, "still": True}
    assert len(polls(peer)) == 2


def test_bad_answers_to_a_poll_are_survived_and_not_hammered(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [
        Answer(status=500),
        Answer(raw=b"nonsense"),
        changed(8, homepage__header=STICKY),
        NEVER,
    ]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(250);
    const asked = header.properties.sticky;
    await pause(3200);
    print([asked, header.properties.sticky]);
    process.exit(0);
    """
    assert run(script, javascript, peer) == [False, True]
    assert len(polls(peer)) == 4


def test_a_server_that_answers_at_once_without_a_change_is_not_asked_again_at_once(
    javascript: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/changes"] = [Answer(body={"revision": 7, "states": dict(STATES)})]
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
    assert (seen["starts"], seen["status"]) == (1, "served")
    assert [body.get("external_id") for body in peer.bodies("/sessions")] == ["u1", "u2"]
