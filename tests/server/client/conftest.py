"""Apps for the tests of the Client API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.environments import add_environment
from tests.server.client.app_of_tests import App
from tests.servers import RunningServer


@pytest.fixture
def app(server: RunningServer) -> Iterator[App]:
    """An app of an environment that nobody has used yet."""
    yield from _new_app(server)


@pytest.fixture
def other_app(server: RunningServer) -> Iterator[App]:
    """An app of another such environment."""
    yield from _new_app(server)


def _new_app(server: RunningServer) -> Iterator[App]:
    environment = add_environment(server.database)
    with environment.app(server) as client:
        yield App(server, environment, client)
