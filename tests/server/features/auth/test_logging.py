"""What the protocol writes into logs: nothing that opens anything."""

from __future__ import annotations

import logging

import pytest

from tests.server.features.auth.flows import code_for, redeem, refresh, someone
from tests.servers import RunningServer


def test_no_code_or_token_is_logged_even_when_everything_else_is(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = code_for(server, someone(server))
    tokens = redeem(server, code).json()
    newer = refresh(server, tokens["refresh_token"]).json()
    secrets = {code, *(answer[name] for answer in (tokens, newer) for name in ("access_token", "refresh_token"))}
    assert len(secrets) == 5
    logged = "\n".join(
        f"{record.getMessage()} {record.exc_text}" for record in caplog.records if "httpcore" not in record.name
    )
    assert "/oauth/token" in logged  # the client's own log: what is written does arrive here
    assert not [secret for secret in secrets if secret in logged]
    assert not logging.getLogger("authlib.oauth2.rfc6749").isEnabledFor(logging.DEBUG)
