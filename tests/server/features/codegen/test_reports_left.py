"""What is kept of unusable values goes with consent, whoever wrote it, and what others left there holds no start up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.server.features.codegen.client_api_peer import ClientApiPeer
from tests.server.features.codegen.test_left_by_others import run

LEFT = """
const { code } = await import("./fallbacks.js");
const whose = code.hash + JSON.stringify([apiKey, host]);
const leave = (...entries) => kept.set("mtribes.vod.unknown", [whose, ...entries].join("\\n"));
const left = () => [...kept].filter(([, text]) => text).map(([key]) => key);
"""


@pytest.mark.parametrize("storage", ["storage", "slow"])
def test_consent_that_is_withdrawn_at_once_removes_the_report_of_an_earlier_visit(
    storage: str, javascript: Path, peer: ClientApiPeer
) -> None:
    script = """
    leave("homepage.header.sticky: 5");
    const { client, session } = createSpace({ apiKey, host, storage: STORAGE });
    void session.start();
    client.tracking = false;
    await pause(300);
    const after = left();
    client.tracking = true;
    await session.start();
    print({ after, errors });
    """.replace("STORAGE", storage)
    assert run(LEFT + script, javascript, peer) == {"after": [], "errors": []}
    assert [body.get("unknown") for body in peer.bodies("/sessions")] == [None] * len(peer.bodies("/sessions"))


def test_consent_that_is_withdrawn_removes_the_report_that_another_space_knows_nothing_of(
    javascript: Path, peer: ClientApiPeer
) -> None:
    script = """
    leave("homepage.header.sticky: 5");
    const one = createSpace({ apiKey, host, storage });
    one.session.track("a/b");
    const other = createSpace({ apiKey: "pk_other", host });
    await other.session.start();
    one.client.tracking = false;
    await pause(50);
    print({ after: left(), errors });
    process.exit(0);
    """
    assert run(LEFT + script, javascript, peer) == {"after": [], "errors": []}


@pytest.mark.parametrize(
    "entries",
    ["Array(100_000).fill('x')", "['x'.repeat(4_000_000)]", "['\\ud800', 'a\\0']", "['y'.repeat(199) + '\\u{1f600}']"],
    ids=["many", "long", "unstorable", "cut within a character"],
)
def test_what_others_left_as_a_report_is_cut_to_what_a_server_takes(
    entries: str, javascript: Path, peer: ClientApiPeer
) -> None:
    script = f"""
    leave(...{entries});
    const {{ session }} = createSpace({{ apiKey, host, storage }});
    await session.start();
    print({{ status: session.status, errors }});
    """
    assert run(LEFT + script, javascript, peer) == {"status": "served", "errors": []}
    [body] = peer.bodies("/sessions")
    assert 1 <= len(body["unknown"]) <= 20
    assert all(len(entry) <= 200 for entry in body["unknown"])
    assert "\\ud" not in json.dumps(body["unknown"])
    assert "\\u0000" not in json.dumps(body["unknown"])
