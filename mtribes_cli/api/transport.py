"""One request sent once, and what went wrong on the way, in words. The only file that uses httpx.

Redirects are never followed; timeouts are in seconds. Whether something is sent again is `client`'s to say.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from mtribes_cli import __version__
from mtribes_cli.api.plain_httpx import httpx
from mtribes_cli.api.proxy import Proxy, proxy_for
from mtribes_cli.api.request import JSON, Request
from mtribes_cli.api.response import ApiResponse
from mtribes_cli.api.tls import handshake_error, no_authorities, trusted_authorities
from mtribes_cli.errors import AnswerError, MtribesError, NetworkError, UnavailableError, UsageError

if TYPE_CHECKING:
    from mtribes_cli.api.upload_connection import UploadConnection
    from mtribes_cli.terminal.console import Console

Take = Callable[[ApiResponse, Iterator[bytes]], None]

CONNECT_TIMEOUT_SECONDS = 10.0
SILENCE_TIMEOUT_SECONDS = 30.0
BULK_SILENCE_TIMEOUT_SECONDS = 120.0
WHOLE_ANSWER_TIMEOUT_SECONDS = 120.0
MAX_ANSWER_BYTES = 128 * 1024 * 1024
ENCODINGS = "gzip, deflate"
USER_AGENT = f"mtribes/{__version__}"
_LOOK_AT_HOST = "Check the host, and whether a proxy or sign-in page intercepts the connection."
_GIVE_HOST = "Use the form https://mtribes.example.com."
_PROXY_IS_BUSY = ("502", "503", "504")


class TransportError(Exception):
    """Raised if no response arrived. `error` is what to show the user."""

    def __init__(self, error: MtribesError, *, unsent: bool, transient: bool) -> None:
        super().__init__(error.what)
        self.error = error
        self.unsent = unsent  # the server has not seen the request
        self.transient = transient  # it may be different in a moment


def is_transient(error: MtribesError) -> bool:
    """Return whether the request that ended with `error` may succeed a moment later."""
    if isinstance(error.__cause__, TransportError):
        return error.__cause__.transient
    return isinstance(error, UnavailableError)


@dataclass(frozen=True)
class Tls:
    """The facts of a secure connection."""

    protocol: str
    issuer: str
    ends: datetime  # of the certificate


@dataclass(frozen=True)
class TimedResponse:
    """A response, and how it arrived."""

    answer: ApiResponse
    seconds: float
    tls: Tls | None  # None: plain http


class Transport:
    """The transport to one server, through its proxy if there is one."""

    def __init__(self, base_url: str, console: Console) -> None:
        self.base_url = base_url
        self._console = console
        self._idle: list[UploadConnection] = []  # several parts can be on their way at once, each on a connection
        self._is_closed = False

    def send(self, request: Request, *, token: str | None) -> ApiResponse:
        """Return the response, whatever its status. Raises SendError without one, AnswerError if it exceeds limits."""
        return self.look(request, token=token).answer

    def look(self, request: Request, *, token: str | None = None) -> TimedResponse:
        """Return the response and how it arrived."""
        headers = {"Accept": JSON, **request.headers} | ({"Authorization": f"Bearer {token}"} if token else {})
        url = self.base_url + request.path
        began = time.monotonic()
        if request.is_bulk and request.body is not None and self._proxy is None:
            return self._look_in_bulk(request, url, headers)
        try:
            with self._http.stream(request.method, url, headers=headers, content=request.body) as response:
                tls = _tls_of(response)
                body = _read_whole(response, deadline=began + WHOLE_ANSWER_TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise self._failure(error) from error
        except (httpx.InvalidURL, UnicodeError) as error:  # a name that cannot be looked up at all
            raise UsageError(f"{self.base_url} is not a valid server URL: {_error_text(error)}.", _GIVE_HOST) from None
        seconds = time.monotonic() - began
        self._console.trace(f"{request.method} {url} {response.status_code} {seconds * 1000:.0f} ms")
        return TimedResponse(ApiResponse(url, response.status_code, dict(response.headers), body), seconds, tls)

    def fetch(self, request: Request, take: Take, *, token: str | None) -> ApiResponse:
        """Pass the body of a success to `take` as it arrives; return the response without it, or a failure whole.

        Raises SendError if there is none or it breaks off: `take` may have received some of it by then.
        """
        headers = {**request.headers, "Accept-Encoding": "identity"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        url = self.base_url + request.path
        try:
            with self._http.stream(request.method, url, headers=headers) as response:
                self._console.trace(f"{request.method} {url} {response.status_code}")
                answer = ApiResponse(url, response.status_code, dict(response.headers), b"")
                if answer.is_success:
                    take(answer, response.iter_raw())
                    return answer
                body = _read_whole(response, deadline=time.monotonic() + WHOLE_ANSWER_TIMEOUT_SECONDS)
                return ApiResponse(url, response.status_code, dict(response.headers), body)
        except httpx.HTTPError as error:
            raise self._failure(error) from error

    def _look_in_bulk(self, request: Request, url: str, headers: Mapping[str, str]) -> TimedResponse:
        """Send a large body straight to the socket: through httpx it takes half as long again."""
        from http.client import HTTPException  # noqa: PLC0415 - imports alone need it

        from mtribes_cli.api.upload_connection import ConnectError  # noqa: PLC0415 - imports alone need it

        began = time.monotonic()
        agent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        try:
            with self._bulk() as bulk:
                status, answered, body = bulk.send(
                    request.method, url, request.body or b"", {**agent, **headers}, max_answer_bytes=MAX_ANSWER_BYTES
                )
        except ConnectError as error:
            raise self._failure(_as_httpx(httpx.ConnectError, httpx.ConnectTimeout, error.__cause__)) from error
        except OSError as error:
            raise self._failure(_as_httpx(httpx.ReadError, httpx.ReadTimeout, error)) from error
        except HTTPException as error:
            raise self._failure(_as_httpx(httpx.RemoteProtocolError, httpx.ReadTimeout, error)) from error
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerError(f"{url} returned more than {MAX_ANSWER_BYTES} bytes.", _LOOK_AT_HOST)
        seconds = time.monotonic() - began
        self._console.trace(f"{request.method} {url} {status} {seconds * 1000:.0f} ms")
        return TimedResponse(ApiResponse(url, status, answered, body), seconds, None)

    def close(self) -> None:
        """Close the connections."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()
        if "_http" in self.__dict__:
            self._http.close()

    @cached_property
    def _proxy(self) -> Proxy | None:
        return proxy_for(self.base_url)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        is_encrypted = urlsplit(self.base_url).scheme == "https"
        return trusted_authorities() if is_encrypted else no_authorities()

    @contextmanager
    def _bulk(self) -> Iterator[UploadConnection]:
        """Yield a connection that nobody else uses in the meantime."""
        from mtribes_cli.api.upload_connection import UploadConnection  # noqa: PLC0415 - imports alone need it

        try:
            bulk = self._idle.pop()
        except IndexError:
            bulk = UploadConnection(
                self.base_url,
                self._trust,
                connect_seconds=CONNECT_TIMEOUT_SECONDS,
                silence_seconds=BULK_SILENCE_TIMEOUT_SECONDS,
            )
        try:
            yield bulk
        finally:
            if self._is_closed:
                bulk.close()
            else:
                self._idle.append(bulk)

    @cached_property
    def _http(self) -> httpx.Client:
        trust = self._trust
        return httpx.Client(
            verify=trust,
            proxy=httpx.Proxy(self._proxy.url, ssl_context=_for_proxy(self._proxy, trust)) if self._proxy else None,
            trust_env=False,  # what counts of the environment is read in `proxy` and `tls`
            follow_redirects=False,
            timeout=httpx.Timeout(SILENCE_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": ENCODINGS},
        )

    def _failure(self, error: httpx.HTTPError) -> TransportError:
        """Return the failure; an unknown name or a bad certificate is not retried at once."""
        did_not_connect = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError))
        is_lasting = _cause(error, socket.gaierror) is not None or _cause(error, ssl.SSLError) is not None
        transient = isinstance(error, httpx.TransportError) and not (
            is_lasting or isinstance(error, (httpx.TimeoutException, httpx.ProxyError))
        )
        told = _at_proxy(error, self._proxy, self.base_url) if self._proxy and did_not_connect else None
        return TransportError(told or _on_the_way(error, self.base_url), unsent=did_not_connect, transient=transient)


