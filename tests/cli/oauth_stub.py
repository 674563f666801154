"""A stub server that signs people in: a small authorization server, and a browser that comes back from it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.cli.stub_server import ReceivedRequest, Reply, StubServer, data, refusal

LIFETIME_SECONDS = 3600
ME = {"kind": "person", "email": "ada@example.com", "name": "Ada", "scopes": ["spaces:read"], "expires": None}
ME_AT_ACME = ME | {"organizations": [{"key": "acme", "role": "administrator"}]}


@dataclass
class OAuthStub:
    """Codes that are redeemed once, refresh tokens that are good once, and one living access token."""

    stub_server: StubServer
    codes: dict[str, str] = field(default_factory=dict)  # challenge by code
    refresh_token: str = ""
    access_tokens: set[str] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    local_code: str = ""
    device_answers: list[str] = field(default_factory=list)  # errors, one a poll; then tokens

    def __post_init__(self) -> None:
        self.stub_server.on("GET", "/.well-known/oauth-authorization-server", Reply(200, self.metadata()))
        self.stub_server.on("POST", "/oauth/token", self.token)
        self.stub_server.on("POST", "/oauth/revoke", self._revoke)
        self.stub_server.on("POST", "/oauth/device_authorization", Reply(200, self.device_codes()))
        self.stub_server.on("GET", "/v2/me", self._me)

    def metadata(self, **changed: str) -> dict[str, str]:
        """What the server says of itself (RFC 8414)."""
        url = self.stub_server.url
        return {
            "issuer": url,
            "authorization_endpoint": f"{url}/oauth/authorize",
            "token_endpoint": f"{url}/oauth/token",
            "device_authorization_endpoint": f"{url}/oauth/device_authorization",
        } | changed

    def device_codes(self, **changed: object) -> dict[str, object]:
        """What a program is given that signs somebody in by a code (RFC 8628)."""
        page = f"{self.stub_server.url}/device"
        return {
            "device_code": "the-device-code",
            "user_code": "BCDF-GHJK",
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code=BCDF-GHJK",
            "expires_in": 900,
            "interval": 5,
        } | changed

    def polls(self) -> int:
        """How often it was asked whether somebody has entered the code."""
        return sum(
            asked.form["grant_type"].endswith("device_code") for asked in self.stub_server.asked_for("/oauth/token")
        )

    def new_code(self, url: str) -> str:
        """A code for the authorization request of `url`."""
        code = f"code-{next(self.numbers)}"
        self.codes[code] = query_of(url)["code_challenge"]
        return code

    def refreshes(self) -> int:
        """How often a refresh token was used."""
        return sum(asked.form["grant_type"] == "refresh_token" for asked in self.stub_server.asked_for("/oauth/token"))

    def token(self, asked: ReceivedRequest) -> Reply:
        """The answer of the token endpoint."""
        form = asked.form
        match form["grant_type"]:
            case "authorization_code":
                challenge = self.codes.pop(form["code"], None)
                is_good = challenge == _s256(form["code_verifier"])
            case "refresh_token":
                is_good = form["refresh_token"] == self.refresh_token
            case "urn:ietf:params:oauth:grant-type:device_code":
                if self.device_answers:
                    return _refused(self.device_answers.pop(0), 400)
                is_good = form["device_code"] == "the-device-code"
            case "client_credentials":
                return self._issued() if form["client_secret"] == "mts_good" else _refused("invalid_client", 401)
            case _:
                is_good = form["code"] == self.local_code
        return self._issued() if is_good else _refused("invalid_grant", 400)

    def _issued(self) -> Reply:
        number = next(self.numbers)
        self.refresh_token, access_token = f"mtr_{number}", f"mto_{number}"
        self.access_tokens = {access_token}
        issued = {"access_token": access_token, "refresh_token": self.refresh_token, "token_type": "Bearer"}
        return Reply(200, issued | {"expires_in": LIFETIME_SECONDS})

    def _revoke(self, asked: ReceivedRequest) -> Reply:
        if asked.form["token"] == self.refresh_token:
            self.refresh_token, self.access_tokens = "", set()
        return Reply()

    def _me(self, asked: ReceivedRequest) -> Reply:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token in self.access_tokens:
            return data(ME_AT_ACME)
        return refusal(401, {"code": "UNAUTHENTICATED", "message": "The token is not known."})


def _refused(error: str, status: int) -> Reply:
    return Reply(status, {"error": error, "error_description": "No."})


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def come_back(url: str, answer: Mapping[str, str | list[str]], *, path: str | None = None, host: str = "") -> int:
    """Go, as a browser would, to the redirect address of the authorization request `url`; the status."""
    redirect = urlsplit(query_of(url)["redirect_uri"])
    target = redirect._replace(path=path or redirect.path, query=urlencode(answer, doseq=True)).geturl()
    request = urllib.request.Request(target, headers={"Host": host} if host else {})  # noqa: S310 - our own loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own loopback
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
