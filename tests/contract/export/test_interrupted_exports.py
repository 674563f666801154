"""Killed, cut off or expired: the same command goes on, with the bytes of its snapshot whatever changes meanwhile."""

from __future__ import annotations

import os
import random
import sys
import time
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from templates_server.storage.tables import exports
from tests.contract.export.export_environment import ExportEnvironment, large_users
from tests.contract.ingest.truncating_proxy import TruncatingProxy, truncating_proxy

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills of Unix")
IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
USERS = 2000
CUTS = 3
KILLS = 40 if IS_FULL_SCALE else 6
CHANGED: list[dict[str, Any]] = [{"user_id": "user-7", "attributes": {"plan": "none"}}, {"user_id": "somebody-new"}]


def the_snapshot(leaving: ExportEnvironment, export_id: str) -> bytes:
    """What the server has of an export, fetched without a break."""
    url = f"{leaving.url}/exports/{export_id}/content"
    return httpx.get(url, headers=leaving.headers, trust_env=False, timeout=60).content


@pytest.mark.slow
@pytest.mark.parametrize("point", ["export-asked", "export-journalled", "export-fetched", "export-placed"])
def test_killed_at_a_named_point_the_same_command_comes_to_the_end(leaving: ExportEnvironment, point: str) -> None:
    leaving.put(*large_users(20))
    killed = leaving.started("--output", "people.csv", dies_at=point)
    killed.communicate()
    assert killed.returncode == -9
    leaving.put(*CHANGED)
    outcome = leaving.export("--output", "people.csv", "--json")
    assert outcome.exit_code == 0, outcome.err
    told = outcome.envelope["data"]
    goes_on = point == "export-fetched"
    assert ("Resuming the interrupted export from its original snapshot" in outcome.err) == goes_on
    assert told["rows"] == (20 if goes_on else 21)
    assert leaving.read("people.csv") == the_snapshot(leaving, told["export"])
    assert leaving.left_behind() == []


@pytest.mark.slow
def test_cut_off_after_random_bytes_it_goes_on_with_the_same_snapshot(leaving: ExportEnvironment) -> None:
    leaving.put(*large_users(USERS))
    chance = random.Random(5)  # noqa: S311 - the same bytes in every run
    with truncating_proxy(leaving.server.url) as relay:
        leaving.mtribes.environment["MTRIBES_HOST"] = relay.url
        for _ in range(CUTS):
            relay.arm(chance.randrange(10_000, 1_500_000))
            told = _exported_while_things_change(leaving, relay)
            assert leaving.read("people.ndjson") == the_snapshot(leaving, told["export"])
            assert leaving.left_behind() == []


def _exported_while_things_change(leaving: ExportEnvironment, relay: TruncatingProxy) -> dict[str, Any]:
    outcome = leaving.export("--output", "people.ndjson", "--json", "--verbose")
    assert outcome.exit_code == 0, outcome.out + outcome.err
    assert relay.cut_after_bytes is None, "the connection was not cut"
    assert "Resuming at byte" in outcome.err
    leaving.put(*CHANGED)
    told: dict[str, Any] = outcome.envelope["data"]
    return told


@pytest.mark.slow
def test_killed_at_random_again_and_again_it_gives_the_bytes_of_one_snapshot(leaving: ExportEnvironment) -> None:
    chance = random.Random(6)  # noqa: S311 - the same moments in every run
    leaving.put(*large_users(USERS))
    went_on = 0
    for _ in range(KILLS):
        killed = leaving.started("--output", "people.ndjson", seconds_a_piece=0.05)
        deadline = time.monotonic() + 30
        while not leaving.parts() and killed.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 1))
        killed.kill()
        killed.communicate()
        leaving.put(*CHANGED)
        outcome = leaving.export("--output", "people.ndjson", "--json")
        assert outcome.exit_code == 0, outcome.err
        went_on += "Resuming the interrupted export from its original snapshot" in outcome.err
        assert leaving.read("people.ndjson") == the_snapshot(leaving, outcome.envelope["data"]["export"])
        assert leaving.left_behind() == []
    assert went_on > 0


@pytest.mark.slow
def test_an_export_that_has_expired_is_made_anew_and_says_so(leaving: ExportEnvironment) -> None:
    leaving.put(*large_users(5))
    killed = leaving.started("--output", "people.csv", dies_at="export-fetched")
    killed.communicate()
    leaving.server.database.write_sync(lambda connection: connection.execute(update(exports).values(expires=1)))
    leaving.put(*CHANGED[1:])
    outcome = leaving.export("--output", "people.csv")
    assert outcome.exit_code == 0, outcome.err
    assert "export is no longer on the server. Starting a new export" in outcome.err
    assert "Exported 6 users" in outcome.out
    assert leaving.left_behind() == []


@pytest.mark.slow
def test_what_was_spoilt_on_the_way_is_fetched_anew(leaving: ExportEnvironment) -> None:
    leaving.put(*large_users(20))
    killed = leaving.started("--output", "people.csv", dies_at="export-fetched")
    killed.communicate()
    (part,) = leaving.parts()
    part.write_bytes(part.read_bytes().replace(b"user-1", b"user-X", 1))
    outcome = leaving.export("--output", "people.csv", "--json")
    assert outcome.exit_code == 0, outcome.err
    assert "The downloaded data does not match the export on the server" in outcome.err
    assert leaving.read("people.csv") == the_snapshot(leaving, outcome.envelope["data"]["export"])


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_the_file_of_before_stays(leaving: ExportEnvironment) -> None:
    leaving.put(*large_users(USERS))
    leaving.mtribes.write("people.ndjson", "of before")
    begun = leaving.started("--output", "people.ndjson", seconds_a_piece=0.2)
    deadline = time.monotonic() + 30
    while not leaving.parts() and time.monotonic() < deadline:
        time.sleep(0.01)
    begun.send_signal(2)
    _, said = begun.communicate()
    assert begun.returncode == 130, said
    assert b"to resume" in said
    assert leaving.read("people.ndjson") == b"of before"
