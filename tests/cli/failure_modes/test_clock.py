"""A clock that is two days off, either way, or that jumps: signing in and renewing go on as if it were right."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.oauth_stub import LIFETIME_SECONDS, OAuthStub
from tests.cli.stub_server import StubServer

DAY_SECONDS = 86_400
COURSES = list(itertools.product((-2, 0, 2), repeat=2))  # at first, later


@pytest.fixture
def oauth(stub_server: StubServer) -> OAuthStub:
    """A server that signs people and services in."""
    return OAuthStub(stub_server)


@pytest.mark.parametrize(("at_first", "later"), COURSES)
def test_a_service_signs_in_and_goes_on(mtribes: CliRunner, oauth: OAuthStub, at_first: int, later: int) -> None:
    mtribes.environment |= {"MTRIBES_CLIENT_ID": "svc_1", "MTRIBES_CLIENT_SECRET": "mts_good"}
    for days in (at_first, later, at_first):
        mtribes.clock.ahead_seconds = days * DAY_SECONDS
        outcome = mtribes("whoami", "--host", oauth.stub_server.url)
        assert outcome.exit_code == 0, outcome.err


@pytest.mark.parametrize(("at_first", "later"), COURSES)
def test_a_sign_in_is_renewed_when_it_has_to_be(
    mtribes: CliRunner, oauth: OAuthStub, at_first: int, later: int
) -> None:
    _signed_in(mtribes, oauth, at_first)
    mtribes.clock.ahead_seconds = later * DAY_SECONDS
    for ends_now in (False, True, False):
        if ends_now:
            oauth.access_tokens = set()
        outcome = mtribes("whoami", "--host", oauth.stub_server.url)
        assert outcome.exit_code == 0, outcome.err
    assert 1 <= oauth.refreshes() <= 2


def test_a_clock_that_is_off_costs_no_renewals(mtribes: CliRunner, oauth: OAuthStub) -> None:
    for days in (-2, 2):
        _signed_in(mtribes, oauth, days)
        assert mtribes("whoami", "--host", oauth.stub_server.url).exit_code == 0
    assert oauth.refreshes() == 0


def _signed_in(mtribes: CliRunner, oauth: OAuthStub, days: int) -> None:
    """What a sign-in leaves behind, made while the clock was `days` ahead."""
    mtribes.clock.ahead_seconds = days * DAY_SECONDS
    oauth.refresh_token, oauth.access_tokens = "mtr_0", {"mto_0"}
    ends = mtribes.clock.now_seconds() + LIFETIME_SECONDS
    entry = {"store": "file", "access_token": "mto_0", "refresh_token": "mtr_0", "expires_at_seconds": ends}
    mtribes.folders.config.mkdir(exist_ok=True)
    stored = {"version": 1, "hosts": {oauth.stub_server.url: entry}, "services": {}}
    mtribes.credentials_file.write_text(json.dumps(stored))
