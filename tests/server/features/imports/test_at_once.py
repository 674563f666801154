"""Imports into one environment at once, with single upserts meanwhile: nothing is lost, nobody is in a deadlock."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from templates_server.storage import tables
from tests.people import Organization, add_person
from tests.server.features.imports.importer import Importer, make_importer, read_stored_tags
from tests.server.features.imports.model import stored
from tests.servers import RunningServer

PEOPLE = [f"user-{number}" for number in range(300)]
ROUNDS = 6


def rows_of(writer: str, number: int) -> list[dict[str, Any]]:
    """Everybody, in an order of their own, with an attribute and a tag that only this writer sets."""
    rows = [{"user_id": name, "attributes": {writer: number}, "add_tags": [f"{writer}/{number}"]} for name in PEOPLE]
    random.Random(f"{writer}{number}").shuffle(rows)  # noqa: S311 - a shuffle that can be repeated
    return rows


def deadlocks(server: RunningServer) -> int:
    """How many the database has seen."""
    if server.database.dialect == "sqlite":
        return 0
    query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(server.database.read_sync(lambda connection: connection.execute(query).scalar_one()))


@pytest.mark.slow
def test_nothing_of_what_is_written_at_once_is_lost(server: RunningServer) -> None:
    before = deadlocks(server)
    with make_importer(server) as sender:
        tokens = [add_person(server.database, Organization(sender.organization_id, "")).token for _ in range(4)]
        run_at_once(server, sender, tokens)
        found = stored(server.database, sender.environment_id)
        assert sorted(found) == sorted(PEOPLE)
        writers = ("first", "second", "single", "again")
        tags = sorted(f"{writer}/{number}" for writer in writers for number in range(1, ROUNDS + 1))
        for person in found.values():
            assert person["attributes"] == dict.fromkeys(writers, ROUNDS)
            assert person["tags"] == tags
        assert read_stored_tags(server.database, sender.environment_id) == dict.fromkeys(tags, len(PEOPLE))
    assert deadlocks(server) == before


def run_at_once(server: RunningServer, sender: Importer, tokens: Sequence[str]) -> None:
    """Two imports, one of which is sent by two at once, and single upserts."""

    def as_import(writer: str) -> Callable[[Importer], None]:
        def send(mine: Importer) -> None:
            for number in range(1, ROUNDS + 1):
                mine.applied(number, rows_of(writer, number), name=writer)

        return send

    def as_single(mine: Importer) -> None:
        for number in range(1, ROUNDS + 1):
            for start in range(0, len(PEOPLE), 50):
                answer = mine.client.post(
                    f"{mine.environment}/users", json=rows_of("single", number)[start : start + 50]
                )
                assert answer.status_code in {200, 201}, answer.text

    works = [as_import("first"), as_import("second"), as_single, as_import("again")]
    together = threading.Barrier(len(works))

    def do(work: Callable[[Importer], None], token: str) -> None:
        with server.client(Authorization=f"Bearer {token}") as client:
            together.wait()
            work(Importer(client, sender.environment, sender.environment_id, sender.organization_id))

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(do, work, token) for work, token in zip(works, tokens, strict=True)]:
            done.result()


def test_a_part_that_is_sent_many_times_at_once_is_applied_once(server: RunningServer) -> None:
    with make_importer(server) as sender, ThreadPoolExecutor(8) as pool:
        rows = rows_of("once", 1)
        views = list(pool.map(lambda _: sender.applied(1, rows), range(8)))
        assert [view for view in views if view != views[0]] == []
        totals = sender.show().json()["data"][0]["totals"]
        assert totals == {"read": 300, "created": 300, "updated": 0, "unchanged": 0, "rejected": 0}
        table = tables.imports
        query = table.select().where(table.c.environment_id == sender.environment_id)
        assert len(server.database.read_sync(lambda connection: connection.execute(query).all())) == 1


@pytest.mark.parametrize("size", [1, 300])
def test_of_two_parts_with_one_number_one_is_refused(server: RunningServer, size: int) -> None:
    with make_importer(server) as sender, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: sender.put(1, rows_of(f"w{n}", 1)[:size]).status_code, range(6)))
    assert Counter(answers) == {200: 1, 409: 5}
