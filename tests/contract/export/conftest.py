"""Somebody who exports from the real server by the real command line."""

from __future__ import annotations

import pytest

from tests.contract.export.leaving import Leaving, new_leaving
from tests.contract.people import Signed
from tests.servers import RunningServer


@pytest.fixture
def leaving(ada: Signed, server: RunningServer) -> Leaving:
    """An environment without people."""
    return new_leaving(ada, server)
