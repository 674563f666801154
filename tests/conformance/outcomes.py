"""Runs cases one after the other with a driver, and says of each how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.conformance.case_runner import CaseFailed, Run
from tests.conformance.cases import BadCase, Case, Step
from tests.conformance.driver import Driver, DriverFailed, Told
from tests.conformance.observations import expect, see_nothing_unexpected
from tests.conformance.published import PublishedSpace
from tests.conformance.relay import Relay
from tests.conformance.relay_server import serving_relay
from tests.servers import RunningServer, running_server

MOST_SHOWN = 40
THE_END = Step("the end", None)


class Ending(StrEnum):
    """How a case ended; `absent`: the driver says that the language has no such thing."""

    HOLDS = "holds"
    FAILS = "fails"
    ABSENT = "absent"


@dataclass(frozen=True)
class Outcome:
    """How a case ended, and what is to be said of it."""

    ending: Ending
    told: str = ""


class Runner:
    """A driver before a relay before a server."""

    def __init__(self, command: Sequence[str], server: RunningServer, relay: Relay, folder: Path) -> None:
        self._command = command
        self._server = server
        self._relay = relay
        self._folder = folder
        self._driver = Driver(command)

    def close(self) -> None:
        """End the driver."""
        self._driver.close()

    def outcome(self, case: Case) -> Outcome:
        """Run the case."""
        self._driver.told = Told()
        published = PublishedSpace(self._server)
        for user_id, attributes in case.given["people"].items():
            published.add_user(user_id, attributes)
        run = Run(case, self._driver, self._relay, published, self._folder / "device.json")
        try:
            return self._of(run)
        except DriverFailed as failed:
            self._driver.close()
            self._driver = Driver(self._command)
            return Outcome(Ending.FAILS, f"{case.file}: {case.title}\nthe driver: {failed}\n{_seen(run)}")

    def _of(self, run: Run) -> Outcome:
        run.begin()
        if not run.case.needs <= run.features:
            return Outcome(Ending.ABSENT, f"it has no {', '.join(sorted(run.case.needs - run.features))}")
        for number, step in enumerate([Step("create", None), *run.case.steps, THE_END]):
            try:
                _take(run, step)
            except CaseFailed as failed:
                return Outcome(Ending.FAILS, _told(run, number, step, str(failed)))
            except (DriverFailed, BadCase, KeyError, TypeError) as failed:
                raise DriverFailed(f"step {number}, {step}: {failed!r}") from failed
        return Outcome(Ending.HOLDS)


def _take(run: Run, step: Step) -> None:
    if step is THE_END:
        see_nothing_unexpected(run)
    elif step.action == "expect":
        expect(run, step.what)
    else:
        run.do(step)


def _told(run: Run, number: int, step: Step, failed: str) -> str:
    case = run.case
    lines = [f"{case.file}: {case.title}", f"step {number} after {run.seconds:g} s, {step}", failed]
    return "\n".join([*lines, _seen(run)])


def _seen(run: Run) -> str:
    """What the relay and the log saw."""
    lines = [
        f"  {(each.at - run.began) / 1000:g} s {each.method} {each.target} -> {each.answered} {each.body or ''}"
        for each in run.relay.requests[-MOST_SHOWN:]
    ]
    logs = [f"  {line}" for line in run.driver.told.logs[-MOST_SHOWN:]]
    return "\n".join(["the relay saw:", *lines, "the log, since the last look:", *logs])


@contextmanager
def running(command: Sequence[str], folder: Path, server: RunningServer | None = None) -> Iterator[Runner]:
    """A runner until the block ends, with a server of its own where none is given."""
    with ExitStack() as held:
        server = server or held.enter_context(running_server(folder))
        client = held.enter_context(server.client())
        relay = held.enter_context(serving_relay(server.url, client))
        runner = Runner(command, server, relay, folder)
        held.callback(runner.close)
        yield runner
