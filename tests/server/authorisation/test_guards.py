"""Each guard that is taken away turns the grid red: `guards.txt` is the record of `guards.py`, which is run by hand."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.server.authorisation.guards import GUARDS, RECORD, Guard


def test_every_guard_was_taken_away_and_missed() -> None:
    recorded = [line.split(maxsplit=1) for line in RECORD.read_text(encoding="ascii").splitlines()]
    assert [name for _, name in recorded] == [guard.name for guard in GUARDS]
    assert [name for count, name in recorded if not int(count)] == []


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_every_guard_is_where_the_record_was_made(guard: Guard) -> None:
    spec = find_spec(f"templates_server.{guard.module}")
    assert spec is not None
    assert Path(str(spec.origin)).read_text(encoding="utf-8").count(guard.there) == 1
