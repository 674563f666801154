"""A clock that was ten years ahead and is right again: what it left behind neither delays nor allows anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, select, update

from templates_server.features.auth.device.store import MAX_WRONG_CODES
from templates_server.primitives.timestamps import DAY, HOUR, MINUTE, SECOND, system_clock
from templates_server.security.backoff import FREE_FAILURES
from templates_server.storage.tables import device_codes, device_guesses, exports, failed_attempts, tokens
from tests.people import OF_A_SIGN_IN, add_organization, add_person
from tests.server.features.auth.conftest import MovableClock
from tests.server.features.auth.device_flow import codes, decide, enter, poll
from tests.server.features.auth.flows import (
    PASSWORD,
    Browser,
    code_for,
    redeem,
    refresh,
    service_account,
    signed_in_browser,
    someone,
    status_with,
    tokens_for,
)
from tests.server.features.exports.export_client import make_export_client, somebody
from tests.servers import RunningServer, running_server

pytestmark = pytest.mark.slow

TEN_YEARS = 3652 * DAY


@dataclass(frozen=True)
class Wrong:
    """A server whose clock is ahead until it is put right."""

    server: RunningServer
    clock: MovableClock

    def put_right(self) -> None:
        """The clock shows the present time, as an operator sees to."""
        self.clock.now = system_clock()


@pytest.fixture
def wrong(fresh_database_url: str, tmp_path: Path) -> Iterator[Wrong]:
    clock = MovableClock(system_clock() + TEN_YEARS)
    with running_server(tmp_path, database_url=fresh_database_url, clock=clock) as server:
        yield Wrong(server, clock)


def guess(browser: Browser, email: str, password: str = "wrong") -> httpx.Response:
    return browser.submit("/sign-in", browser.get("/sign-in"), email=email, password=password)


def test_an_account_that_was_locked_then_is_open(wrong: Wrong) -> None:
    person, browser = someone(wrong.server), Browser(wrong.server)
    for _ in range(FREE_FAILURES):
        assert guess(browser, person.email).status_code == 422
    assert guess(browser, person.email, PASSWORD).status_code == 429
    wrong.put_right()
    assert guess(browser, person.email).status_code == 422  # it was not forgotten that there were ten before
    locked = guess(browser, person.email, PASSWORD)
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) <= 15 * 60
    wrong.clock.pass_by(15 * MINUTE)
    assert guess(browser, person.email, PASSWORD).status_code == 303


def test_a_lock_of_the_present_holds_as_before(wrong: Wrong) -> None:
    wrong.put_right()
    person, browser = someone(wrong.server), Browser(wrong.server)
    for _ in range(FREE_FAILURES):
        guess(browser, person.email)
    for seconds, status in ((0, 429), (-30, 429), (39, 429), (1, 303)):  # another server's clock may be a bit behind
        wrong.clock.pass_by(seconds * SECOND)
        assert guess(browser, person.email, PASSWORD).status_code == status


def test_failures_of_the_future_are_forgotten_a_day_after_they_were_found(wrong: Wrong) -> None:
    guess(Browser(wrong.server), "nobody@example.com")
    wrong.put_right()
    guess(Browser(wrong.server), "somebody@example.com")
    wrong.clock.pass_by(DAY + HOUR)
    guess(Browser(wrong.server), "else@example.com")
    count = select(failed_attempts.c.last)
    left = wrong.server.database.read_sync(lambda connection: connection.execute(count).scalars().all())
    assert left == [wrong.clock.now]


def test_device_codes_may_be_entered_a_quarter_of_an_hour_later(wrong: Wrong) -> None:
    person = someone(wrong.server)
    browser = signed_in_browser(wrong.server, person)
    for _ in range(MAX_WRONG_CODES):
        assert enter(browser, "BBBBBBBB").status_code == 422
    assert enter(browser, "BBBBBBBB").status_code == 429
    wrong.put_right()
    browser = signed_in_browser(wrong.server, person)
    assert enter(browser, "BBBBBBBB").status_code == 429
    since = select(device_guesses.c.since)
    assert wrong.server.database.read_sync(lambda connection: connection.execute(since).scalar_one()) == wrong.clock.now
    wrong.clock.pass_by(15 * MINUTE)
    assert enter(browser, codes(wrong.server)["user_code"]).status_code == 200


def test_a_device_code_of_then_is_over(wrong: Wrong) -> None:
    person = someone(wrong.server)
    asked, allowed = codes(wrong.server), codes(wrong.server)
    decide(signed_in_browser(wrong.server, person), allowed["user_code"])
    wrong.put_right()
    assert enter(signed_in_browser(wrong.server, person), asked["user_code"]).status_code == 422
    for each in (asked, allowed):
        assert poll(wrong.server, each["device_code"]).json()["error"] == "expired_token"


def test_a_program_that_polled_then_is_not_told_to_slow_down(wrong: Wrong) -> None:
    wrong.put_right()
    asked = codes(wrong.server)
    wrong.clock.now += TEN_YEARS
    poll(wrong.server, asked["device_code"])
    from_the_future = update(device_codes).values(last_polled=wrong.clock.now)
    wrong.server.database.write_sync(lambda connection: connection.execute(from_the_future))
    wrong.clock.now -= TEN_YEARS
    assert poll(wrong.server, asked["device_code"]).json()["error"] == "authorization_pending"
    assert poll(wrong.server, asked["device_code"]).json()["error"] == "slow_down"


def test_what_was_issued_then_opens_nothing(wrong: Wrong) -> None:
    server, person = wrong.server, someone(wrong.server)
    code, issued = code_for(server, person), tokens_for(server, person)
    browser = signed_in_browser(server, person)
    with server.client() as client:
        client_id, secret = service_account(server)
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        of_service = client.post("/oauth/token", data=form).json()["access_token"]
    with server.client(Authorization=f"Bearer {issued['access_token']}") as client:
        personal = client.post("/v2/tokens", json={"name": "a", "expires_in_days": 90}).json()["data"][0]["token"]
    for token in (issued["access_token"], of_service, personal):
        assert status_with(server, token) == 200
    wrong.put_right()
    for token in (issued["access_token"], of_service, personal):
        assert status_with(server, token) == 401
    assert redeem(server, code).json()["error"] == "invalid_grant"
    assert refresh(server, issued["refresh_token"]).json()["error"] == "invalid_grant"
    assert browser.get("/device").status_code == 303  # to the sign-in
    assert status_with(server, tokens_for(server, person)["access_token"]) == 200


@pytest.mark.parametrize("ahead", [HOUR - MINUTE, HOUR + MINUTE])
def test_clocks_of_several_servers_may_differ_by_an_hour(wrong: Wrong, ahead: int) -> None:
    wrong.put_right()
    wrong.clock.pass_by(ahead)
    person = someone(wrong.server)
    issued, browser = tokens_for(wrong.server, person), signed_in_browser(wrong.server, person)
    wrong.clock.pass_by(-ahead)
    is_good = ahead < HOUR
    assert status_with(wrong.server, issued["access_token"]) == (200 if is_good else 401)
    assert refresh(wrong.server, issued["refresh_token"]).status_code == (200 if is_good else 400)
    assert browser.get("/device").status_code == (200 if is_good else 303)


def test_when_a_token_was_used_is_noted_again(wrong: Wrong) -> None:
    wrong.put_right()
    person = add_person(wrong.server.database, add_organization(wrong.server.database))
    ahead = update(tokens).values(last_used=wrong.clock.now + TEN_YEARS)
    wrong.server.database.write_sync(lambda connection: connection.execute(ahead))

    def last_used(connection: Connection) -> int:
        return int(connection.execute(select(tokens.c.last_used)).scalar_one())

    with person.client(wrong.server) as client:
        assert client.get("/v2/me").status_code == 200
    deadline = system_clock() + 10 * SECOND
    while wrong.server.database.read_sync(last_used) != wrong.clock.now:
        assert system_clock() < deadline


def test_an_answer_kept_then_is_not_given_again(wrong: Wrong) -> None:
    person = add_person(wrong.server.database, add_organization(wrong.server.database))
    long = update(tokens).values(expires=wrong.clock.now + DAY)
    wrong.server.database.write_sync(lambda connection: connection.execute(long))
    path, headers = f"/v2/organizations/{person.organization.key}/spaces", {"Idempotency-Key": "once"}
    with person.client(wrong.server) as client:
        first = client.post(path, json={"key": "clock"}, headers=headers)
        again = client.post(path, json={"key": "clock"}, headers=headers)
        assert (first.status_code, again.headers.get("idempotency-replayed")) == (201, "true")
        wrong.put_right()
        later = client.post(path, json={"key": "clock"}, headers=headers)
        assert later.status_code == 409
        assert "idempotency-replayed" not in later.headers


def test_an_export_of_then_goes_a_day_after_the_clock_is_right(wrong: Wrong) -> None:
    person = somebody(wrong.server)
    long = update(tokens).values(expires=wrong.clock.now + DAY)
    wrong.server.database.write_sync(lambda connection: connection.execute(long))
    with person.client(wrong.server) as client:
        place = make_export_client(wrong.server, client, person)
        export = place.wait_until_ended(place.ask(format="csv"))
        wrong.put_right()
        spooler = wrong.server.app.features.export_worker
        spooler.purge()
        assert place.fetch(export).status_code == 200
        ends = wrong.server.database.read_sync(
            lambda connection: connection.execute(select(exports.c.expires)).scalar_one()
        )
        assert ends == wrong.clock.now + DAY
        wrong.clock.pass_by(DAY)
        spooler.purge()
        assert place.fetch(export).status_code == 404
        assert not spooler.files.path(export["export"]).exists()


def test_an_invitation_of_then_is_over(wrong: Wrong) -> None:
    person = add_person(wrong.server.database, add_organization(wrong.server.database), grant=OF_A_SIGN_IN)
    long = update(tokens).values(expires=wrong.clock.now + DAY)
    wrong.server.database.write_sync(lambda connection: connection.execute(long))
    path, new = f"/v2/organizations/{person.organization.key}", {"email": "new@example.com", "role": "viewer"}
    with person.client(wrong.server) as client:
        invitation = client.post(f"{path}/members", json=new).json()["data"][0]
        link = invitation["link"].removeprefix(wrong.server.settings.public_url)
        assert client.get(link).status_code == 200
        wrong.put_right()
        in_time = update(tokens).values(created=wrong.clock.now, expires=wrong.clock.now + DAY)
        wrong.server.database.write_sync(lambda connection: connection.execute(in_time))
        assert client.get(link).status_code == 404
        assert client.get(f"{path}/invitations").json()["data"] == []
        assert client.post(f"{path}/members", json=new).status_code == 201
