"""The server's interface: one typed method an endpoint. The only file that imports httpx.

Timeouts are in seconds. What may be sent twice is, with growing pauses; redirects are never followed; credentials go to
the one base URL that the client was made for. What the answers mean is in `answers`, their shapes in `wire`.
"""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx

from mtribes_cli import __version__, wire
from mtribes_cli.answers import TRY_LATER_STATUSES, Answer, data_of, raise_failure, retry_after_seconds, token_of
from mtribes_cli.errors import AnswerError, NetworkError, UnavailableError
from mtribes_cli.hosts import is_loopback
from mtribes_cli.json_fields import items
from mtribes_cli.request import JSON, Request, environment_path, get, given, path_of, post

if TYPE_CHECKING:
    from mtribes_cli.console import Console
    from mtribes_cli.context import Clock

CONNECT_TIMEOUT_SECONDS = 10.0
SILENCE_TIMEOUT_SECONDS = 30.0
WHOLE_ANSWER_TIMEOUT_SECONDS = 120.0
MAX_ANSWER_BYTES = 128 * 1024 * 1024
MAX_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.25
MAX_PAUSE_SECONDS = 20.0
YAML = "application/yaml"

Entity = TypeVar("Entity")


class GivesTokens(Protocol):
    """Where access tokens come from."""

    def token(self, client: Client) -> str:
        """A token to send; `client` may be used to get it. Raises NotSignedInError when there is none."""

    def renewed(self, client: Client, refused: str) -> str | None:
        """Another token in place of one that the server refused; None when there can be none."""


