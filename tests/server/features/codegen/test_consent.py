"""Without consent nothing is recorded, sent or stored, and what was stored goes when consent is withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.features.codegen.client_api_peer import ApiResult, ClientApiPeer
from tests.server.features.codegen.test_events_survive import TABS
from tests.server.features.codegen.test_session import HEAD
from tests.server.features.codegen.toolchain import run_node

DOWN = ApiResult(status=503, headers={"Retry-After": "60"})
STORAGE = (
    TABS
    + """
const writes = [];
for (const how of ["setItem", "removeItem"]) {
  const call = localStorage[how];
  localStorage[how] = (key, value) => { writes.push(`${how} ${key}`); call(key, value); };
}
const asynchronous = Object.fromEntries(Object.entries(localStorage).map(([name, call]) =>
  [name, async (...values) => (await pause(1), call(...values))]));
"""
)
KINDS = {"synchronous": "", "asynchronous": "client.storage = asynchronous;"}


def names(peer: ClientApiPeer) -> list[str]:
    return [event["name"] for batch in peer.bodies("/events") for event in batch]


@pytest.mark.parametrize("kind", KINDS)
def test_without_consent_nothing_is_recorded_sent_or_stored_and_sessions_start(
    kind: str, javascript: Path, peer: ClientApiPeer
) -> None:
    script = f"""
    client.tracking = false;
    {KINDS[kind]}
    session.track("a/1");
    await session.start();
    header.track("a/2");
    await session.start({{ userId: "u1" }});
    session.track("a/3");
    await session.flush();
    await pause(50);
    print({{ writes: writes.filter((write) => write.startsWith("set")), status: session.status, errors }});
    """
    assert run_node(HEAD + STORAGE + script, javascript, peer.url) == {"writes": [], "status": "served", "errors": []}
    assert names(peer) == []
    assert len({body["anonymous_id"] for body in peer.bodies("/sessions")}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_consent_that_is_given_later_keeps_the_id_and_begins_to_record(
    kind: str, javascript: Path, peer: ClientApiPeer
) -> None:
    script = f"""
    client.tracking = false;
    {KINDS[kind]}
    await session.start();
    session.track("a/before");
    client.tracking = true;
    session.track("a/after");
    await session.flush();
    await pause(50);
    print([...kept].map(([key, text]) => [key, JSON.parse(text).id]));
    """
    stored = run_node(HEAD + STORAGE + script, javascript, peer.url)
    [event] = peer.bodies("/events")[0]
    [started] = peer.bodies("/sessions")
    assert event["name"] == "a/after"
    assert event["anonymous_id"] == started["anonymous_id"]
    assert stored == [["mtribes.vod.identity", started["anonymous_id"]]]


@pytest.mark.parametrize("kind", KINDS)
def test_consent_that_is_withdrawn_drops_what_waits_and_removes_what_was_stored(
    kind: str, javascript: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/events"] = [DOWN]
    script = f"""
    {KINDS[kind]}
    await session.start();
    for (let at = 0; at < 100; at += 1) session.track("a/" + at);
    await pause(100);
    const before = kept.size;
    client.tracking = false;
    await pause(300);
    const after = kept.size;
    await session.flush();
    session.track("a/no");
    await session.start();
    await pause(50);
    const later = kept.size;
    client.tracking = true;
    session.track("a/yes");
    await session.flush();
    print({{ before, after, later, errors }});
    process.exit(0);
    """
    seen = run_node(HEAD + STORAGE + script, javascript, peer.url)
    assert seen["before"] > 2
    assert (seen["after"], seen["later"], seen["errors"]) == (0, 0, [])
    assert names(peer) == ["a/yes"]
    assert len({body["anonymous_id"] for body in peer.bodies("/sessions")}) == 1


def test_an_app_that_asks_for_consent_at_each_visit_keeps_a_visitor_who_agrees(
    javascript: Path, peer: ClientApiPeer
) -> None:
    peer.answers["/events"] = [DOWN, ApiResult(status=204)]
    script = """
    const visit = async () => {
      const tab = await open(fetch);
      tab.client.tracking = false;
      await tab.session.start();
      tab.client.tracking = true;
      tab.session.track("a/visit");
      await tab.session.flush();
    };
    await visit();
    await visit();
    await pause(50);
    print([...kept.keys()]);
    process.exit(0);
    """
    assert run_node(HEAD + STORAGE + script, javascript, peer.url) == ["mtribes.vod.identity"]
    assert len({body["anonymous_id"] for body in peer.bodies("/sessions")}) == 1
    assert {event["id"] for event in peer.bodies("/events")[0]} < {
        event["id"] for batch in peer.bodies("/events")[1:] for event in batch
    }
