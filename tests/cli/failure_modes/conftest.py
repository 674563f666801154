"""A user with a token, a program of theirs, and an authority that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.failure_modes.authority import Authority
from tests.cli.failure_modes.error_assertions import TOKEN, Program, bare_environment

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _no_network_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own proxy and certificates count for none of these tests."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def ada(mtribes: CliRunner) -> CliRunner:
    """A user with a token for any server."""
    mtribes.environment["MTRIBES_TOKEN"] = TOKEN
    return mtribes


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """`mtribes` as a process, for a user whose home is empty and who has a token."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(home, dict(bare_environment(home, MTRIBES_TOKEN=TOKEN)))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that no system knows."""
    return Authority(tmp_path_factory.mktemp("authority"))