class Client:
    """One server, for one command."""

    def __init__(
        self,
        base_url: str,
        tokens: GivesTokens,
        *,
        console: Console,
        clock: Clock,
    ) -> None:
        self.base_url = base_url
        self._tokens = tokens
        self._console = console
        self._clock = clock

    # Who and what

    def me(self) -> wire.Me:
        """Who is signed in."""
        return self._one(get("v2", "me"), wire.Me.read)

    def organizations(self) -> tuple[wire.Organization, ...]:
        """The organizations that the signed-in person belongs to."""
        return self._all(("v2", "organizations"), wire.Organization.read)

    def spaces(self, organization: str | None = None) -> tuple[wire.Space, ...]:
        """The Spaces that can be seen, or those of one organization."""
        within = ("organizations", organization) if organization else ()
        return self._all(("v2", *within, "spaces"), wire.Space.read)

    def space(self, space: str) -> wire.Space:
        """One Space, by key or id."""
        return self._one(get("v2", "spaces", space), wire.Space.read)

    def create_space(self, organization: str, *, key: str, name: str | None) -> wire.Space:
        """A new Space."""
        body = {"key": key} | ({"name": name} if name else {})
        return self._one(post(("v2", "organizations", organization, "spaces"), body), wire.Space.read)

    # Models

    def model(self, space: str, *, revision: int | None = None) -> Mapping[str, object]:
        """A Space's model as a document."""
        return self._one(get("v2", "spaces", space, "model", query=given(revision=revision)), _document)

    def model_yaml(self, space: str, *, revision: int | None = None) -> str:
        """The same, as the server writes it in YAML."""
        return self._yaml(("v2", "spaces", space, "model"), query=given(revision=revision))

    def push_model(self, space: str, document: bytes, *, content_type: str, force: bool) -> wire.PushedModel:
        """Replace a Space's model; without `force` the document's own revision must be the newest."""
        return self._put_document(
            ("v2", "spaces", space, "model"), wire.PushedModel.read, document, content_type=content_type, force=force
        )

    def diff_model(self, space: str, document: bytes, *, content_type: str) -> wire.ModelDiff:
        """What a document would change; nothing is stored. Raises DocumentError with all problems of a bad one."""
        path = path_of("v2", "spaces", space, "model", "diff")
        request = Request("POST", path, document, {"Content-Type": content_type}, may_repeat=True)
        return self._one(request, wire.ModelDiff.read)

    def code(
        self,
        space: str,
        targets: Sequence[wire.CodeTarget],
        *,
        revision: int | None = None,
        if_code_hash: str | None = None,
    ) -> wire.GeneratedCode:
        """Generated code for all targets; none of it where `if_code_hash` is still the hash."""
        asked = {"targets": [{"language": target.language, "options": dict(target.options)} for target in targets]}
        body = asked | given(revision=revision, if_code_hash=if_code_hash)
        request = post(("v2", "spaces", space, "code"), body, may_repeat=True)
        return self._one(request, wire.GeneratedCode.read)

    # Environments

    def environments(self, space: str) -> tuple[wire.Environment, ...]:
        """The environments of a Space."""
        return self._all(("v2", "spaces", space, "environments"), wire.Environment.read)

    def delivery(self, space: str, environment: str) -> Mapping[str, object]:
        """What an environment delivers, as a document."""
        return self._one(get(*environment_path(space, environment), "delivery"), _document)

    def delivery_yaml(self, space: str, environment: str) -> str:
        """The same, as the server writes it in YAML."""
        return self._yaml((*environment_path(space, environment), "delivery"))

    def push_delivery(
        self, space: str, environment: str, document: bytes, *, content_type: str, force: bool
    ) -> wire.PushedDelivery:
        """Replace what an environment delivers; without `force` the document's own revision must be the newest."""
        path = (*environment_path(space, environment), "delivery")
        return self._put_document(path, wire.PushedDelivery.read, document, content_type=content_type, force=force)

    def publish(self, space: str, environment: str, collections: Sequence[str]) -> wire.Published:
        """Make collections live."""
        path = (*environment_path(space, environment), "publish")
        return self._one(post(path, {"collections": list(collections)}, may_repeat=True), wire.Published.read)

    def unpublish(self, space: str, environment: str, collections: Sequence[str]) -> wire.Published:
        """Take collections off."""
        path = (*environment_path(space, environment), "unpublish")
        return self._one(post(path, {"collections": list(collections)}, may_repeat=True), wire.Published.read)

    def keys(self, space: str, environment: str) -> tuple[wire.EnvironmentKey, ...]:
        """The public keys of an environment."""
        return self._all((*environment_path(space, environment), "keys"), wire.EnvironmentKey.read)

    def create_key(self, space: str, environment: str, *, name: str) -> wire.EnvironmentKey:
        """A new public key."""
        path = (*environment_path(space, environment), "keys")
        return self._one(post(path, {"name": name}), wire.EnvironmentKey.read)

    def revoke_key(self, space: str, environment: str, key: str) -> None:
        """Revoke a key, by its id or its text."""
        data_of(
            self.send(Request("DELETE", path_of(*environment_path(space, environment), "keys", key), may_repeat=True))
        )

    # OAuth 2

    def oauth_server(self) -> wire.OAuthServer:
        """The authorization server's own description (RFC 8414)."""
        path = "/.well-known/oauth-authorization-server"
        answer = self.send(Request("GET", path, may_repeat=True, is_authorized=False))
        if not answer.is_success:
            raise_failure(answer)
        return wire.OAuthServer.read(answer.json(), "metadata")

    def issue_token(self, form: Mapping[str, str], *, may_repeat: bool = False) -> wire.IssuedToken:
        """A token for a grant (RFC 6749, 4). Raises NotSignedInError when the grant is refused."""
        answer = self._send_form("/oauth/token", form, may_repeat=may_repeat)
        return wire.IssuedToken.read(token_of(answer), "token")

    def revoke_token(self, form: Mapping[str, str]) -> None:
        """End a token and what came of it (RFC 7009)."""
        answer = self._send_form("/oauth/revoke", form, may_repeat=True)
        if not answer.is_success:
            token_of(answer)

    # How it is sent

    def _one(self, request: Request, read: Callable[[object, str], Entity]) -> Entity:
        return _only(data_of(self.send(request)), read)

    def _all(self, path: Sequence[str], read: Callable[[object, str], Entity]) -> tuple[Entity, ...]:
        """Every page of a list."""
        found: list[Entity] = []
        place: str | None = path_of(*path)
        while place:
            answer = self.send(Request("GET", place, may_repeat=True))
            found += items(data_of(answer), read, "data")
            place = self._next_page(answer, place)
        return tuple(found)

    def _next_page(self, answer: Answer, place: str) -> str | None:
        """`Link: rel="next"` (RFC 8288): its query on the path asked for, so that no link leads elsewhere."""
        target = httpx.Response(200, headers={"link": answer.headers.get("link", "")}).links.get("next", {}).get("url")
        return f"{place.partition('?')[0]}?{urlsplit(target).query}" if target else None

    def _yaml(self, path: Sequence[str], query: Mapping[str, object] | None = None) -> str:
        answer = self.send(Request("GET", path_of(*path, query=query), headers={"Accept": YAML}, may_repeat=True))
        if not answer.is_success:
            raise_failure(answer)
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind != YAML:
            raise AnswerError(
                f"{answer.url} answered {kind or 'nothing known'}, where YAML was agreed.", "Is the host right?"
            )
        return answer.text()

    def _put_document(
        self,
        path: Sequence[str],
        read: Callable[[object, str], Entity],
        document: bytes,
        *,
        content_type: str,
        force: bool,
    ) -> Entity:
        headers = {"Content-Type": content_type} | ({"If-Match": "*"} if force else {})
        return self._one(Request("PUT", path_of(*path), document, headers), read)

    def _send_form(self, path: str, form: Mapping[str, str], *, may_repeat: bool) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return self.send(Request("POST", path, body, headers, may_repeat=may_repeat, is_authorized=False))

    def close(self) -> None:
        """Let go of connections."""
        if "_http" in self.__dict__:
            self._http.close()

    def send(self, request: Request) -> Answer:
        """The answer, whatever its status; with a renewed token where the first one was refused."""
        if not request.is_authorized:
            return self._send_patiently(request, token=None)
        token = self._tokens.token(self)
        answer = self._send_patiently(request, token=token)
        if answer.status == httpx.codes.UNAUTHORIZED:
            renewed = self._tokens.renewed(self, token)
            if renewed:
                return self._send_patiently(request, token=renewed)
        return answer

    def _send_patiently(self, request: Request, *, token: str | None) -> Answer:
        """What did not reach the server is sent again; what did, only if it may arrive twice."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            is_last = attempt == MAX_ATTEMPTS
            try:
                answer = self._send_once(request, token=token)
            except httpx.HTTPError as error:
                if is_last or not _is_worth_another_try(error, request):
                    raise_network_error(error, self.base_url)
                self._pause(attempt, None)
                continue
            if is_last or not self._is_to_be_repeated(request, answer):
                return answer
            self._pause(attempt, retry_after_seconds(answer))
        raise AssertionError("the last attempt returns or raises")

    def _is_to_be_repeated(self, request: Request, answer: Answer) -> bool:
        waits = (retry_after_seconds(answer) or 0) <= MAX_PAUSE_SECONDS
        return request.may_repeat and waits and answer.status in TRY_LATER_STATUSES

    def _pause(self, attempt: int, asked_seconds: float | None) -> None:
        grown = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
        seconds = asked_seconds if asked_seconds is not None else grown * random.uniform(0.5, 1.5)  # noqa: S311 - spread
        self._console.trace(f"waiting {seconds:.1f} s before attempt {attempt + 1}")
        self._clock.sleep(seconds)

    def _send_once(self, request: Request, *, token: str | None) -> Answer:
        headers = {"Accept": JSON, **request.headers} | ({"Authorization": f"Bearer {token}"} if token else {})
        url = self.base_url + request.path
        began = time.monotonic()
        with self._http.stream(request.method, url, headers=headers, content=request.body) as response:
            body = _read_whole(response, deadline=began + WHOLE_ANSWER_TIMEOUT_SECONDS)
        self._console.trace(f"{request.method} {url} {response.status_code} {(time.monotonic() - began) * 1000:.0f} ms")
        return Answer(url, response.status_code, dict(response.headers), body)

    @cached_property
    def _http(self) -> httpx.Client:
        parts = urlsplit(self.base_url)
        timeout = httpx.Timeout(SILENCE_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
        return httpx.Client(
            verify=_trust(is_encrypted=parts.scheme == "https"),
            trust_env=not is_loopback(parts.hostname or ""),  # a proxy elsewhere cannot reach this machine's loopback
            follow_redirects=False,
            timeout=timeout,
            headers={"User-Agent": f"mtribes/{__version__}"},
        )


def _read_whole(response: httpx.Response, *, deadline: float) -> bytes:
    """The body, inflated, within a size and a time."""
    chunks: list[bytes] = []
    size_bytes = 0
    for chunk in response.iter_bytes():
        size_bytes += len(chunk)
        if size_bytes > MAX_ANSWER_BYTES:
            raise AnswerError(f"{response.url} answered more than {MAX_ANSWER_BYTES} bytes.", "Is the host right?")
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the whole answer took too long", request=response.request)
        chunks.append(chunk)
    return b"".join(chunks)


def _trust(*, is_encrypted: bool) -> ssl.SSLContext:
    """The system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR; where there are none, certifi's."""
    if not is_encrypted:
        return ssl.SSLContext(
            ssl.PROTOCOL_TLS_CLIENT
        )  # trusts nobody: a redirect to https would not be followed anyway
    trust = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not trust.cert_store_stats()["x509_ca"] and not paths.capath:
        import certifi  # noqa: PLC0415 - only where the system has no authorities

        trust.load_verify_locations(certifi.where())
    return trust


