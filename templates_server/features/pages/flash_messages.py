"""A message for the page after an action, shown once: in a signed cookie, so that nobody else can create one."""

from __future__ import annotations

import base64
import hmac

from starlette.responses import Response

from templates_server.features.pages.browser_session import BrowserContext, cookie_name, read_cookie
from templates_server.http.context import Call
from templates_server.primitives.integers import whole_number
from templates_server.primitives.timestamps import SECOND
from templates_server.settings import Settings

LIFETIME_SECONDS = 60
MAX_TEXT_CHARACTERS = 400
LATEST_TIME = 10**14


def notice_cookie_name(settings: Settings) -> str:
    """Return the name of the cookie with the message."""
    return f"{cookie_name(settings)}_notice"


def leave_notice(response: Response, call: Call, browser: BrowserContext, text: str) -> None:
    """Show a text of ours on the next console page in this browser; long texts are truncated."""
    expires = call.now + LIFETIME_SECONDS * SECOND
    encoded = base64.urlsafe_b64encode(text[:MAX_TEXT_CHARACTERS].encode()).decode().rstrip("=")
    value = f"{expires}.{encoded}.{_proof(call, browser, f'{expires}.{encoded}')}"
    _set(response, call.settings, value, LIFETIME_SECONDS)


def read_notice(call: Call, browser: BrowserContext) -> str:
    """Return the message for this browser; "" when there is none, or it is expired or invalid."""
    cookie = read_cookie(call.request.headers.get("cookie", ""), notice_cookie_name(call.settings))
    signed, _, proof = cookie.rpartition(".")
    if not hmac.compare_digest(_proof(call, browser, signed).encode(), proof.encode()):
        return ""
    expires, _, encoded = signed.partition(".")
    if (whole_number(expires, most=LATEST_TIME) or 0) <= call.now:
        return ""
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


def clear_notice(response: Response, settings: Settings) -> None:
    """Delete the message cookie."""
    _set(response, settings, "", 0)


def _set(response: Response, settings: Settings, value: str, max_age: int) -> None:
    response.set_cookie(
        notice_cookie_name(settings),
        value,
        max_age=max_age,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


def _proof(call: Call, browser: BrowserContext, signed: str) -> str:
    return call.services.server_key.derive("notice", f"{browser.cookie}\0{signed}").hex()
