"""An environment of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.features.exports.exporting import Exporting, exporting, somebody
from tests.servers import RunningServer


@pytest.fixture
def place(server: RunningServer) -> Iterator[Exporting]:
    """A new environment with its tribes."""
    person = somebody(server)
    with person.client(server) as client:
        yield exporting(server, client, person)
