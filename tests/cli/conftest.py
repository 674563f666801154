"""A user, and a peer to talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.computer import Mtribes
from tests.cli.peer import Peer, serving_peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A server that says what the test wants."""
    with serving_peer() as serving:
        yield serving


@pytest.fixture
def mtribes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mtribes:
    """A user who is not signed in anywhere, on a computer without a keyring."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return Mtribes(tmp_path)


@pytest.fixture
def user(mtribes: Mtribes, peer: Peer) -> Mtribes:
    """A user whose token the peer takes for good."""
    mtribes.environment |= {"MTRIBES_HOST": peer.url, "MTRIBES_TOKEN": "mtp_of_a_test"}
    return mtribes
