"""A person, their browser and a command line, as tests of OAuth need them: by HTTP alone."""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from sqlalchemy import Connection

from templates_server.access import ALL_SCOPES, Role
from templates_server.accounts import store as accounts_store
from templates_server.accounts.passwords import Passwords
from templates_server.identifiers import random_text
from templates_server.times import system_clock
from tests.servers import RunningServer

PASSWORD = "correct horse battery"
REDIRECT = "http://127.0.0.1:49152/callback"
VERIFIER = "verifier-of.these_tests~" * 3  # looked for in what servers keep: nothing else may look like it
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
NUMBERS = itertools.count(1)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PASSWORD_HASHES = Passwords()
PASSWORD_HASH = PASSWORD_HASHES.hash_now(PASSWORD)


@dataclass(frozen=True)
class Someone:
    """A member of an organization of their own, with PASSWORD."""

    account_id: str
    email: str
    organization_id: str
    organization: str


def someone(server: RunningServer, *, role: Role = Role.ADMINISTRATOR) -> Someone:
    """A new person in a new organization."""
    number = f"{next(NUMBERS)}-{random_text(8).lower()}"

    def work(connection: Connection) -> Someone:
        now = system_clock()
        email, key = f"person-{number}@example.com", f"org-x{number}"
        account_id = accounts_store.create_account(
            connection, email, name="Ada Lovelace", password_hash=PASSWORD_HASH, now=now
        )
        organization_id = accounts_store.create_organization(connection, key, name="Analytical Engines", now=now)
        accounts_store.add_member(connection, organization_id, account_id=account_id, role=role)
        return Someone(account_id, email, organization_id, key)

    return server.database.write_now(work)


def service_account(server: RunningServer, *, scopes: Any = ALL_SCOPES) -> tuple[str, str]:
    """The client id and secret of a new service account."""
    organization_id = someone(server).organization_id
    return server.database.write_now(
        lambda connection: accounts_store.create_service_account(
            connection, organization_id, name="Nightly", scopes=scopes, now=system_clock()
        )
    )


def authorization(**changes: str | None) -> dict[str, str]:
    """The parameters of an authorization request by the command line; None leaves one out."""
    parameters = {
        "response_type": "code",
        "client_id": "mtribes-cli",
        "redirect_uri": REDIRECT,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "some state",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of the forms of a page."""
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page)}


def answered(location: str) -> dict[str, str]:
    """The parameters of a redirect, each once."""
    parameters = parse_qs(urlsplit(location).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in parameters.values()), parameters
    return {name: values[0] for name, values in parameters.items()}


@dataclass
class Browser:
    """A browser without JavaScript at a server."""

    server: RunningServer
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def get(self, path: str, **parameters: str) -> httpx.Response:
        """Follow a link."""
        return self.send("GET", f"{path}?{urlencode(parameters)}" if parameters else path)

    def submit(self, path: str, page: httpx.Response, **fields: str) -> httpx.Response:
        """Send the form of a page."""
        return self.send("POST", path, fields={**hidden_fields(page.text), **fields})

    def send(
        self, method: str, path: str, *, fields: Mapping[str, str] | None = None, origin: str | None = ""
    ) -> httpx.Response:
        """Send a request with the cookies, from the server's own origin unless another is given."""
        headers = {"Origin": origin or self.server.settings.origin} if fields and origin is not None else {}
        with self.server.client() as client:
            client.cookies = self.cookies
            answer = client.request(method, path, data=fields, headers=headers)
            self.cookies = client.cookies
            return answer

    def send_file(
        self, path: str, fields: Mapping[str, str], name: str, content: bytes, *, origin: str = ""
    ) -> httpx.Response:
        """Send a form with a file of that name in its field `file`."""
        headers = {"Origin": origin or self.server.settings.origin}
        with self.server.client() as client:
            client.cookies = self.cookies
            answer = client.post(path, data=dict(fields), files={"file": (name, content)}, headers=headers)
            self.cookies = client.cookies
            return answer

    def sign_in(self, person: Someone, password: str = PASSWORD, **parameters: str) -> httpx.Response:
        """Fill in the sign-in form."""
        page = self.get("/sign-in", **parameters)
        return self.submit("/sign-in", page, email=person.email, password=password)

    def decide(self, decision: str = "allow", **changes: str | None) -> httpx.Response:
        """Answer the consent page of an authorization request."""
        path = f"/oauth/authorize?{urlencode(authorization(**changes))}"
        page = self.get(path)
        assert page.status_code == 200, (page.status_code, page.headers, page.text)
        return self.submit(path, page, decision=decision)


def signed_in_browser(server: RunningServer, person: Someone) -> Browser:
    """A browser where that person is signed in."""
    browser = Browser(server)
    assert browser.sign_in(person).status_code == 303
    return browser


def code_for(server: RunningServer, person: Someone, **changes: str | None) -> str:
    """A code that the person has consented to."""
    redirect = signed_in_browser(server, person).decide("allow", **changes)
    assert redirect.status_code == 303, redirect.text
    return answered(redirect.headers["location"])["code"]


def ask_for_token(server: RunningServer, **fields: str) -> httpx.Response:
    """A request to the token endpoint by the command line."""
    with server.client() as client:
        return client.post("/oauth/token", data={"client_id": "mtribes-cli", **fields})


def redeem(server: RunningServer, code: str, **changes: str) -> httpx.Response:
    """The redemption of a code."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return ask_for_token(server, **{**fields, **changes})


def refresh(server: RunningServer, refresh_token: str, **changes: str) -> httpx.Response:
    """The exchange of a refresh token."""
    return ask_for_token(server, **{"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})


def tokens_for(server: RunningServer, person: Someone, **changes: str | None) -> dict[str, Any]:
    """The tokens of a whole sign-in."""
    answer = redeem(server, code_for(server, person, **changes))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def status_with(server: RunningServer, access_token: str) -> int:
    """What /v2/me answers to a token."""
    with server.client(Authorization=f"Bearer {access_token}") as client:
        return client.get("/v2/me").status_code
