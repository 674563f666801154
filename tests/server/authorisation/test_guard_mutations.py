"""Each guard that is taken away turns the grid red: `guard_mutations.txt` is the record of `guard_mutations.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import templates_server
from templates_server.storage.tables import metadata
from tests.server.authorisation.guard_mutations import GUARD_MUTATIONS, RECORD, GuardMutation
from tests.server.authorisation.isolation_conditions import NOT_MISSED

SERVER = Path(str(templates_server.__file__)).parent
TABLES = "|".join((*metadata.tables, "found"))
SEPARATING = re.compile(rf"\benvironment_id (?:= (?:\?|\{{|(?:{TABLES})\.environment_id\b)|== )|\bowner == owner_id\b")


def test_every_guard_was_taken_away_and_missed() -> None:
    recorded = [line.split(maxsplit=1) for line in RECORD.read_text(encoding="ascii").splitlines()]
    assert [name for _, name in recorded] == [guard.name for guard in GUARD_MUTATIONS]
    assert [name for count, name in recorded if not int(count)] == []


@pytest.mark.parametrize("guard", GUARD_MUTATIONS, ids=lambda guard: guard.name)
def test_every_guard_is_where_the_record_was_made(guard: GuardMutation) -> None:
    spec = find_spec(f"templates_server.{guard.module}")
    assert spec is not None
    assert Path(str(spec.origin)).read_text(encoding="utf-8").count(guard.there) == 1


def separating(source: str) -> Iterator[tuple[int, int]]:
    """Where the conditions are that keep environments apart."""
    return (match.span() for match in SEPARATING.finditer(source))


def unguarded(module: str, source: str) -> list[str]:
    """The lines with a condition that no guard of the module covers."""
    lines = [guard.there for guard in GUARD_MUTATIONS if guard.module == module]
    lines += [line for of, line in NOT_MISSED if of == module]
    covered = [(source.find(line), source.find(line) + len(line)) for line in lines if line in source]
    return [
        f"{module}: {source.splitlines()[source.count(chr(10), 0, start)].strip()}"
        for start, end in separating(source)
        if not any(first <= start and end <= last for first, last in covered)
    ]


def test_every_condition_on_the_environment_is_a_guard() -> None:
    sources = {
        ".".join(path.relative_to(SERVER).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in SERVER.rglob("*.py")
        if "migrations" not in path.parts
    }
    assert [line for module, source in sources.items() for line in unguarded(module, source)] == []
    assert {key: sources[key[0]].count(key[1]) for key in NOT_MISSED} == dict.fromkeys(NOT_MISSED, 1)


def test_a_condition_without_a_guard_is_found() -> None:
    for planted in (
        'X = "SELECT 1 FROM persons WHERE environment_id = ? AND person_id = ?"',
        'X = "... ON devices.environment_id = persons.environment_id"',
        'X = f"... WHERE environment_id = {mark}"',
        "select(x).where(x.c.environment_id == environment_id)",
    ):
        assert unguarded("features.people.store", planted) == [f"features.people.store: {planted}"]
    assert unguarded("features.people.store", "environment_id = call.environment_id") == []
