"""Signs in with a browser on this machine that returns to a loopback address (RFC 8252), or with a code."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from mtribes_cli.auth.device_flow import DeviceFlow
from mtribes_cli.auth.oauth import CLIENT_ID, save_tokens, verify_issuer
from mtribes_cli.errors import AccessError, NotSignedInError

if TYPE_CHECKING:
    from mtribes_cli.api.models.oauth import IssuedToken, OAuthServer
    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.context import AuthContext
    from mtribes_cli.auth.credential_store import TokenSet
    from mtribes_cli.auth.loopback_server import LoopbackServer

BROWSER_TIMEOUT_SECONDS = 300.0
CODE_OFFERED_AFTER_SECONDS = 10.0
STEP_SECONDS = 0.2  # how long Enter may go unnoticed, and on Windows Ctrl-C


def sign_in_with_browser(context: AuthContext, host: Host, *, offers_code: bool) -> TokenSet:
    """Sign in by the code flow with PKCE over a loopback redirect (RFC 8252, 7.3; RFC 7636; RFC 9207), and store it.

    `offers_code`: if the browser does not return, a code for another one is offered too; what ends first wins.
    """
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - start-up time

    from mtribes_cli.auth.loopback_server import LoopbackServer  # noqa: PLC0415 - start-up time

    client = context.client_for(host)
    server = verify_issuer(client.oauth_server(), host)
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    with LoopbackServer(state) as loopback:
        url = _authorize_url(server, loopback.redirect_uri, state, create_s256_code_challenge(verifier))
        context.console.instruction(f"Open this address in a browser to sign in:\n\n  {url}\n")
        is_shown = context.browser(url)
        if not is_shown:
            context.console.notice("Could not start a browser. Open the address yourself.")
        has_codes = server.device_authorization_endpoint is not None
        offered_after_seconds = CODE_OFFERED_AFTER_SECONDS if is_shown else 0.0
        waiting = _Waiting(
            context, host, server, offered_after_seconds=offered_after_seconds if offers_code and has_codes else None
        )
        with context.console.waiting("Waiting for the browser"):
            outcome = waiting.outcome(loopback)
    if not isinstance(outcome, dict):
        return save_tokens(context, host, outcome)
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": _checked_code(outcome, server),
        "redirect_uri": loopback.redirect_uri,
        "code_verifier": verifier,
    }
    return save_tokens(context, host, client.issue_token(form))


class _Waiting:
    """Waits until the browser returns, or the code that was requested in the meantime has been entered."""

    def __init__(
        self, context: AuthContext, host: Host, server: OAuthServer, *, offered_after_seconds: float | None
    ) -> None:
        self._context = context
        self._host = host
        self._server = server
        now_seconds = context.clock.elapsed_seconds()
        self._ends_at_seconds = now_seconds + BROWSER_TIMEOUT_SECONDS
        self._offers_at_seconds = None if offered_after_seconds is None else now_seconds + offered_after_seconds
        self._is_offered = False
        self._device: DeviceFlow | None = None

    def outcome(self, loopback: LoopbackServer) -> dict[str, str] | IssuedToken:
        """Return what the browser brought, or the token that the code was exchanged for."""
        while True:
            answer = loopback.answer_within(STEP_SECONDS)
            if answer is not None:
                return answer
            issued = self._step()
            if issued is not None:
                return issued

    def _step(self) -> IssuedToken | None:
        if self._device is not None:
            return self._device.poll_when_due()
        now_seconds = self._context.clock.elapsed_seconds()
        if now_seconds >= self._ends_at_seconds:
            minutes = BROWSER_TIMEOUT_SECONDS / 60
            raise NotSignedInError(
                f"Sign-in timed out after {minutes:.0f} minutes.",
                "Run `mtribes login` again, or use a browser on another device with `mtribes login --device`.",
            )
        if self._is_offered:
            if self._context.console.enter_was_pressed():
                self._device = DeviceFlow(self._context, self._host, self._server)
        elif self._offers_at_seconds is not None and now_seconds >= self._offers_at_seconds:
            self._is_offered = True
            self._context.console.instruction(
                "Still waiting for the browser. The address above stays valid.\nPress Enter to sign in "
                "with a code on another device instead.\n"
            )
        return None


def _authorize_url(server: OAuthServer, redirect_uri: str, state: str, challenge: str) -> str:
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - start-up time

    url = prepare_grant_uri(
        server.authorization_endpoint,
        CLIENT_ID,
        "code",
        redirect_uri=redirect_uri,
        state=state,
        code_challenge=challenge,
        code_challenge_method="S256",
    )
    return str(url)


def _checked_code(answer: dict[str, str], server: OAuthServer) -> str:
    """Return the code if it is from the server that was asked (RFC 9207, 2.4)."""
    if answer.get("iss") != server.issuer:
        raise AccessError("The sign-in response came from a different server.", "Run `mtribes login` again.")
    if "error" in answer:
        said = answer.get("error_description") or answer["error"]
        raise NotSignedInError(f"Sign-in failed: {said}", "Run `mtribes login` again.")
    if not answer.get("code"):
        raise AccessError("The sign-in response contained no code.", "Run `mtribes login` again.")
    return answer["code"]
