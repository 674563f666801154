"""Servers whose time stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from templates_server.primitives.timestamps import system_clock
from tests.servers import PostgresServer, RunningServer, running_server


@dataclass
class MovableClock:
    """A clock that only goes on when told to."""

    now: int

    def __call__(self) -> int:
        return self.now

    def pass_by(self, milliseconds: int) -> None:
        """Let time pass."""
        self.now += milliseconds


@dataclass(frozen=True)
class TimedServer:
    """A server and its clock."""

    server: RunningServer
    clock: MovableClock


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def timed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimedServer]:
    """A server of each kind of database with a clock to move. Tests share it: time goes on for all of them."""
    database_url = None
    if request.param == "postgresql":
        postgres: PostgresServer = request.getfixturevalue("postgres")
        database_url = postgres.new_database_url()
    clock = MovableClock(system_clock())
    with running_server(tmp_path_factory.mktemp("timed"), database_url=database_url, clock=clock) as running:
        yield TimedServer(running, clock)
