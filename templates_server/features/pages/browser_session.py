"""The browser at the other end: its cookie, who is signed in, and whether a form came from a page of ours.

A browser has a cookie from its first page on. Signing in replaces it, so that a cookie planted before is worth nothing.
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
    """A browser and who is signed in there, if anybody."""

    cookie: str
    account: Account | None = None


def new_browser() -> BrowserContext:
    """A browser with a new cookie, where nobody is signed in."""
    return BrowserContext(random_text(COOKIE_LENGTH))


async def identify_browser(call: Call) -> BrowserContext:
    """The browser that sent the request; a new one when it brought no cookie of ours."""
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
    """The browser with whoever is signed in there by now; it does not count as a use of their session."""
    found = await call.database.read(lambda connection: store.find_signed_in(connection, browser.cookie, call.now))
    return BrowserContext(browser.cookie, None if found is None else found[0])


def read_cookie(header: str, name: str) -> str:
    """The value of a cookie in a `Cookie` header, the last of that name; "" when it is not there.

    Ours are never quoted. Starlette's `cookies` would undo quotes by `http.cookies`, which takes a time that grows with
    the square of their length before Python 3.11.10 and 3.12.6 (CVE-2024-7592).
    """
    pairs = (part.partition("=") for part in header.split(";"))
    values = [value.strip() for key, _, value in pairs if key.strip() == name]
    return values[-1] if values else ""


def cookie_name(settings: Settings) -> str:
    """The cookie's name: its prefix binds it to the host where there is https, else it names the port."""
    return "__Host-mtribes" if settings.secure else f"mtribes_{urlsplit(settings.public_url).port or 80}"


def set_cookie(response: Response, settings: Settings, browser: BrowserContext) -> None:
    """Have the browser keep its cookie until it is closed."""
    response.set_cookie(
        cookie_name(settings), browser.cookie, path="/", secure=settings.secure, httponly=True, samesite="lax"
    )


def find_known_browser(call: Call, account: Account) -> str | None:
    """The name under which the account was signed in with this browser before; None when it was not."""
    cookie = read_cookie(call.request.headers.get("cookie", ""), known_cookie_name(call.settings))
    name, _, proof = cookie.partition(".")
    expected = _proof_of_known(call, account, name)
    return name if hmac.compare_digest(expected.encode(), proof.encode()) else None


def remember_browser(response: Response, call: Call, account: Account) -> None:
    """Have the browser prove from now on that the account was signed in there. It opens nothing."""
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
    """The name of the cookie by which a browser is known."""
    return f"{cookie_name(settings)}_known"


def _proof_of_known(call: Call, account: Account, name: str) -> str:
    return call.services.server_key.derive("known browser", f"{name}\0{account.id}").hex()


def form_token(key: ServerKey, browser: BrowserContext, purpose: str) -> str:
    """What a form for that purpose must bring back from this browser."""
    return key.derive("form", f"{browser.cookie}\0{purpose}").hex()


def new_form_key(key: ServerKey, purpose: str) -> str:
    """What makes a deed of a form be done once, however often the form is sent; it shows that we made the form."""
    drawn = random_text(FORM_KEY_LENGTH)
    return f"{drawn}.{_proof_of_form(key, purpose, drawn)}"


def is_form_key(key: ServerKey, text: str, purpose: str) -> bool:
    """Whether we made a form for that purpose which brings this key."""
    drawn, _, proof = text.partition(".")
    return hmac.compare_digest(_proof_of_form(key, purpose, drawn).encode(), proof.encode())


def _proof_of_form(key: ServerKey, purpose: str, drawn: str) -> str:
    return key.derive("form key", f"{purpose}\0{drawn}").hex()[:FORM_PROOF_LENGTH]


def check_form(call: Call, browser: BrowserContext, form: Parameters, *, purpose: str) -> None:
    """Raise Forbidden unless the form was shown to this browser, by us, for this purpose."""
    origin = call.request.headers.get("origin")
    if origin is not None and origin != call.settings.origin:
        raise Forbidden("The form was submitted from another site.")
    expected = form_token(call.services.server_key, browser, purpose)
    if not hmac.compare_digest(expected.encode(), form.text("form_token").encode()):
        raise Forbidden("This form has expired. Go back, reload the page, and try again.")


def local_path(settings: Settings, wanted: str) -> str:
    """The path to go on to, when it is one of this server; else its first page."""
    first_page = f"{settings.base_path}/"
    is_ours = LOCAL_PATH.fullmatch(wanted) and wanted.startswith(first_page) and not _climbs(wanted)
    return wanted if is_ours else first_page


def _climbs(path: str) -> bool:
    """Whether a browser would resolve part of the path away."""
    return any(unquote(part) in {".", ".."} for part in path.partition("?")[0].partition("#")[0].split("/"))
