"""Generated code keeps no program running that has nothing more to do, and loses none of its events by that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.client_api_peer import ApiResult, ClientApiPeer
from tests.server.features.codegen.test_one_person_on_a_server import SERVER_HEAD
from tests.server.features.codegen.toolchain import run_node

LONGER_THAN_ANYBODY_WAITS = ApiResult(wait_seconds=25)
BEGIN = """
const began = performance.now();
process.on("exit", () => print({ seconds: (performance.now() - began) / 1000, ...facts }));
const facts = {};
"""


def ending(script: str, folder: Path, peer: ClientApiPeer) -> Any:
    return run_node(SERVER_HEAD + BEGIN + script, folder, peer.url)


@pytest.mark.slow
def test_a_start_that_is_never_answered_lets_the_program_end(runnable: Path, peer: ClientApiPeer) -> None:
    peer.answers["/sessions"] = [LONGER_THAN_ANYBODY_WAITS]
    seen = ending("await session.start(); facts.failure = session.failure;", runnable, peer)
    assert seen["failure"] == "timeout"
    assert seen["seconds"] < 8


def test_a_fetch_that_never_settles_lets_the_program_end(javascript: Path, peer: ClientApiPeer) -> None:
    seen = ending("client.fetch = () => new Promise(() => {}); await session.start();", javascript, peer)
    assert 1.1 < seen["seconds"] < 6


def test_a_session_that_is_followed_lets_the_program_end(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [LONGER_THAN_ANYBODY_WAITS]
    seen = ending("client.sessionLock = false; await session.start();", javascript, peer)
    assert seen["seconds"] < 8


@pytest.mark.slow
def test_events_that_are_never_acknowledged_let_the_program_end_after_a_while(
    javascript: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/events"] = [LONGER_THAN_ANYBODY_WAITS]
    seen = ending('session.track("a/b"); await session.flush(); facts.flushed = true;', javascript, peer)
    assert seen["flushed"] is True
    assert 4 < seen["seconds"] < 15


@pytest.mark.parametrize("kind", ["start", "events", "changes"])
def test_what_is_tried_again_later_lets_the_program_end(kind: str, javascript: Path, peer: ClientApiPeer) -> None:
    failing = ApiResult(status=503, headers={"Retry-After": "60"})
    peer.answers[{"start": "/sessions"}.get(kind, f"/{kind}")] = [failing]
    script = 'client.sessionLock = false; await session.start(); session.track("a/b");'
    assert ending(script, javascript, peer)["seconds"] < 8


def test_events_are_sent_as_the_program_ends_without_waiting_for_more(javascript: Path, peer: ClientApiPeer) -> None:
    script = """
    const { setTimeout } = globalThis;
    const noted = (call) => () => (facts.waited = true, call());
    globalThis.setTimeout = (call, wait) => setTimeout(wait === 1000 ? noted(call) : call, wait);
    session.track("a/1");
    session.track("a/2");
    """
    assert "waited" not in ending(script, javascript, peer)
    [batch] = peer.bodies("/events")
    assert [event["name"] for event in batch] == ["a/1", "a/2"]


def test_events_that_fail_as_the_program_ends_are_not_sent_for_ever(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/events"] = [ApiResult(status=500)]
    assert ending('session.track("a/1");', javascript, peer)["seconds"] < 8
    assert len(peer.bodies("/events")) == 1


@pytest.mark.slow
def test_a_program_that_has_more_to_do_goes_on_following(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [LONGER_THAN_ANYBODY_WAITS]
    script = """
    client.sessionLock = false;
    await session.start();
    await pause(4000);
    facts.status = session.status;
    process.exit(0);
    """
    assert ending(script, javascript, peer)["status"] == "served"
    assert sum("/changes" in asked.path for asked in peer.asked) == 1


@pytest.mark.slow
def test_a_program_that_talks_to_others_goes_on_following(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = peer.answers["/elsewhere"] = [LONGER_THAN_ANYBODY_WAITS]
    script = """
    client.sessionLock = false;
    await session.start();
    const cut = new AbortController();
    setTimeout(() => cut.abort(), 4000).unref();
    await fetch(`${host}/elsewhere`, { signal: cut.signal }).catch(() => {});
    facts.failure = session.failure;
    process.exit(0);
    """
    assert ending(script, javascript, peer)["failure"] is None
    assert sum("/changes" in asked.path for asked in peer.asked) == 1


@pytest.mark.slow
def test_a_poll_that_was_cut_so_that_a_program_could_end_is_no_failure(javascript: Path, peer: ClientApiPeer) -> None:
    peer.answers["/changes"] = [LONGER_THAN_ANYBODY_WAITS]
    script = """
    process.getActiveResourcesInfo = () => ["PipeWrap", "TCPSocketWrap"];  // as where a program reads its input
    client.sessionLock = false;
    await session.start();
    for (let at = 0; at < 40 && !facts.failure; at += 1) {
      await pause(100);
      facts.failure = session.failure;
    }
    process.exit(0);
    """
    assert ending(script, javascript, peer)["failure"] is None
    assert sum("/changes" in asked.path for asked in peer.asked) in {2, 3}