def _is_worth_another_try(error: httpx.HTTPError, request: Request) -> bool:
    if isinstance(error, httpx.ConnectError):
        return _cause(error, socket.gaierror) is None and _cause(error, ssl.SSLError) is None
    return (
        request.may_repeat and isinstance(error, httpx.TransportError) and not isinstance(error, httpx.TimeoutException)
    )


def raise_network_error(error: httpx.HTTPError, base_url: str) -> NoReturn:
    """What went wrong on the way, in words."""
    name = urlsplit(base_url).hostname
    tls = _cause(error, ssl.SSLError)
    if _cause(error, socket.gaierror):
        raise NetworkError(f"There is no server called {name}.", "See that the host is right and that you are online.")
    if tls:
        reason = getattr(tls, "verify_message", "") or getattr(tls, "reason", "") or str(tls)
        raise NetworkError(
            f"{name} cannot be trusted: {reason}.", "If its authority is your own, set SSL_CERT_FILE to a file with it."
        )
    if isinstance(error, httpx.TimeoutException):
        raise UnavailableError(f"{base_url} took too long to answer.", "Try again later.")
    if isinstance(error, httpx.ProxyError):
        raise NetworkError(f"The proxy refuses: {_said(error)}.", "See HTTPS_PROXY and NO_PROXY.")
    if isinstance(error, httpx.ConnectError):
        raise UnavailableError(f"{base_url} does not accept connections.", "Is it running? Try again later.")
    if isinstance(error, (httpx.RemoteProtocolError, httpx.NetworkError)):
        raise NetworkError(
            f"{base_url} broke the connection off: {_said(error)}.", "Try again; see that the host is right."
        )
    raise NetworkError(f"{base_url} cannot be talked to: {_said(error)}.", "See that the host is right.")


def _said(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


Cause = TypeVar("Cause", bound=BaseException)


def _cause(error: BaseException, kind: type[Cause]) -> Cause | None:
    """The error of `kind` that lies under `error`."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, kind):
            return below
        below = below.__cause__ or below.__context__
    return None


def _only(data: Sequence[object], read: Callable[[object, str], Entity]) -> Entity:
    found = items(data, read, "data")
    if len(found) != 1:
        raise AnswerError(f"The server answered {len(found)} entities where one was agreed.", "Is the host right?")
    return found[0]


def _document(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise AnswerError(
            f"The server's answer is not what was agreed: {place} is not an object.", "Is the host right?"
        )
    return value
