"""The promises of `promises.py` and `security_requirements.py` are held by tests that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.security_guarantees import SECURITY_GUARANTEES
from tests.repo.security_requirements import SECURITY_REQUIREMENTS

TESTS = Path(__file__).parent.parent
DEFINED = re.compile(r"^(?:async )?def test_(\w+)", re.MULTILINE)
Held = tuple[str, dict[str, set[str]]]
"""A promise, and the tests that hold it by their files."""


def read() -> Iterator[Held]:
    """The promises, as they are written."""
    for part in (*SECURITY_GUARANTEES.values(), *SECURITY_REQUIREMENTS.values()):
        held: dict[str, set[str]] = {}
        for line in part.strip().splitlines():
            if line.startswith("    "):
                held[list(held)[-1]].add(line.strip())
            elif line.startswith("  "):
                held[line.strip()] = set()
            else:
                held = {}
                yield line, held


PROMISED = list(read())


def test_there_are_promises_of_every_part() -> None:
    assert len(PROMISED) > 50
    assert len({promise for promise, _ in PROMISED}) == len(PROMISED)


@pytest.mark.parametrize("promised", PROMISED, ids=lambda promised: promised[0])
def test_every_promise_is_held_by_tests_that_there_are(promised: Held) -> None:
    promise, held = promised
    assert held, promise
    for file, names in held.items():
        tests = set(DEFINED.findall((TESTS / file).read_text(encoding="utf-8")))
        assert tests, file
        assert names - tests == set(), file
