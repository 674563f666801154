"""workerd: many requests in one isolate, whose promises and timers are each request's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.requirements import require_bundled_node
from tests.stacks.people_server import PeopleServer
from tests.stacks.projects import esbuild, project, run

pytestmark = pytest.mark.slow

PEOPLE = [f"u{number}" for number in range(20)]


def answers(path: str, folder: Path, host: str, *, events: int) -> Any:
    """What the worker answers to the people, who ask at once, and whose events are waited for."""
    app = project("worker", folder, host=host)
    esbuild("worker.ts", "--bundle", "--format=esm", "--outfile=worker.mjs", folder=app)
    return json.loads(run([require_bundled_node(), "run.mjs", host, str(events), path, *PEOPLE], app).splitlines()[-1])


def test_overlapping_requests_with_a_space_each_see_and_file_their_own(people: PeopleServer, tmp_path: Path) -> None:
    seen = answers("/own", tmp_path / "app", people.url, events=len(PEOPLE))
    assert seen == [["served", f"Hello {person}"] for person in PEOPLE]
    filed = [(event["external_id"], event["metadata"][0]["value"]) for event in people.events]
    assert sorted(filed) == sorted((person, person) for person in PEOPLE)


def test_overlapping_requests_with_the_default_space_see_nobody_elses(people: PeopleServer, tmp_path: Path) -> None:
    seen = answers("/shared", tmp_path / "app", people.url, events=0)
    allowed = [(["served", f"Hello {person}"], ["fallback", "Welcome"]) for person in PEOPLE]
    assert [answer for answer, mine in zip(seen, allowed, strict=True) if answer not in mine] == []
