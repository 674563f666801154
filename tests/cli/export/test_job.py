"""`mtribes tribe export` at servers that do not keep to what they said of an export."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from mtribes_cli.api.models.exports import Export
from mtribes_cli.export import job as exporting_job
from mtribes_cli.export.download import Download, OtherContentError
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data

CONTENT = b"user_id\nada\n"
HERE = "/v2/spaces/vod/environments/production"
WORDS = ("tribe", "export", "gold", "--space", "vod", "--environment", "production", "--output", "people.csv")
AGREED = {"rows": 1, "bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}


@pytest.fixture
def exporting(stub_server: StubServer) -> StubServer:
    """A server whose export has one row."""
    underway = {"export": "exp_1", "rows": None, "bytes": None, "sha256": None, "cursor": None, "error": None}
    stub_server.on("POST", f"{HERE}/tribes/gold/exports", data({**underway, "state": "running"}, status=202))
    stub_server.on("GET", f"{HERE}/exports/exp_1", data({**underway, **AGREED, "state": "complete"}))
    return stub_server


def test_an_export_as_agreed_is_in_its_file(user: CliRunner, exporting: StubServer) -> None:
    exporting.on("GET", f"{HERE}/exports/exp_1/content", Reply(200, CONTENT))
    assert user(*WORDS).exit_code == 0
    assert (user.home / "people.csv").read_bytes() == CONTENT


@pytest.mark.slow
def test_an_export_that_is_never_made_is_given_up(
    user: CliRunner, exporting: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting_job, "SLOWEST_LOOK_SECONDS", 600.0)
    waiting = {"export": "exp_1", "state": "running", "rows": None, "bytes": None, "sha256": None}
    exporting.on("GET", f"{HERE}/exports/exp_1", data({**waiting, "cursor": None, "error": None}))
    outcome = user(*WORDS)
    assert (outcome.exit_code, outcome.out) == (75, "")
    assert "error: The export did not complete within 6 hours." in outcome.err
    assert "hint: Run the same command again to keep waiting." in outcome.err


@pytest.mark.parametrize("content", [CONTENT + b"eve\n", CONTENT[:-1] + b"x", b"user_id\neve\n"])
def test_an_export_other_than_agreed_is_refused(user: CliRunner, exporting: StubServer, content: bytes) -> None:
    exporting.on("GET", f"{HERE}/exports/exp_1/content", Reply(200, content))
    outcome = user(*WORDS)
    assert (outcome.exit_code, outcome.out) == (1, "")
    assert "error: The exported data does not match the server's description of it.\n" in outcome.err
    assert [path.name for path in user.home.iterdir() if "people" in path.name] == []


def test_an_export_longer_than_agreed_is_not_written_past_its_size(
    user: CliRunner, exporting: StubServer, tmp_path: Path
) -> None:
    exporting.on("GET", f"{HERE}/exports/exp_1/content", Reply(200, CONTENT + b"eve\n" * 1_000_000))
    context = user.context((io.StringIO(), io.StringIO(), io.StringIO()))
    export = Export("exp_1", "complete", AGREED["rows"], len(CONTENT), str(AGREED["sha256"]), None, None)  # type: ignore[arg-type]  # a row count
    with pytest.raises(OtherContentError), context.resources:
        Download(context, ("vod", "production"), export, "csv").into(tmp_path / "part", lambda: None)
    assert (tmp_path / "part").stat().st_size <= len(CONTENT)
