"""What waits to be stored is counted by the bytes that were sent, whichever route it came by."""

from __future__ import annotations

from typing import Any

import pytest

from templates_server.storage import write_batcher
from tests.server.client.app_of_tests import DEVICE, App

LONG = "x" * 4000
LARGE: dict[str, Any] = {
    "events": [{"name": "video/completed", "anonymous_id": "v", "data": {"long": LONG}}],
    "identify": {"external_id": "u", "data": {"long": LONG}},
    "alias": {"anonymous_id": "v", "external_id": "u", "ignored": LONG},
    "devices": {"external_id": "u", **DEVICE, "long": LONG},
    "sessions": {"external_id": "u", "fields": {"long": LONG}},
}


@pytest.mark.parametrize("what", LARGE)
def test_what_is_too_large_to_wait_is_put_off(app: App, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_batcher, "MOST_WAITING", 2)
    answer = app.say(what, LARGE[what])
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert app.people() == {}
    monkeypatch.setattr(write_batcher, "MOST_WAITING", 4)
    assert app.say(what, LARGE[what]).status_code in {200, 204}
