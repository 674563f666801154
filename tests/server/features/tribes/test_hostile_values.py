"""More than three hundred hostile texts as values, names, tags and events: both evaluators agree, nothing changes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, text

from templates_server.features.people.profile_parser import find_attribute_name_problem, find_tag_problem
from templates_server.features.tribes.share_parser import find_salt_problem
from templates_server.primitives.event_names import find_event_name_problem
from templates_server.settings import sqlite_file_url
from templates_server.storage.database import Database
from templates_server.storage.tables import metadata
from tests.server.features.tribes.differential import DifferentialCase, find_disagreements, open_with_people
from tests.server.features.tribes.hostile import HOSTILE
from tests.server.features.tribes.oracle import Happened, History, share_number
from tests.server.features.tribes.strategies import NOONS, share_filter
from tests.servers import PostgresServer

IS_FULL_SCALE = os.environ.get("MTRIBES_FULL_SCALE") == "1"
STEP = 1 if IS_FULL_SCALE else 32


def data_of(value: str) -> str:
    """Data as the server stores it, with the text as key and as value, at once and within."""
    inner = {"genre": value, value: value}
    return msgspec.json.encode({**inner, "inner": {**inner, "list": [value]}}, order="deterministic").decode()


def person(number: int, value: str) -> History:
    """Somebody who has the text wherever it is possible."""
    name = value if find_attribute_name_problem(value) is None else "plan"
    event = value if find_event_name_problem(value) is None else "video/seen"
    return History(
        number=number,
        kind="user",
        created=NOONS[0],
        first_seen=None,
        last_seen=None,
        joined=None,
        email=None,
        locale=None,
        timezone=None,
        os=value,
        model=None,
        tags=(value,) if find_tag_problem(value) is None else (),
        attributes={"plan": value, name: value},
        share_number=share_number("user", f"p{number}"),
        events=tuple(
            Happened(name, NOONS[0], {"genre": value, (value or "-")[:64]: value}, data_of(value))
            for name in (event, "video/seen")
        ),
    )


def rules(value: str) -> Iterator[dict[str, Any]]:
    """The text in every place of a rule that takes it."""
    yield {"attribute": "attributes.plan", "operator": "equals", "value": value}
    yield {"attribute": "device.os", "operator": "not_in", "value": [value, "gold"]}
    if value:
        for operator in ("contains", "starts_with", "ends_with"):
            yield {"attribute": "attributes.plan", "operator": operator, "value": value}
    if find_attribute_name_problem(value) is None:
        yield {"attribute": f"attributes.{value}", "operator": "exists"}
        yield {"attribute": f"attributes.{value}", "operator": "equals", "value": value}
    if find_tag_problem(value) is None:
        yield {"tag": value}
    if find_salt_problem(value) is None:
        yield share_filter(value, 0, 5_000)
    done = {"condition": "have_done", "frequency": "any", "timeframe": "any_time"}
    if find_event_name_problem(value) is None:
        yield {"event": value, **done}
    yield {"event": "video/seen", **done, "metadata": {"genre": value, (value or "-")[:64]: value}}
    for operator in ("equals", "contains", "starts_with", "ends_with") if value else ("equals",):
        condition = {"path": ["genre"], "operator": operator, "value": value}
        yield {"event": "video/seen", **done, "data": [condition]}
    among = {"path": ["inner", "genre"], "operator": "in", "value": [value, "gold"]}
    yield {"event": "video/seen", **done, "data": [among]}
    if find_attribute_name_problem(value) is None:
        for path in ([value], ["inner", value]):
            condition = {"path": path, "operator": "equals", "value": value}
            yield {"event": "video/seen", **done, "data": [{"path": path, "operator": "exists"}, condition]}


@pytest.fixture(scope="module")
def people() -> Sequence[History]:
    return [person(number, value) for number, value in enumerate(HOSTILE)]


@pytest.fixture(scope="module")
def databases(
    people: Sequence[History], postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sequence[Database]]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    both = [
        open_with_people(str(sqlite_file_url(folder / "tribes.db")), people),
        open_with_people(postgres.new_database_url(), people),
    ]
    yield both
    for database in both:
        database.close()


def contents(database: Database) -> dict[str, list[str]]:
    """Every row of every table."""

    def load(connection: Connection) -> dict[str, list[str]]:
        return {
            name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}"))))  # noqa: S608 - names of ours
            for name in metadata.tables
        }

    return database.read_sync(load)


def test_hostile_texts_are_only_texts(people: Sequence[History], databases: Sequence[Database]) -> None:
    assert len(HOSTILE) >= 300
    before = [contents(database) for database in databases]
    asked = [
        DifferentialCase.from_document({"audience": "all", "match": "all", "filters": [rule]}, NOONS[0], people)
        for value in HOSTILE[::STEP]
        for rule in rules(value)
    ]
    found = list(find_disagreements(asked, people, databases))
    assert not found, f"{len(found)}: {found[0].who} {found[0].asked.document} {found[0].person}"
    assert all(any(one.expected) for one in asked if "not_in" not in repr(one.document))
    assert [contents(database) for database in databases] == before
