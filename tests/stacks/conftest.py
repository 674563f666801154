"""Fixtures of the stacks: the browser of tests/browser, and a server that greets people by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import browser, watched  # noqa: F401  fixtures
from tests.stacks.people_server import PeopleServer, people_server


@pytest.fixture
def people() -> Iterator[PeopleServer]:
    """A server that greets each person by name."""
    with people_server() as running:
        yield running
