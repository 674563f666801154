"""A sign-in that ends in the middle of an export is renewed, and the export goes on where it was."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from mtribes_cli.errors import NetworkError
from mtribes_cli.export.download import Download
from templates_server.storage.tables import tokens
from tests.contract.export.export_environment import ExportEnvironment, large_users
from tests.contract.people import Signed, open_with
from tests.server.features.auth.flows import signed_in_browser
from tests.servers import RunningServer

HOUR_SECONDS = 3600.0
USERS = 500


@pytest.fixture
def signed(leaving: ExportEnvironment, ada: Signed, server: RunningServer) -> ExportEnvironment:
    """People of somebody who signed in by a browser."""
    leaving.put(*large_users(USERS))
    del ada.mtribes.environment["MTRIBES_TOKEN"]
    ada.mtribes.browser = lambda url: open_with(signed_in_browser(server, ada.person), url, "allow")
    assert ada.mtribes("login", "--browser").exit_code == 0
    return leaving


def access_token(leaving: ExportEnvironment) -> str:
    """The one that is kept at present."""
    kept = leaving.mtribes.stored()["hosts"][leaving.server.url]["access_token"]
    assert isinstance(kept, str)
    return kept


def test_between_two_pieces(signed: ExportEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    before, count = access_token(signed), Download._count
    pieces: list[int] = []

    def cut_once(self: Download, piece: bytes) -> None:
        count(self, piece)
        pieces.append(len(piece))
        if len(pieces) == 1:
            over = update(tokens).where(tokens.c.kind == "access").values(expires=1)
            assert signed.server.database.write_sync(lambda connection: connection.execute(over).rowcount)
            raise NetworkError("The line broke.", "It is mended.")

    monkeypatch.setattr(Download, "_count", cut_once)
    outcome = signed.export("--output", "people.ndjson", "--json", "--verbose")
    assert outcome.exit_code == 0, outcome.err
    assert f"Resuming at byte {pieces[0]:,}" in outcome.err
    assert access_token(signed) != before
    content = signed.read("people.ndjson")
    assert sum(pieces) == len(content), "no byte was fetched twice"
    assert content.count(b"\n") == outcome.envelope["data"]["rows"] == USERS


@pytest.mark.slow
def test_before_the_same_command_goes_on(signed: ExportEnvironment) -> None:
    before = access_token(signed)
    killed = signed.started("--output", "people.csv", dies_at="export-fetched")
    killed.communicate()
    assert killed.returncode == -9
    signed.mtribes.clock.ahead_seconds = HOUR_SECONDS
    outcome = signed.export("--output", "people.csv")
    assert outcome.exit_code == 0, outcome.err
    assert "Resuming the interrupted export from its original snapshot" in outcome.err
    assert access_token(signed) != before
    assert signed.left_behind() == []
