"""An environment of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.features.exports.export_client import ExportClient, make_export_client, somebody
from tests.servers import RunningServer


@pytest.fixture
def place(server: RunningServer) -> Iterator[ExportClient]:
    """A new environment with its tribes."""
    person = somebody(server)
    with person.client(server) as client:
        yield make_export_client(server, client, person)
