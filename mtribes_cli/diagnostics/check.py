"""A check: its name, its result, and how it is kept from disturbing the others."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from mtribes_cli.crash_report import redact
from mtribes_cli.errors import MtribesError

if TYPE_CHECKING:
    from mtribes_cli.context import Context

CHECK_TIMEOUT_SECONDS = 15.0
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]*@")


class State(Enum):
    """The state of a check."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """The result of a check."""

    state: State
    detail: str
    advice: str = ""
    name: str = ""


@dataclass(frozen=True)
class Check:
    """A name, and the function that checks."""

    name: str
    find: Callable[[], Finding]


def ok(detail: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(State.OK, detail)


def warning(detail: str, advice: str = "") -> Finding:
    """Return a finding that something works with a caveat, or cannot be checked."""
    return Finding(State.WARNING, detail, advice)


def bad(detail: str, advice: str) -> Finding:
    """Return a finding that something does not work."""
    return Finding(State.BAD, detail, advice)


def findings(context: Context, checks: Iterable[Check]) -> Sequence[Finding]:
    """Return the findings of all checks in order, without secrets."""
    return [_without_secrets(_run(check), context) for check in checks]


def _run(check: Check) -> Finding:
    """Run a check with a time limit, whatever it raises; one that hangs is left running until the program ends."""
    answers: list[Finding] = []

    def work() -> None:
        answers.append(_outcome(check.find))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(CHECK_TIMEOUT_SECONDS)
    found = (
        answers[0]
        if answers
        else bad(
            f"no result within {CHECK_TIMEOUT_SECONDS:.0f} seconds",
            "Run the command again. If it fails again, report it.",
        )
    )
    return replace(found, name=check.name)


def _outcome(find: Callable[[], Finding]) -> Finding:
    try:
        return find()
    except MtribesError as error:
        problems = [f"{problem.path or ''} {problem.message};".lstrip() for problem in error.problems]
        return bad(" ".join([error.what, *problems]).rstrip(";"), error.advice)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return bad(f"{place}{error.strerror or error}", "Check that it exists and that you have access.")
    except Exception as error:  # noqa: BLE001 - one check that fails must not hide the others
        return bad(f"{type(error).__name__}: {error}", "Report this with the full output.")


def _without_secrets(found: Finding, context: Context) -> Finding:
    def clean(text: str) -> str:
        hidden = _PASSWORD_IN_URL.sub(r"\1:[secret]@", redact(text, context))
        home = str(Path.home()) if context.environment.get("HOME") else ""
        return hidden.replace(home, "~") if len(home) > 1 else hidden

    return replace(found, detail=clean(found.detail), advice=clean(found.advice))
