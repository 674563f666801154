"""Guesses at passwords and secrets: few are compared, many cost little, and nobody is locked out for ever."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from templates_server.errors import TooManyRequests
from templates_server.primitives.ip_addresses import CallerAddress, parse_network
from templates_server.primitives.timestamps import DAY, MINUTE, SECOND, system_clock
from templates_server.security.backoff import FREE_FAILURES, LONGEST_DELAY_MILLISECONDS, delay_after
from templates_server.security.login_throttle import LoginThrottle
from templates_server.security.passwords import Passwords
from templates_server.security.server_key import ServerKey
from templates_server.settings import sqlite_file_url
from templates_server.storage.factory import open_database
from templates_server.storage.tables import failed_attempts
from tests.server.features.auth.flows import PASSWORD, Browser, Someone, hidden_fields, service_account, someone
from tests.servers import RunningServer, running_server

PROXIES = (parse_network("127.0.0.1"),)


@dataclass
class Clock:
    now: int = field(default_factory=system_clock)

    def __call__(self) -> int:
        return self.now


@dataclass
class Guarded:
    """A server behind a proxy, how many hashes it compared, and its time."""

    server: RunningServer
    clock: Clock
    compared: list[str]

    def guess(
        self,
        email: str,
        password: str = "wrong",
        *,
        address: str = "198.51.100.1",
        browser: Browser | None = None,
        **headers: str,
    ) -> tuple[int, str, str]:
        """What the page answers to one attempt from that address: status, Retry-After, text."""
        browser = browser or Browser(self.server)
        page = browser.get("/sign-in")
        fields = {**hidden_fields(page.text), "email": email, "password": password}
        with self.server.client(Origin=self.server.settings.origin) as client:
            client.headers.update({"X-Forwarded-For": address} | headers)
            client.cookies = browser.cookies
            answer = client.post("/sign-in", data=fields)
            browser.cookies = client.cookies
        return answer.status_code, answer.headers.get("retry-after", ""), answer.text


@pytest.fixture
def guarded(fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    compared: list[str] = []
    matches = Passwords._matches

    def counting(self: Passwords, password: str, stored_hash: str | None) -> bool:
        compared.append(password)
        return matches(self, password, stored_hash)

    monkeypatch.setattr(Passwords, "_matches", counting)
    clock = Clock()
    with running_server(tmp_path, database_url=fresh_database_url, clock=clock, trusted_proxies=PROXIES) as server:
        yield Guarded(server, clock, compared)


def exhaust(guarded: Guarded, email: str, *, address: str = "198.51.100.{}") -> None:
    for number in range(FREE_FAILURES):
        assert guarded.guess(email, address=address.format(number))[0] == 422


def test_after_ten_failures_an_account_must_wait_and_no_password_is_compared(guarded: Guarded) -> None:
    person = someone(guarded.server)
    exhaust(guarded, person.email)
    compared = len(guarded.compared)
    status, retry_after, text = guarded.guess(person.email.upper(), PASSWORD, address="203.0.113.5")
    assert (status, retry_after) == (429, "10")
    assert "Too many failed attempts. Try again in 10 seconds." in text
    assert len(guarded.compared) == compared
    guarded.clock.now += 10 * SECOND
    assert guarded.guess(person.email, PASSWORD, address="203.0.113.5")[0] == 303


@pytest.mark.slow
def test_the_wait_tells_nothing_of_whether_the_account_exists(guarded: Guarded) -> None:
    person = someone(guarded.server)
    told = []
    for email in (person.email, "nobody@example.com"):
        exhaust(guarded, email)
        status, retry_after, text = guarded.guess(email, address="203.0.113.5")
        told.append((status, retry_after, re.sub(r'value="[^"]*"', "", text)))
    assert told[0] == told[1]
    assert told[0][0] == 429


@pytest.mark.slow
def test_a_success_begins_anew(guarded: Guarded) -> None:
    person = someone(guarded.server)
    for _ in range(3):
        for number in range(FREE_FAILURES - 1):
            assert guarded.guess(person.email, address=f"198.51.100.{number}")[0] == 422
        assert guarded.guess(person.email, PASSWORD, address="203.0.113.5")[0] == 303


def test_an_address_must_wait_whatever_accounts_it_tries_and_so_must_its_network(guarded: Guarded) -> None:
    for number in range(FREE_FAILURES):
        assert guarded.guess(f"somebody-{number}@example.com", address=f"2001:db8:1:2::{number}")[0] == 422
    person = someone(guarded.server)
    assert guarded.guess(person.email, PASSWORD, address="2001:db8:1:2:ffff::1")[0] == 429
    assert guarded.guess(person.email, PASSWORD, address="2001:db8:1:3::1")[0] == 303


@pytest.mark.slow
@pytest.mark.parametrize("forged", ["for=127.0.0.1", "for=192.0.2.{}", "for=_hidden", "nonsense"])
def test_a_forged_header_does_not_keep_an_address_from_waiting(guarded: Guarded, forged: str) -> None:
    for number in range(FREE_FAILURES):
        assert guarded.guess(f"somebody-{number}@example.com", Forwarded=forged.format(number))[0] == 422
    person = someone(guarded.server)
    assert guarded.guess(person.email, PASSWORD, Forwarded=forged.format(99))[0] == 429
    assert guarded.guess(person.email, PASSWORD, address="203.0.113.5", Forwarded=forged)[0] == 303


def test_an_address_that_the_proxy_does_not_state_must_wait_too(guarded: Guarded) -> None:
    for number in range(FREE_FAILURES):
        assert guarded.guess(f"somebody-{number}@example.com", address="unknown")[0] == 422
    assert guarded.guess(someone(guarded.server).email, PASSWORD, address="unknown")[0] == 429


@pytest.mark.slow
def test_an_own_account_does_not_clear_the_address(guarded: Guarded) -> None:
    mine = someone(guarded.server)
    address = "198.51.100.66"
    for number in range(FREE_FAILURES - 1):
        assert guarded.guess(f"victim-{number}@example.com", address=address)[0] == 422
        assert guarded.guess(mine.email, PASSWORD, address=address)[0] == 303
    assert guarded.guess("victim@example.com", address=address)[0] == 422
    assert guarded.guess("victim@example.com", address=address)[0] == 429


@pytest.mark.slow
def test_a_header_that_names_another_address_is_believed_of_a_listed_proxy_alone(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        direct = Guarded(server, Clock(), [])
        person = someone(server)
        for number in range(FREE_FAILURES):
            assert direct.guess(f"somebody-{number}@example.com", address="198.51.100.1")[0] == 422
        assert direct.guess(person.email, PASSWORD, address="198.51.100.1")[0] == 303


def test_a_browser_where_one_was_signed_in_is_not_kept_out_by_guesses_elsewhere(guarded: Guarded) -> None:
    person = someone(guarded.server)
    browser = Browser(guarded.server)
    assert guarded.guess(person.email, PASSWORD, browser=browser)[0] == 303
    exhaust(guarded, person.email)
    assert guarded.guess(person.email, PASSWORD)[0] == 429
    assert "You are signed in as" in browser.get("/").text
    browser.submit("/sign-out", browser.get("/"))
    assert guarded.guess(person.email, PASSWORD, browser=browser)[0] == 303


@pytest.mark.slow
def test_a_known_browser_has_its_own_count_and_is_known_for_its_account_alone(guarded: Guarded) -> None:
    person, other = someone(guarded.server), someone(guarded.server)
    browser = Browser(guarded.server)
    guarded.guess(person.email, PASSWORD, browser=browser)
    browser.submit("/sign-out", browser.get("/"))
    for _ in range(FREE_FAILURES):
        assert guarded.guess(person.email, browser=browser)[0] == 422
    assert guarded.guess(person.email, PASSWORD, browser=browser)[0] == 429
    assert guarded.guess(person.email, PASSWORD)[0] == 303
    exhaust(guarded, other.email)
    assert guarded.guess(other.email, PASSWORD, browser=browser, address="203.0.113.5")[0] == 429


@pytest.mark.slow
def test_a_forged_proof_is_none(guarded: Guarded) -> None:
    person = someone(guarded.server)
    exhaust(guarded, person.email)
    browser = Browser(guarded.server)
    browser.get("/")
    (cookie,) = browser.cookies.jar
    browser.cookies.set(f"{cookie.name}_known", f"forged.{'0' * 64}", domain="127.0.0.1", path="/")
    assert guarded.guess(person.email, PASSWORD, browser=browser)[0] == 429


@pytest.mark.slow
def test_ten_thousand_guesses_at_an_account_cost_at_most_fifty_comparisons(guarded: Guarded) -> None:
    person = someone(guarded.server)
    attempts = guarded.server.app.services.login_throttle
    passwords = guarded.server.app.services.passwords

    async def guess(number: int) -> bool:
        """As the page does it, from an address of its own, ten a second."""
        guarded.clock.now += 100
        subjects = [
            attempts.subject("account", person.email),
            *attempts.subjects_of_address("address", CallerAddress(f"2001:db8:{number:x}::1")),
        ]
        try:
            await attempts.begin(subjects)
        except TooManyRequests:
            return False
        return await passwords.is_right("wrong", None)

    async def guess_all() -> None:
        for number in range(10_000):
            assert not await guess(number)

    for number in range(50):
        guarded.guess(person.email, address=f"198.51.100.{number}")
    asyncio.run(guess_all())
    assert FREE_FAILURES <= len(guarded.compared) <= 50


@pytest.mark.slow
def test_of_many_guesses_at_once_no_more_are_compared_than_one_after_another(guarded: Guarded) -> None:
    person = someone(guarded.server)
    with concurrent.futures.ThreadPoolExecutor(32) as threads:
        statuses = list(
            threads.map(lambda number: guarded.guess(person.email, address=f"198.51.100.{number}")[0], range(64))
        )
    assert (statuses.count(422), statuses.count(429)) == (FREE_FAILURES, 64 - FREE_FAILURES)
    assert len(guarded.compared) == FREE_FAILURES


@pytest.mark.slow
def test_counts_hold_across_processes_and_restarts(fresh_database_url: str, tmp_path: Path) -> None:
    person: Someone | None = None
    clock = Clock()
    for round_number in range(2):
        with running_server(tmp_path, database_url=fresh_database_url, clock=clock, trusted_proxies=PROXIES) as server:
            guarded = Guarded(server, clock, [])
            person = person or someone(server)
            if round_number == 0:
                exhaust(guarded, person.email)
            assert guarded.guess(person.email, PASSWORD)[0] == 429


@pytest.mark.slow
def test_failures_are_forgotten_after_a_day_and_leave_no_row(guarded: Guarded) -> None:
    person = someone(guarded.server)
    exhaust(guarded, person.email)
    guarded.clock.now += DAY
    assert guarded.guess(person.email)[0] == 422
    assert guarded.guess(person.email)[0] == 422
    rows = guarded.server.database.read_sync(
        lambda connection: connection.execute(select(func.count()).select_from(failed_attempts)).scalar_one()
    )
    assert rows == 2


def test_a_count_does_not_show_what_was_typed(tmp_path: Path) -> None:
    database = open_database(sqlite_file_url(tmp_path / "x.db"))
    one, other = (LoginThrottle(database, ServerKey(bytes([number]) * 32), system_clock) for number in range(2))
    assert one.subject("account", "a@b.example") != other.subject("account", "a@b.example")
    assert one.subject("account", "a") != one.subject("address", "a")
    database.close()


@given(st.integers(0, 10**9))
def test_the_wait_grows_and_is_never_longer_than_a_quarter_of_an_hour(failures: int) -> None:
    assert delay_after(failures) <= delay_after(failures + 1) <= LONGEST_DELAY_MILLISECONDS == 15 * MINUTE
    assert (delay_after(failures) > 0) == (failures >= FREE_FAILURES)


def test_clients_that_guess_secrets_must_wait_by_address(guarded: Guarded) -> None:
    client_id, secret = service_account(guarded.server)

    def ask(path: str, given: str, address: str, **fields: str) -> tuple[int, str, str]:
        with guarded.server.client() as client:
            client.headers["X-Forwarded-For"] = address
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": given, **fields}
            answer = client.post(path, data={name: value for name, value in form.items() if value})
        return answer.status_code, answer.headers.get("retry-after", ""), answer.json().get("error", "")

    attacker, other = "198.51.100.1", "198.51.100.2"
    for number in range(FREE_FAILURES):
        path = "/oauth/token" if number % 2 else "/oauth/revoke"
        assert ask(path, "wrong", attacker, token="x")[0] == 401
    assert ask("/oauth/token", secret, attacker) == (429, "10", "temporarily_unavailable")
    assert ask("/oauth/token", secret, other)[0] == 200
    refresh = {"client_id": "mtribes-cli", "grant_type": "refresh_token", "refresh_token": "x"}
    assert ask("/oauth/token", "", attacker, **refresh)[2] == "invalid_grant"  # who has no secret guesses none
    guarded.clock.now += 10 * SECOND
    assert ask("/oauth/token", secret, attacker)[0] == 200
