"""Checks of the connection to the server: host, proxy, the server itself, TLS, clock, sign-in."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mtribes_cli.diagnostics.check import Check, Finding, bad, ok, warning
from mtribes_cli.errors import MtribesError
from mtribes_cli.numbers import counted

if TYPE_CHECKING:
    from mtribes_cli.api.transport import TimedResponse
    from mtribes_cli.context import Context

MAX_SKEW_SECONDS = 300.0
SOON_DAYS = 14
NOT_REACHED = "unknown because the server could not be reached"


class ServerChecks:
    """The checks of the connection to one server; later checks use the results of earlier ones."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen: TimedResponse | None = None
        self._is_ours = False

    def checks(self) -> list[Check]:
        """Return the checks in order of their dependencies."""
        return [
            Check("host", self._host),
            Check("proxy", self._proxy),
            Check("server", self._server),
            Check("issuer", self._issuer),
            Check("TLS", self._tls),
            Check("clock", self._clock),
            Check("sign-in", self._sign_in),
        ]

    def _host(self) -> Finding:
        host = self._context.host
        return ok(f"{host.url} (from {host.said_by})")

    def _proxy(self) -> Finding:
        from mtribes_cli.api.proxy import proxy_for  # noqa: PLC0415 - start-up time

        url = self._url()
        if url is None:
            return warning("unknown without a host")
        proxy = proxy_for(url)
        exceptions = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
        besides = f"; NO_PROXY={exceptions}" if exceptions else ""
        return ok((f"{proxy.shown} (from {proxy.said_by})" if proxy else "none") + besides)

    def _server(self) -> Finding:
        if self._url() is None:
            return warning("unknown without a host")
        self._seen = self._context.client.probe_metadata()
        answer = self._seen.answer
        if not answer.is_success:
            from mtribes_cli.api.response import raise_failure  # noqa: PLC0415 - start-up time

            raise_failure(answer)
        return ok(f"responds in {self._seen.seconds * 1000:.0f} ms")

    def _issuer(self) -> Finding:
        from mtribes_cli.api.models.oauth import OAuthServer  # noqa: PLC0415 - start-up time

        if self._seen is None or not self._seen.answer.is_success:
            return warning(NOT_REACHED)
        issuer = OAuthServer.read(self._seen.answer.json(), "metadata").issuer
        self._is_ours = issuer.rstrip("/") == self._url()
        if not self._is_ours:
            return bad(f"the server identifies itself as {issuer}", f"If that is correct, pass --host {issuer}.")
        return ok("matches the host")

    def _tls(self) -> Finding:
        own = os.environ.get("SSL_CERT_FILE")
        trusted = f"; SSL_CERT_FILE={own}" if own else ""
        if urlsplit(self._url() or "https:").scheme == "http":
            return ok(f"none: plain HTTP to this machine{trusted}")
        if self._seen is None or self._seen.tls is None:
            return warning(NOT_REACHED + trusted)
        tls = self._seen.tls
        what = f"{tls.protocol}, certificate issued by {tls.issuer}, valid until {tls.ends:%Y-%m-%d}{trusted}"
        left_days = (tls.ends - datetime.now(UTC)).days
        if left_days < SOON_DAYS:
            left = counted(left_days, "day")
            return warning(f"{what}, expires in {left}", "Ask the server's administrator to renew it.")
        return ok(what)

    def _clock(self) -> Finding:
        from mtribes_cli.api.response import date_of  # noqa: PLC0415 - start-up time

        there = date_of(self._seen.answer) if self._seen else None
        if there is None:
            return warning(NOT_REACHED if self._seen is None else "unknown because the server sends no time")
        ahead_seconds = self._context.clock.now_seconds() - there.timestamp()
        if abs(ahead_seconds) <= MAX_SKEW_SECONDS:
            return ok(f"within {MAX_SKEW_SECONDS / 60:.0f} minutes of the server")
        way = "ahead of" if ahead_seconds > 0 else "behind"
        return warning(
            f"{_span(abs(ahead_seconds))} {way} the server",
            "Set the clock. Signing in still works, but certificate checks may fail.",
        )

    def _sign_in(self) -> Finding:
        from mtribes_cli.auth.host_trust import refusal_of  # noqa: PLC0415 - start-up time
        from mtribes_cli.auth.token_provider import from_environment  # noqa: PLC0415 - start-up time

        variable = from_environment(self._context)
        by = f" (from {variable})" if variable else ""
        if self._url() is None:
            return warning("unknown without a host")
        if self._seen is None:
            return warning(NOT_REACHED + by)
        if not self._is_ours:
            return warning(f"not checked because the server has a different issuer{by}")
        refusal = refusal_of(self._context, self._context.host, variable) if variable else None
        if refusal is not None:  # this is no place to ask a question
            raise refusal
        return ok(f"{self._context.client.me().label}{by}")

    def _url(self) -> str | None:
        """Return the URL of the host, if there is one; the first check reports why there is none."""
        try:
            return self._context.host.url
        except MtribesError:
            return None


def _span(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return counted(round(seconds / 60), "minute")
