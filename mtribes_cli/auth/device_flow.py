"""Signs in with a code that a person enters in a browser elsewhere (RFC 8628)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtribes_cli.auth.oauth import CLIENT_ID, save_tokens, verify_issuer
from mtribes_cli.errors import (
    AnswerError,
    MtribesError,
    NetworkError,
    NotSignedInError,
    SignInRefusedError,
    UnavailableError,
)
from mtribes_cli.numbers import counted
from mtribes_cli.terminal.sanitize import sanitize_line

if TYPE_CHECKING:
    from mtribes_cli.api.models.oauth import DeviceCodes, IssuedToken, OAuthServer
    from mtribes_cli.api.server_url import Host
    from mtribes_cli.auth.context import AuthContext
    from mtribes_cli.auth.credential_store import TokenSet

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER_BY_SECONDS = 5.0  # RFC 8628, 3.5
MAX_PAUSE_SECONDS = 60.0
_AGAIN = "Run `mtribes login` again."


def sign_in_with_code(context: AuthContext, host: Host) -> TokenSet:
    """Show a code, wait until somebody has entered it, and store the sign-in."""
    server = verify_issuer(context.client_for(host).oauth_server(), host)
    with context.console.waiting("Waiting for the code to be entered"):
        device = DeviceFlow(context, host, server)
        while (issued := device.poll_when_due()) is None:
            context.clock.sleep(device.wait_seconds)
    return save_tokens(context, host, issued)


class DeviceFlow:
    """A code that is shown, and the polling for it: never more often than the server allows."""

    def __init__(self, context: AuthContext, host: Host, server: OAuthServer) -> None:
        self._context = context
        self._client = context.client_for(host)
        self._codes = _checked_codes(_codes(context, host, server), host)
        self._interval_seconds = self._pause_seconds = float(self._codes.interval_seconds)
        self._is_cut_off = False
        self._ends_at_seconds = context.clock.elapsed_seconds() + self._codes.expires_in_seconds
        self._asks_at_seconds = context.clock.elapsed_seconds() + self._pause_seconds
        context.console.instruction(_instruction(self._codes))

    @property
    def wait_seconds(self) -> float:
        """Return how long it is until there is something to do."""
        next_seconds = min(self._asks_at_seconds, self._ends_at_seconds)
        return max(0.0, next_seconds - self._context.clock.elapsed_seconds())

    def poll_when_due(self) -> IssuedToken | None:
        """Ask, if it is time to; the token once somebody has entered the code and allowed it.

        Raises NotSignedInError when they refused, or when the code has run out.
        """
        now_seconds = self._context.clock.elapsed_seconds()
        if now_seconds >= self._ends_at_seconds:
            raise self._run_out()
        if now_seconds < self._asks_at_seconds:
            return None
        issued = self._request_token()
        self._asks_at_seconds = self._context.clock.elapsed_seconds() + self._pause_seconds
        return issued

    def _request_token(self) -> IssuedToken | None:
        form = {"grant_type": DEVICE_GRANT, "client_id": CLIENT_ID, "device_code": self._codes.device_code}
        try:
            issued = self._client.issue_token(form)
        except SignInRefusedError as refusal:
            self._go_on_after(refusal)
            self._is_cut_off, self._pause_seconds = False, self._interval_seconds
            return None
        except (UnavailableError, NetworkError, AnswerError) as error:
            self._go_on_without(error)
            return None
        return issued

    def _go_on_after(self, refusal: SignInRefusedError) -> None:
        """Continue waiting, longer if the server says so; raise the error that ends it."""
        match refusal.reason:
            case "authorization_pending":
                return
            case "slow_down":
                self._interval_seconds += SLOWER_BY_SECONDS
            case "access_denied":
                raise NotSignedInError("The sign-in was denied.", _AGAIN)
            case "expired_token":
                raise self._run_out()
            case "invalid_grant":
                raise NotSignedInError("The code is invalid or has expired.", _AGAIN)
            case _:
                raise refusal

    def _go_on_without(self, error: MtribesError) -> None:
        """Poll less often while the network is down, and say so once: the code stays valid (RFC 8628, 3.5)."""
        if not self._is_cut_off:
            self._context.console.notice(f"{error.what} The code is still valid. Waiting.")
        self._is_cut_off = True
        self._pause_seconds = max(min(2 * self._pause_seconds, MAX_PAUSE_SECONDS), self._interval_seconds)

    def _run_out(self) -> NotSignedInError:
        minutes = _minutes(self._codes.expires_in_seconds)
        return NotSignedInError(f"The code expired: it was not entered within {minutes}.", _AGAIN)


def _codes(context: AuthContext, host: Host, server: OAuthServer) -> DeviceCodes:
    if server.device_authorization_endpoint is None:
        raise NotSignedInError(
            f"The server at {host.url} does not support signing in with a code.",
            "Run `mtribes login --browser`, or set MTRIBES_TOKEN.",
        )
    return context.client_for(host).device_codes({"client_id": CLIENT_ID})


def _checked_codes(codes: DeviceCodes, host: Host) -> DeviceCodes:
    """Return the codes if people are to enter them at this server."""
    addresses = [codes.verification_uri, codes.verification_uri_complete or codes.verification_uri]
    if not all(address.startswith(f"{host.url}/") for address in addresses):
        raise NetworkError(
            f"{host.url} returned a sign-in address on another host.", "Contact the server's administrator."
        )
    return codes


def _instruction(codes: DeviceCodes) -> str:
    lines = [
        "Open this address in a browser, on any device:",
        "",
        f"  {sanitize_line(codes.verification_uri)}",
        "",
        f"and enter the code  {sanitize_line(codes.user_code)}",
    ]
    if codes.verification_uri_complete:
        lines += [
            "",
            "or open this address, which includes the code:",
            "",
            f"  {sanitize_line(codes.verification_uri_complete)}",
        ]
    return "\n".join([*lines, "", f"Waiting. The code expires in {_minutes(codes.expires_in_seconds)}."])


def _minutes(seconds: int) -> str:
    return counted(max(1, round(seconds / 60)), "minute")
