"""Somebody who exports from the real server by the real command line."""

from __future__ import annotations

import pytest

from tests.contract.export.export_environment import ExportEnvironment, new_export_environment
from tests.contract.people import Signed
from tests.servers import RunningServer


@pytest.fixture
def leaving(ada: Signed, server: RunningServer) -> ExportEnvironment:
    """An environment without people."""
    return new_export_environment(ada, server)
