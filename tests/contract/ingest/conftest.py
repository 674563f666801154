"""An environment of its own for each test."""

from __future__ import annotations

import pytest

from mtribes_cli.ingest import batch
from tests.contract.ingest.world import Place, new_place
from tests.contract.people import Signed
from tests.servers import RunningServer

ROWS_A_PART = 7


@pytest.fixture
def place(ada: Signed, server: RunningServer) -> Place:
    """An environment without users."""
    return new_place(ada, server)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows a part has in this test."""
    monkeypatch.setattr(batch, "MAX_PART_ROWS", ROWS_A_PART)
    return ROWS_A_PART
