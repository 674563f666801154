"""Servers that are killed (-9) while parts come in: what was acknowledged is there, and nothing by halves."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from templates_server.settings import sqlite_url
from templates_server.storage import tables
from templates_server.storage.factory import open_database
from tests.server.features.imports.dying_server import POINTS
from tests.server.features.imports.importer import NDJSON, ndjson, read_stored_tags
from tests.server.features.imports.model import Model, as_text, stored
from tests.server_processes import ServerProcess, server_process
from tests.servers import TLS, PostgresServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these send POSIX signals")
PATH = "/v2/spaces/vod/environments/staging/imports/imp"
OURS = re.compile(r"u[0-9]+")
ROWS_A_PART = 3_000
MOST_PEOPLE = 30_000
FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
KILLS = 100 if FULL_SCALE else 4


def rows_of(part: int) -> list[dict[str, Any]]:
    """Half of them new, until there are so many; from then on all are changed."""
    first = part * ROWS_A_PART // 2
    numbers = (number % MOST_PEOPLE for number in range(first, first + ROWS_A_PART))
    return [{"user_id": f"u{n}", "attributes": {"part": part}, "tags": [f"ours/{part % 3}", "ours"]} for n in numbers]


@dataclass
class Journey:
    """An import through servers that die: so many parts were acknowledged."""

    folder: Path
    options: Sequence[str]
    url: str
    acknowledged: int = 0
    model: Model = field(default_factory=Model)
    modelled: int = 0  # so many parts are in it

    def send(self, server: ServerProcess, parts: int) -> None:
        """Go on from the next part until so many are applied; TransportError when the server dies."""
        token = json.loads((self.folder / "demo.json").read_text())["token"]
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False, verify=TLS) as client:
            for part in range(self.acknowledged + 1, parts + 1):
                answer = client.put(f"{PATH}/parts/{part}", content=ndjson(rows_of(part)), headers=NDJSON)
                assert answer.status_code == 200, answer.text
                self.acknowledged = part
            done = client.post(f"{PATH}/complete", json={"parts": parts})
            assert done.status_code == 200, done.text
            totals = self.model_of(parts).totals
            told = {name: totals[name] for name in ("read", "created", "updated", "unchanged", "rejected")}
            assert done.json()["data"][0]["totals"] == told

    def model_of(self, parts: int) -> Model:
        """What comes of so many parts, never fewer than before."""
        while self.modelled < parts:
            self.modelled += 1
            self.model.apply(rows_of(self.modelled))
        return self.model

    def check(self) -> int:
        """The database is that of the acknowledged parts, and perhaps of one more; how many it has."""
        database = open_database(self.url)
        try:
            table = tables.import_parts
            count = select(func.count(), func.min(table.c.environment_id)).where(table.c.import_id == "imp")
            parts, environment_id = database.read_sync(lambda connection: connection.execute(count).one())
            assert self.acknowledged <= parts <= self.acknowledged + 1
            model = self.model_of(parts)
            found = stored(database, environment_id or "").items()
            people = {name: as_text(one) for name, one in found if OURS.fullmatch(name)}  # the demo has its own
            assert people == {name: as_text(one) for name, one in model.people.items()}
            tags = read_stored_tags(database, environment_id or "").items()
            assert {tag: users for tag, users in tags if tag.startswith("ours")} == model.tags()
            return int(parts)
        finally:
            database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def journey(request: pytest.FixtureRequest, tmp_path: Path) -> Journey:
    folder = tmp_path / "data"
    if request.param == "sqlite":
        return Journey(folder, ["--demo"], str(sqlite_url(folder)))
    postgres: PostgresServer = request.getfixturevalue("postgres")
    url = postgres.new_database_url()
    return Journey(folder, ["--demo", "--database", url], url)


def go(journey: Journey, points: Sequence[str]) -> None:
    """Die at each point, look, and arrive all the same."""
    for number, point in enumerate(points, 1):
        program = ("-m", "tests.server.features.imports.dying_server", point)
        with server_process(journey.folder, *journey.options, program=program) as server:
            with pytest.raises(httpx.TransportError):
                journey.send(server, number)
            assert server.process.wait(30) == -signal.SIGKILL
        journey.check()
    with server_process(journey.folder, *journey.options) as server:
        journey.send(server, len(points))
    assert journey.check() == len(points)


@pytest.mark.slow
def test_a_server_that_dies_before_its_commit_has_done_nothing(journey: Journey) -> None:
    go(journey, ["before the commit"])


@pytest.mark.slow
def test_a_server_may_die_anywhere(journey: Journey) -> None:
    go(journey, list(POINTS))


@pytest.mark.slow
def test_a_server_may_die_at_any_moment(journey: Journey) -> None:
    moments, goal = random.Random(20261121), 10_000  # noqa: S311 - moments that can be repeated
    for _ in range(KILLS):
        with server_process(journey.folder, *journey.options) as server:
            killer = threading.Timer(moments.uniform(0.05, 1.5), server.process.kill)
            killer.start()
            with pytest.raises(httpx.TransportError):
                journey.send(server, goal)
            killer.join()
        journey.check()
    with server_process(journey.folder, *journey.options) as server:
        journey.send(server, journey.acknowledged + 2)
    assert journey.check() == journey.acknowledged