def _as_httpx(
    kind: type[httpx.TransportError], when_late: type[httpx.TransportError], error: BaseException | None
) -> httpx.TransportError:
    """Return a failure of `http.client` as the one that httpx would have raised, so that messages are the same."""
    told = (when_late if isinstance(error, TimeoutError) else kind)(
        _error_text(error) if isinstance(error, Exception) else ""
    )
    told.__cause__ = error
    return told


def _for_proxy(proxy: Proxy, trust: ssl.SSLContext) -> ssl.SSLContext | None:
    return trust if proxy.url.startswith("https:") else None


def _tls_of(response: httpx.Response) -> Tls | None:
    secure = response.extensions["network_stream"].get_extra_info("ssl_object")
    certificate = secure.getpeercert() if secure is not None else None
    if not certificate:
        return None
    names = {name: value for part in certificate["issuer"] for name, value in part}
    issuer = names.get("organizationName") or names.get("commonName") or "nobody"
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    return Tls(secure.version() or "TLS", issuer, ends)


def _read_whole(response: httpx.Response, *, deadline: float) -> bytes:
    """Return the decompressed body, within limits of size and time."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", *ENCODINGS.split(", ")}:
        raise AnswerError(f"{response.url} returned an unsupported content encoding: {encoding}.", _LOOK_AT_HOST)
    chunks: list[bytes] = []
    size_bytes = 0
    for chunk in response.iter_bytes():
        size_bytes += len(chunk)
        if size_bytes > MAX_ANSWER_BYTES:
            raise AnswerError(f"{response.url} returned more than {MAX_ANSWER_BYTES} bytes.", _LOOK_AT_HOST)
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the response took too long", request=response.request)
        chunks.append(chunk)
    return b"".join(chunks)


def _at_proxy(error: httpx.HTTPError, proxy: Proxy, base_url: str) -> MtribesError | None:
    """Return the error of a failed connection through `proxy`; None if the proxy was not the cause."""
    what = f"The proxy {proxy.shown} (from {proxy.said_by})"
    see = f"Check {proxy.said_by}. To bypass the proxy for a host, add the host to NO_PROXY."
    if isinstance(error, httpx.ProxyError):
        said = _error_text(error)
        if said.startswith("407"):
            return NetworkError(
                f"{what} requires a user name and password, or rejected them.",
                f"Add them to {proxy.said_by}: http://USER:PASSWORD@HOST:PORT.",
            )
        if said.startswith(_PROXY_IS_BUSY):
            return UnavailableError(
                f"{what} could not reach {base_url}: {said}.", "Check the host, or try again later."
            )
        return NetworkError(f"{what} rejected the connection to {base_url}: {said}.", see)
    if _cause(error, socket.gaierror):
        return NetworkError(f"{what} could not be resolved.", see)
    if isinstance(error, httpx.ConnectTimeout):
        return NetworkError(f"{what} does not respond.", see)
    if _cause(error, ssl.SSLError) is None:
        return NetworkError(f"{what} refused the connection.", see)
    return None


def _on_the_way(error: httpx.HTTPError, base_url: str) -> MtribesError:
    """Return the error of a failure between this machine and the server."""
    name = urlsplit(base_url).hostname or base_url
    tls = _cause(error, ssl.SSLError)
    if _cause(error, socket.gaierror):
        return NetworkError(f"Could not resolve the host {name}.", "Check the host and your network connection.")
    if tls:
        return handshake_error(tls, name)
    if isinstance(error, httpx.TimeoutException):
        return UnavailableError(f"{base_url} took too long to respond.", "Try again later.")
    if isinstance(error, httpx.ConnectError):
        return UnavailableError(
            f"{base_url} refused the connection.", "Check that the server is running, or try again later."
        )
    if isinstance(error, httpx.DecodingError):
        return AnswerError(
            f"{base_url} returned a response that cannot be decompressed: {_error_text(error)}.", _LOOK_AT_HOST
        )
    if isinstance(error, httpx.RemoteProtocolError) and _error_text(error).startswith("illegal"):
        return AnswerError(f"{base_url} responded, but not with HTTP.", _LOOK_AT_HOST)
    if isinstance(error, (httpx.RemoteProtocolError, httpx.NetworkError)):
        return NetworkError(
            f"{base_url} closed the connection: {_error_text(error)}.", "Try again. If it fails again, check the host."
        )
    return NetworkError(f"Could not communicate with {base_url}: {_error_text(error)}.", "Check the host.")


def _error_text(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


Cause = TypeVar("Cause", bound=BaseException)


def _cause(error: BaseException, kind: type[Cause]) -> Cause | None:
    """Return the error of `kind` that caused `error`."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, kind):
            return below
        below = below.__cause__ or below.__context__
    return None
