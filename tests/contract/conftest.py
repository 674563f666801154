"""A user of the real command line, and the real server that they talk to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.cli_runner import CliRunner
from tests.contract.people import Signed, signed_in
from tests.servers import RunningServer


@pytest.fixture
def mtribes(tmp_path: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A user who is not signed in, on a computer without a keyring."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return CliRunner(tmp_path, environment={"MTRIBES_HOST": server.url})


@pytest.fixture
def ada(mtribes: CliRunner, server: RunningServer) -> Signed:
    """An administrator of an organization of her own, who has a token."""
    return signed_in(mtribes, server)
