"""Starting again: what is shown stays for the same person, never for another, and every change is announced once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.features.codegen.client_api_peer import STARTED, STATES, ApiResult, ClientApiPeer, session_answer
from tests.server.features.codegen.test_session import run

pytestmark = pytest.mark.slow

WATCH = """
const shown = () => header.properties.background.value;
const looks = [];
const look = (what) => looks.push([what, session.status, shown()]);
const calls = [];
header.onChange(() => calls.push([session.status, shown()]));
"""
GOLD, PURPLE = "#c9a227", "#6f58c4"
SILVER = session_answer(
    dict(STATES)
    | {"homepage.header": {"enabled": True, "properties": {"background": {"value": "#cccccc", "opacity": 1}}}}
)


@pytest.mark.parametrize("user", ['{ userId: "u1" }', "undefined"], ids=["user", "visitor"])
def test_the_same_person_sees_what_was_served_until_the_new_states_are_there(
    user: str, runnable: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/sessions"] = [STARTED, ApiResult(body=SILVER, wait_seconds=0.2)]
    script = f"""
    await session.start({user});
    look("first");
    const again = session.start({user});
    look("asked");
    await pause(50);
    look("waiting");
    await again;
    look("second");
    print({{ seen: looks, calls }});
    """
    got = run(WATCH + script, runnable, peer)
    assert got["seen"] == [
        ["first", "served", GOLD],
        ["asked", "starting", GOLD],
        ["waiting", "starting", GOLD],
        ["second", "served", "#cccccc"],
    ]
    assert got["calls"] == [["served", GOLD], ["served", "#cccccc"]]


@pytest.mark.parametrize("answer", [ApiResult(status=503), ApiResult(raw=b"<html>"), ApiResult(status=401, body={})])
def test_a_start_that_fails_leaves_the_same_person_what_was_served(
    answer: ApiResult, javascript: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/sessions"] = [STARTED, answer]
    script = """
    await session.start({ userId: "u1" });
    const { revision } = session;
    await session.start({ userId: "u1" });
    look("failed");
    print([looks, calls, body.items.length, session.revision === revision]);
    process.exit(0);
    """
    seen, calls, items, same = run(WATCH + script, javascript, peer)
    assert seen == [["failed", "fallback", GOLD]]
    assert calls == [["served", GOLD]]
    assert (items, same) == (1, True)


def test_a_late_answer_reaches_the_same_person_where_nothing_was_read(javascript: Path, peer: ClientApiPeer) -> None:
    silver = dict(SILVER["states"]) | {"homepage.body": {"enabled": True, "items": []}}
    peer.answers["/sessions"] = [STARTED, ApiResult(body=session_answer(silver), wait_seconds=0.3)]
    script = """
    await session.start({ userId: "u1" });
    client.waitTimeMsec = 50;
    await session.start({ userId: "u1" });
    look("late");
    await pause(500);
    look("there");
    print([looks, body.items.length]);
    """
    seen, items = run(WATCH + script, javascript, peer)
    assert seen == [["late", "fallback", GOLD], ["there", "served", GOLD]]
    assert items == 0


def test_an_entity_that_the_second_answer_leaves_out_falls_back(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [STARTED, ApiResult(body=session_answer({}))]
    script = "await session.start(); look(1); await session.start(); look(2); print({ seen: looks, calls });"
    got = run(WATCH + script, javascript, peer)
    assert got["seen"] == [[1, "served", GOLD], [2, "served", PURPLE]]
    assert got["calls"] == [["served", GOLD], ["served", PURPLE]]


OTHERS = {
    "a visitor who signs in": ("{}", '{ userId: "u1" }'),
    "another user": ('{ userId: "u1" }', '{ userId: "u2" }'),
    "a user who signs out": ('{ userId: "u1" }', "{}"),
    "somebody without a name": ('{ userId: "u1" }', "{ userId: {} }"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_person_sees_fallbacks_first_and_that_is_announced(
    kind: str, javascript: Path, peer: ClientApiPeer
) -> None:
    first, second = OTHERS[kind]
    peer.answers["/sessions"] = [STARTED, ApiResult(status=500, wait_seconds=0.1)]
    script = f"""
    await session.start({first});
    const again = session.start({second});
    look("asked");
    await again;
    look("failed");
    print({{ seen: looks, calls }});
    process.exit(0);
    """
    got = run(WATCH + script, javascript, peer)
    status = "fallback" if "{}" in second and "userId" in second else "starting"
    assert got["seen"] == [["asked", status, PURPLE], ["failed", "fallback", PURPLE]]
    assert got["calls"] == [["served", GOLD], [status, PURPLE]]


def test_in_another_environment_nothing_of_the_first_one_is_shown(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    await session.start({ userId: "u1" });
    client.apiKey = "pk_other";
    const again = session.start({ userId: "u1" });
    look("asked");
    await again;
    print([looks, calls]);
    """
    seen, calls = run(WATCH + script, javascript, peer)
    assert seen == [["asked", "starting", PURPLE]]
    assert calls == [["served", GOLD], ["starting", PURPLE], ["served", GOLD]]


def test_the_session_tells_each_change_of_status_failure_and_revision_once(runnable: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [STARTED, ApiResult(status=503), ApiResult(body=session_answer(revision="r8"))]
    script = """
    const told = [];
    const stop = session.onChange(() => told.push({ ...session.state, shown: shown() }));
    const { state } = session;
    const idle = { ...state };
    await session.start({ userId: "u1" });
    await session.start({ userId: "u1" });
    await pause(1500);
    const last = session.state;
    await session.end();
    stop();
    await session.start({ userId: "u1" });
    print([idle, told, state === last, Object.isFrozen(state), last.revision === "r8"]);
    """
    idle, told, same, frozen, newest = run(WATCH + script, runnable, peer)
    assert idle == {"status": "idle", "failure": None, "revision": None}
    assert [tuple(each.values()) for each in told] == [
        ("starting", None, None, PURPLE),
        ("served", None, "7", GOLD),
        ("starting", None, "7", GOLD),
        ("fallback", "server", "7", GOLD),
        ("served", None, "r8", GOLD),
        ("idle", None, None, PURPLE),
    ]
    assert (same, frozen, newest) == (False, True, True)


def test_states_are_the_same_objects_until_something_changes_and_fallback_and_initial_do_not(
    javascript: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/sessions"] = [STARTED, STARTED, ApiResult(body=SILVER)]
    script = """
    const before = header.state;
    await session.start();
    const first = header.state;
    const list = body.state;
    await session.start();
    const second = header.state;
    const sameList = body.state === list;
    await session.start();
    const third = header.state;
    print([before === header.fallback, header.initial === header.fallback, first === second, sameList,
      second === third, third.properties === header.properties, Object.isFrozen(third),
      body.fallback.items.length, body.initial === body.fallback, list.items === body.items]);
    """
    got = run(WATCH + script, javascript, peer)
    assert got == [True, True, True, True, False, True, True, 3, True, True]


def test_a_listener_that_starts_again_has_nobody_told_twice(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [STARTED]
    script = """
    const others = [];
    let again = null;
    let ended = false;
    header.onChange(() => {
      if (ended) return;
      ended = true;
      again = session.end();
    });
    header.onChange(() => others.push([session.status, shown()]));
    session.onChange(() => others.push(session.status));
    await session.start();
    await again;
    print(others);
    """
    assert run(WATCH + script, javascript, peer) == ["starting", ["idle", PURPLE], "idle"]
