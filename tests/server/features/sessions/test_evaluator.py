"""What is decided again while a session runs: what can be known of it anywhere, and what only where it started."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from templates_server.features.people.identity import ClaimedIdentity, PersonKind, make_person_ref
from templates_server.features.sessions import store
from templates_server.features.sessions.app_report import NO_REPORT, AppReport
from templates_server.features.sessions.compiled_states import StatesCache, choose_states
from templates_server.features.sessions.evaluator import (
    ClientContext,
    EvaluatedPerson,
    SessionEvaluation,
    SessionEvaluator,
    StartContext,
)
from templates_server.features.sessions.store import SessionStartRow, add_sessions
from templates_server.features.tribes.evaluator import decide_tribe
from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.storage import tables
from tests.environments import AppEnvironment, add_environment, decide, deliver
from tests.server.features.sessions.test_targeting import MODEL, scenario, targeted, tribe
from tests.servers import RunningServer

ADA = ClaimedIdentity(None, make_person_ref(PersonKind.USER, "ada"))
FIELD = {"contextual": "fields.campaign", "operator": "equals", "value": "spring"}
DEVICE = {"attribute": "device.os", "operator": "equals", "value": "tvOS"}
AWAY = {"behaviour": "days_since_seen", "operator": "greater_than", "value": 2}
LAST_SEEN = {"attribute": "last_seen", "operator": "more_than_days_ago", "value": 2}
APP = {"attribute": "app.version", "operator": "version_at_least", "value": "2.3"}
PLATFORM = {"attribute": "app.platform", "operator": "equals", "value": "ios"}
SYSTEM = {"attribute": "device.os_version", "operator": "version_below", "value": "18"}
OF_APP = [APP, PLATFORM, SYSTEM]
OF_START = [FIELD, DEVICE, AWAY, LAST_SEEN, *OF_APP]
NEVER = {"tag": "no/body/has"}
ALWAYS = {"attribute": "created", "operator": "exists"}
REPORT = AppReport(app_version="2.3.0", app_platform="ios", os_version="17.4.1")
SAID = ClientContext({"campaign": "spring"}, "tvOS", app=REPORT.facts)


class Running:
    """Sessions of ada in an environment whose `home.top` is for one tribe, then for anybody."""

    def __init__(self, server: RunningServer, described: dict[str, Any]) -> None:
        self.database = server.database
        self.now = system_clock()
        self.environment = add_environment(
            server.database, model=MODEL, delivery=targeted(scenario("Theirs", "theirs")), tribes={"theirs": described}
        )
        self.person = EvaluatedPerson(self.environment.id, ADA)

    def start(
        self, said: ClientContext = SAID, *, days_ago: int = 0, report: AppReport = NO_REPORT
    ) -> SessionEvaluation:
        """A session that started so many days ago."""
        at = self.now - days_ago * DAY
        start = SessionStartRow(self.environment.id, ADA, store.new_session_id(ADA), at, report)

        async def store_it() -> None:
            await self.database.write(lambda connection: add_sessions(connection, [start]))

        return asyncio.run(self.deciding.start(self.person, said, now=at, store_it=store_it))

    def again(self, context: StartContext | None) -> list[str | None] | None:
        """The scenario of `home.top`, in a list; [] where it cannot be known, None where nobody is there."""
        decided = asyncio.run(self.deciding.reevaluate(self.person, context, now=self.now))
        return None if decided is None else [one.scenario for one in decided.shown if one is not None]

    @property
    def deciding(self) -> SessionEvaluator:
        """As another process would have it: nothing is kept."""
        return SessionEvaluator(self.database, StatesCache(self.database), retention_ms=30 * DAY)


@pytest.mark.parametrize("of_start", OF_START)
@pytest.mark.parametrize(
    ("match", "other", "expected"),
    [
        ("all", [], []),
        ("any", [], []),
        ("all", [NEVER], ["default"]),
        ("all", [ALWAYS], []),
        ("any", [NEVER], []),
        ("any", [ALWAYS], ["Theirs"]),
    ],
)
def test_elsewhere_only_what_does_not_hang_on_the_start_is_known(
    server: RunningServer, of_start: dict[str, Any], match: str, other: list[Any], expected: list[str]
) -> None:
    running = Running(server, tribe(of_start, *other, match=match))
    running.start()
    assert running.again(None) == expected


@pytest.mark.parametrize("match", ["all", "any"])
@pytest.mark.parametrize("of_start", OF_START)
def test_who_cannot_be_in_the_tribe_is_known_not_to_be(
    server: RunningServer, of_start: dict[str, Any], match: str
) -> None:
    running = Running(server, tribe(of_start, audience="visitors", match=match))
    running.start()
    assert running.again(None) == ["default"]


@pytest.mark.parametrize("of_start", OF_START)
def test_where_it_started_it_goes_on_as_it_started(server: RunningServer, of_start: dict[str, Any]) -> None:
    running = Running(server, tribe(of_start))
    running.start(days_ago=5)
    decided = running.start()
    assert [one and one.scenario for one in decided.shown] == ["Theirs"]
    assert running.again(decided.context) == ["Theirs"]
    assert running.again(StartContext(ClientContext(), running.now)) == ["default"]


@pytest.mark.parametrize(("of_start", "expected"), [(AWAY, []), (LAST_SEEN, []), (FIELD, ["Theirs"])])
def test_when_somebody_was_seen_before_is_not_known_where_nobody_asked(
    server: RunningServer, of_start: dict[str, Any], expected: list[str]
) -> None:
    running = Running(server, tribe(of_start))
    deliver(server.database, running.environment, targeted())
    decided = running.start()
    assert decided.context == StartContext(SAID, None)
    deliver_again(server, running.environment)
    assert running.again(decided.context) == expected


def deliver_again(server: RunningServer, environment: AppEnvironment) -> None:
    """What was delivered first."""
    environments = tables.environments
    back = update(environments).where(environments.c.id == environment.id).values(revision=1)
    server.database.write_sync(lambda connection: connection.execute(back))


def test_who_was_removed_is_nobody(server: RunningServer) -> None:
    assert Running(server, tribe(ALWAYS)).again(None) is None


def test_the_session_is_counted_once(server: RunningServer) -> None:
    once = {"behaviour": "sessions_30_days", "operator": "equals", "value": 1}
    running = Running(server, tribe(once))
    assert [one and one.scenario for one in running.start().shown] == ["Theirs"]
    assert running.again(None) == ["Theirs"]


def test_a_new_tribe_counts_at_once(server: RunningServer) -> None:
    running = Running(server, tribe(NEVER))
    decided = running.start()
    assert running.again(decided.context) == ["default"]
    decide(server.database, running.environment, {"theirs": tribe(ALWAYS)}, revision=2)
    assert running.again(decided.context) == ["Theirs"]


@pytest.mark.parametrize("of_app", OF_APP)
def test_what_the_app_of_the_session_says_wins_over_what_is_stored(
    server: RunningServer, of_app: dict[str, Any]
) -> None:
    running = Running(server, tribe(of_app))
    running.start(report=REPORT)
    others = AppReport(app_version="2.2.9", app_platform="browser", os_version="18.0")
    assert [one and one.scenario for one in running.start(ClientContext(app=others.facts)).shown] == ["default"]
    running.start(report=REPORT)
    assert [one and one.scenario for one in running.start(ClientContext(app=NO_REPORT.facts)).shown] == ["default"]
    assert [one and one.scenario for one in running.start(SAID).shown] == ["Theirs"]


@pytest.mark.parametrize("of_app", OF_APP)
def test_where_no_app_is_asked_what_is_stored_counts(server: RunningServer, of_app: dict[str, Any]) -> None:
    running = Running(server, tribe(of_app))
    assert foreseen(running) == ["default"]
    running.start(report=REPORT)
    assert foreseen(running) == ["Theirs"]
    running.start()
    assert foreseen(running) == ["default"]


def foreseen(running: Running) -> list[str]:
    """The scenario of `home.top` for a session that never starts, as OFREP evaluates it."""
    states = asyncio.run(StatesCache(running.database).states_of(running.environment.id))
    facts = asyncio.run(running.deciding.preview(states, running.person, ClientContext(), now=running.now))
    return [
        str(one.scenario)
        for one in choose_states(states, running.now, lambda each: decide_tribe(each, facts, running.now))
        if one
    ]
