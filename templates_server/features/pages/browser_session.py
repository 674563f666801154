"""The browser of a request: its cookie, its sign-in, and whether a form came from one of our pages.

A browser has a cookie from its first page on. Signing in replaces it, so that a cookie planted before is useless.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from starlette.responses import Response

from templates_server.errors import Forbidden
from templates_server.features.accounts.store import Account
from templates_server.features.pages import store
from templates_server.http.context import Call
from templates_server.http.forms.urlencoded import Parameters
from templates_server.primitives.ids import random_text
from templates_server.security.server_key import ServerKey
from templates_server.settings import Settings

COOKIE_LENGTH = 43  # 256 bits
KNOWN_NAME_LENGTH = 22
FORM_KEY_LENGTH = 22  # 131 bits
FORM_PROOF_LENGTH = 32
KNOWN_SECONDS = 365 * 24 * 3600
COOKIE_PATTERN = re.compile(f"[0-9A-Za-z]{{{COOKIE_LENGTH}}}")
LOCAL_PATH = re.compile(r"/(?!/)[!-\[\]-~]*")  # printable ASCII, no backslash


@dataclass(frozen=True)
class BrowserContext:
    """A browser and the person signed in there, if any."""

    cookie: str
    account: Account | None = None


def new_browser() -> BrowserContext:
    """Return a browser with a new cookie and nobody signed in."""
    return BrowserContext(random_text(COOKIE_LENGTH))


async def identify_browser(call: Call) -> BrowserContext:
    """Return the browser that sent the request, or a new one when it has no valid cookie."""
    cookie = read_cookie(call.request.headers.get("cookie", ""), cookie_name(call.settings))
    if not COOKIE_PATTERN.fullmatch(cookie):
        return new_browser()
    found = await call.database.read(lambda connection: store.find_signed_in(connection, cookie, call.now))
    if found is None:
        return BrowserContext(cookie)
    account, last_used = found
    if abs(call.now - last_used) >= store.TOUCH_MILLISECONDS:
        await call.database.write(lambda connection: store.touch_session(connection, cookie, call.now))
    return BrowserContext(cookie, account)


async def refresh_sign_in(call: Call, browser: BrowserContext) -> BrowserContext:
    """Return the browser with its current sign-in; this does not count as a use of the session."""
    found = await call.database.read(lambda connection: store.find_signed_in(connection, browser.cookie, call.now))
    return BrowserContext(browser.cookie, None if found is None else found[0])


def read_cookie(header: str, name: str) -> str:
    """Return the last cookie of a name in a `Cookie` header, or "" when it is not present.

    Our cookies are never quoted. Starlette's `cookies` would unquote with `http.cookies`, which takes quadratic time
    before Python 3.11.10 and 3.12.6 (CVE-2024-7592).
    """
    pairs = (part.partition("=") for part in header.split(";"))
    values = [value.strip() for key, _, value in pairs if key.strip() == name]
    return values[-1] if values else ""


def cookie_name(settings: Settings) -> str:
    """Return the cookie's name: with https its prefix binds it to the host, otherwise it contains the port."""
    return "__Host-mtribes" if settings.secure else f"mtribes_{urlsplit(settings.public_url).port or 80}"


def set_cookie(response: Response, settings: Settings, browser: BrowserContext) -> None:
    """Set the cookie until the browser is closed."""
    response.set_cookie(
        cookie_name(settings), browser.cookie, path="/", secure=settings.secure, httponly=True, samesite="lax"
    )


def find_known_browser(call: Call, account: Account) -> str | None:
    """Return the id under which the account was signed in with this browser before; None when it was not."""
    cookie = read_cookie(call.request.headers.get("cookie", ""), known_cookie_name(call.settings))
    name, _, proof = cookie.partition(".")
    expected = _proof_of_known(call, account, name)
    return name if hmac.compare_digest(expected.encode(), proof.encode()) else None


def remember_browser(response: Response, call: Call, account: Account) -> None:
    """Set a cookie that proves that the account was signed in with this browser. It grants no access."""
    name = find_known_browser(call, account) or random_text(KNOWN_NAME_LENGTH)
    response.set_cookie(
        known_cookie_name(call.settings),
        f"{name}.{_proof_of_known(call, account, name)}",
        max_age=KNOWN_SECONDS,
        path="/",
        secure=call.settings.secure,
        httponly=True,
        samesite="lax",
    )


def known_cookie_name(settings: Settings) -> str:
    """Return the name of the cookie that identifies a known browser."""
    return f"{cookie_name(settings)}_known"


def _proof_of_known(call: Call, account: Account, name: str) -> str:
    return call.services.server_key.derive("known browser", f"{name}\0{account.id}").hex()


def form_token(key: ServerKey, browser: BrowserContext, purpose: str) -> str:
    """Return the token that a form for that purpose must send back from this browser."""
    return key.derive("form", f"{browser.cookie}\0{purpose}").hex()


def new_form_key(key: ServerKey, purpose: str) -> str:
    """Return a key that makes repeated submissions of a form take effect once and proves that we created the form."""
    drawn = random_text(FORM_KEY_LENGTH)
    return f"{drawn}.{_proof_of_form(key, purpose, drawn)}"


def is_form_key(key: ServerKey, text: str, purpose: str) -> bool:
    """Return whether we created a form for that purpose with this key."""
    drawn, _, proof = text.partition(".")
    return hmac.compare_digest(_proof_of_form(key, purpose, drawn).encode(), proof.encode())


def _proof_of_form(key: ServerKey, purpose: str, drawn: str) -> str:
    return key.derive("form key", f"{purpose}\0{drawn}").hex()[:FORM_PROOF_LENGTH]


def check_form(call: Call, browser: BrowserContext, form: Parameters, *, purpose: str) -> None:
    """Raise Forbidden unless we showed the form in this browser for this purpose."""
    origin = call.request.headers.get("origin")
    if origin is not None and origin != call.settings.origin:
        raise Forbidden("The form was submitted from another site.")
    expected = form_token(call.services.server_key, browser, purpose)
    if not hmac.compare_digest(expected.encode(), form.text("form_token").encode()):
        raise Forbidden("This form has expired. Go back, reload the page, and try again.")


def local_path(settings: Settings, wanted: str) -> str:
    """Return the path to redirect to if it is on this server; otherwise the home page."""
    first_page = f"{settings.base_path}/"
    is_ours = LOCAL_PATH.fullmatch(wanted) and wanted.startswith(first_page) and not _climbs(wanted)
    return wanted if is_ours else first_page


def _climbs(path: str) -> bool:
    """Return whether a browser would remove part of the path as dot segments."""
    return any(unquote(part) in {".", ".."} for part in path.partition("?")[0].partition("#")[0].split("/"))
