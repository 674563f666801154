"""The network breaks off, the server is busy, restarts or renews: one command brings the file in, each row once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.cli_runner import CliRunner
from tests.contract.ingest.truncating_proxy import TruncatingProxy, truncating_proxy
from tests.contract.ingest.world import Place, model_of, new_place, row_of, totals_of
from tests.contract.people import signed_in
from tests.servers import RunningServer, running_server

IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
STEP_BYTES = 1 if IS_FULL_SCALE else 997
SHARES = 4 if IS_FULL_SCALE else 1  # in which all bytes are gone through, at once
SLOW_STEP_BYTES = 61
SCATTER_BYTES = 200  # whether a part waits for another, and says so, is a matter of moments
ROWS = 15


@pytest.fixture(scope="module")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server; what it does with parts that come twice is proved on both databases elsewhere."""
    with running_server(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture
def far(tmp_path: Path, sqlite_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An environment without users."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    mtribes = CliRunner(tmp_path, environment={"MTRIBES_HOST": sqlite_server.url})
    return new_place(signed_in(mtribes, sqlite_server), sqlite_server)


@pytest.fixture
def relay(far: Place) -> Iterator[TruncatingProxy]:
    """The only way to the server."""
    with truncating_proxy(far.mtribes.environment["MTRIBES_HOST"]) as relay:
        far.mtribes.environment["MTRIBES_HOST"] = relay.url
        yield relay


def bring_in(place: Place, name: str) -> tuple[list[list[str]], dict[str, int]]:
    """A small file of new users, and what is told."""
    rows = [row_of(number, prefix=name) for number in range(ROWS)]
    outcome = place.ingest(place.write(rows), "--json")
    assert outcome.exit_code == 0, outcome.out + outcome.err
    return rows, totals_of(outcome)


def cut_everywhere(place: Place, relay: TruncatingProxy, first: int, step_bytes: int) -> None:
    relay.arm(None)
    rows, told = bring_in(place, "whole")
    whole_bytes, seen = relay.passed_bytes, list(rows)
    assert told == model_of(rows).totals
    for cut_after in range(first, whole_bytes, step_bytes):
        relay.arm(cut_after)
        rows, told = bring_in(place, f"cut{cut_after}")
        assert relay.cut_after_bytes is None or cut_after > whole_bytes - SCATTER_BYTES, "the connection was not cut"
        assert told == model_of(rows).totals, cut_after
        seen += rows
    assert place.stored() == model_of(seen).users


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("share", range(SHARES))
def test_the_network_may_break_off_after_any_byte(far: Place, relay: TruncatingProxy, share: int) -> None:
    cut_everywhere(far, relay, 1 + share, STEP_BYTES * SHARES)


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_the_network_may_break_off_after_any_byte_at_a_finer_step(far: Place, relay: TruncatingProxy) -> None:
    cut_everywhere(far, relay, 1, SLOW_STEP_BYTES)
