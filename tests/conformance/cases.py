"""The cases: what tests/conformance/*.yaml say, checked for words that no runner knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
GIVEN = {
    "space": "any",
    "place": "any",
    "storage": "working",
    "chance": 0.5,
    "options": {},
    "people": {},
    "key": "valid",
    "clock": "right",
}
"""What each case begins with, where it says nothing else."""
OF_THE_DRIVER = {
    "start",
    "end",
    "flush",
    "close",
    "identify",
    "anonymize",
    "track",
    "set",
    "listen",
    "stop",
    "create",
    "odd",
}
ACTIONS = OF_THE_DRIVER | {
    *("answer", "publish", "pass", "network", "page", "process", "storage", "snapshot", "expect", "revoke", "repeat")
}


class BadCase(Exception):
    """A file of cases that does not say what it should."""


@dataclass(frozen=True)
class Step:
    """One thing to do, or to see."""

    action: str
    what: Any

    def __str__(self) -> str:
        return self.action if self.what is None else f"{self.action}: {self.what}"


@dataclass(frozen=True)
class Case:
    """A behaviour: what is done, and what must be seen."""

    file: str
    subject: str
    title: str
    needs: frozenset[str]
    given: Mapping[str, Any]
    steps: Sequence[Step]

    @property
    def id(self) -> str:
        """As tests are called."""
        return f"{self.file.removesuffix('.yaml')}: {self.title}"


def all_cases(folder: Path = FOLDER) -> list[Case]:
    """Every case of every file, in order of files."""
    cases = [case for path in sorted(folder.glob("*.yaml")) for case in read_cases(path)]
    titles = [case.id for case in cases]
    twice = {title for title in titles if titles.count(title) > 1}
    if twice:
        raise BadCase(f"titles that stand twice: {', '.join(sorted(twice))}")
    return cases


def read_cases(path: Path) -> list[Case]:
    """The cases of one file."""
    document = yaml.load(path.read_text("utf-8"), LOADER)  # noqa: S506 - either is safe
    _only(document, {"subject", "given", "needs", "cases"}, path.name)
    return [_case(path.name, document, each) for each in document["cases"]]


def _case(file: str, document: Mapping[str, Any], each: Mapping[str, Any]) -> Case:
    where = f"{file}: {each.get('title')}"
    _only(each, {"title", "given", "needs", "steps"}, where)
    given = {**GIVEN, **document.get("given", {}), **each.get("given", {})}
    _only(given, GIVEN.keys(), where)
    steps = [_step(step, where) for step in each["steps"]]
    needs = {*document.get("needs", []), *each.get("needs", []), *_needs_of(given), *_needs_of_steps(steps)}
    if not any(step.action == "expect" for step in steps):
        raise BadCase(f"{where}: nothing is expected")
    return Case(file, document["subject"], each["title"], frozenset(needs), given, steps)


def _needs_of(given: Mapping[str, Any]) -> set[str]:
    """What a driver must be able to do, as the surroundings show."""
    needs = {"server"} if given["place"] == "server" else {"page"} if given["place"] == "page" else set()
    if given["space"] != "any":
        needs.add(f"{given['space']} space")
    if given["storage"] in ("asynchronous", "silent", "rejecting"):
        needs.add("async storage")
    return needs


def _needs_of_steps(steps: Sequence[Step]) -> set[str]:
    """What it must be able to do, as the steps show, also those that are repeated."""
    if any(step.action == "page" for step in steps):
        return {"page"}
    repeated = [each for step in steps if step.action == "repeat" for each in step.what["steps"]]
    return {"page"} if any("page" in each for each in repeated) else set()


def _step(step: Any, where: str) -> Step:
    if isinstance(step, str):
        step = {step: None}
    if len(step) != 1:
        raise BadCase(f"{where}: a step has one word: {step}")
    [(action, what)] = step.items()
    if action not in ACTIONS:
        raise BadCase(f"{where}: no step is called {action}")
    return Step(action, what)


def _only(document: Mapping[str, Any], allowed: Any, where: str) -> None:
    unknown = set(document) - set(allowed)
    if unknown:
        raise BadCase(f"{where}: {', '.join(sorted(unknown))} means nothing here")
