"""Bad days for the tests of the server."""

from __future__ import annotations

import pytest

from tests.server.failing_calls import FailingCalls


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> FailingCalls:
    """The calls to the system by which files are made."""
    return FailingCalls(monkeypatch)
