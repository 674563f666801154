"""The pages of the device flow: enter the code, decide, done. Programs use `auth.oauth_api`.

Only a POST looks up a code, so that a link or an image of another site cannot make a person guess codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import BadRequest, Forbidden
from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.store import Account
from templates_server.features.auth import scope_text
from templates_server.features.auth.clients import PUBLIC_CLIENTS
from templates_server.features.auth.device import store, user_codes
from templates_server.features.auth.device.grant import VERIFICATION_PATH
from templates_server.features.auth.device.store import DeviceCodeRequest
from templates_server.features.auth.oauth_store import FAMILY_LIFETIME, REFRESH_IDLE_LIFETIME
from templates_server.features.pages.api import sign_out_to
from templates_server.features.pages.browser_session import BrowserContext, check_form, identify_browser
from templates_server.features.pages.renderer import PageContent, PageServices, pages_of, see_other
from templates_server.http.context import Call
from templates_server.http.forms.urlencoded import decode_form
from templates_server.primitives.timestamps import DAY, MINUTE, SECOND

PURPOSE = "device code"
EXAMPLE = user_codes.format_user_code("BCDFGHJK")
NOT_A_CODE = f"A code has eight consonants, such as {EXAMPLE}."
UNKNOWN = "Unknown code. It may be mistyped, already used, or older than 15 minutes."
LOCKED = f"You entered {store.MAX_WRONG_CODES} wrong codes. Try again in {store.GUESSES_WINDOW // MINUTE} minutes."


@dataclass(frozen=True)
class DeviceCodeRefusal:
    """The reason why no program was found for a code."""

    problem: str
    status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY


async def code_page(call: Call[PageServices]) -> Response:
    """Show the form for the code, prefilled from `?user_code=`. Nothing is looked up yet."""
    browser = await identify_browser(call)
    given = call.query.get("user_code", "")
    if browser.account is None:
        return see_other(_sign_in_url(call, given))
    return pages_of(call).answer(_code_page(given), shown_to=browser)


async def enter_code(call: Call[PageServices]) -> Response:
    """Show the consent form for the program with this code, or the code form again."""
    browser = await identify_browser(call)
    form = decode_form(call.request, call.body)
    typed = form.text("user_code")
    if browser.account is None:
        return see_other(_sign_in_url(call, typed))
    check_form(call, browser, form, purpose=PURPOSE)
    found = await _find_request(call, browser.account, typed)
    if isinstance(found, DeviceCodeRefusal):
        response = pages_of(call).answer(_code_page(typed, found), shown_to=browser)
        if found.status is HTTPStatus.TOO_MANY_REQUESTS:
            response.headers["Retry-After"] = str(store.GUESSES_WINDOW // SECOND)
        return response
    return await _consent_answer(call, browser, found)


async def decide(call: Call[PageServices]) -> Response:
    """Store the person's decision, and show it."""
    browser = await identify_browser(call)
    form = decode_form(call.request, call.body)
    user_code = form.text("user_code")
    account = browser.account
    if account is None:
        return see_other(_sign_in_url(call, user_code))
    check_form(call, browser, form, purpose=_consent_purpose(user_code))
    choice = form.text("decision")
    if choice == "another":
        return await sign_out_to(call, browser, _sign_in_url(call, user_code))
    if choice not in {"allow", "cancel"}:
        raise BadRequest("The form has no decision. Choose Allow or Cancel.")
    decision = store.ALLOWED if choice == "allow" else store.REFUSED
    is_decided = await call.database.write(
        lambda connection: store.decide(connection, user_code, account_id=account.id, decision=decision, now=call.now)
    )
    if not is_decided:
        return pages_of(call).answer(_code_page(user_code, DeviceCodeRefusal(UNKNOWN)), shown_to=browser)
    return see_other(f"{call.settings.base_path}{VERIFICATION_PATH}/{decision}")


async def allowed_page(call: Call[PageServices]) -> Response:
    """Show that the program was allowed."""
    return await _done_page(call, is_allowed=True)


async def refused_page(call: Call[PageServices]) -> Response:
    """Show that the program was denied."""
    return await _done_page(call, is_allowed=False)


async def _done_page(call: Call[PageServices], *, is_allowed: bool) -> Response:
    page = PageContent("device_done", {"is_allowed": is_allowed})
    return pages_of(call).answer(page, shown_to=await identify_browser(call))


async def _find_request(call: Call, account: Account, typed: str) -> DeviceCodeRequest | DeviceCodeRefusal:
    """Return the program that shows this code. Well-formed codes that do not exist are counted."""
    user_code = user_codes.parse_user_code(typed)
    if user_code is None:
        return DeviceCodeRefusal(NOT_A_CODE)

    def work(connection: Connection) -> DeviceCodeRequest | DeviceCodeRefusal:
        if store.count_wrong_codes(connection, account.id, call.now) >= store.MAX_WRONG_CODES:
            return DeviceCodeRefusal(LOCKED, HTTPStatus.TOO_MANY_REQUESTS)
        asking = store.find_device_code_request(connection, user_code, call.now)
        if asking is None:
            store.record_wrong_code(connection, account.id)
        return asking or DeviceCodeRefusal(UNKNOWN)

    return await call.database.write(work)


async def _consent_answer(call: Call[PageServices], browser: BrowserContext, asking: DeviceCodeRequest) -> Response:
    account_id = browser.account.id if browser.account else ""
    client = PUBLIC_CLIENTS.get(asking.client_id)
    if client is None:
        raise Forbidden("The application that shows this code is no longer registered on this server.")
    memberships = await call.database.read(
        lambda connection: accounts_store.list_organizations_of(connection, account_id)
    )
    values = {
        "client_name": client.name,
        "memberships": memberships,
        "permissions": scope_text.in_words(asking.scopes.split(), [role for _, role in memberships]),
        "user_code": asking.user_code,
        "shown_code": user_codes.format_user_code(asking.user_code),
        "action": f"{call.settings.base_path}{VERIFICATION_PATH}/decision",
        "purpose": _consent_purpose(asking.user_code),
        "idle_days": REFRESH_IDLE_LIFETIME // DAY,
        "lifetime_days": FAMILY_LIFETIME // DAY,
    }
    return pages_of(call).answer(PageContent("device_consent", values), shown_to=browser)


def _consent_purpose(user_code: str) -> str:
    """Return the purpose of the consent form: this code only, which was found before the form was shown."""
    return f"device consent {user_code}"


def _code_page(typed: str, refusal: DeviceCodeRefusal | None = None) -> PageContent:
    known = user_codes.parse_user_code(typed)
    values = {
        "typed": user_codes.format_user_code(known) if known else typed,
        "is_given": known is not None and refusal is None,
        "problem": refusal.problem if refusal else "",
        "example": EXAMPLE,
        "purpose": PURPOSE,
    }
    return PageContent("device", values, refusal.status if refusal else HTTPStatus.OK)


def _sign_in_url(call: Call, typed: str) -> str:
    """Return the URL of the sign-in page, with the code in its return URL if it is well-formed."""
    known = user_codes.parse_user_code(typed)
    query = f"?{urlencode({'user_code': user_codes.format_user_code(known)})}" if known else ""
    go_on_to = f"{call.settings.base_path}{VERIFICATION_PATH}{query}"
    return f"{call.settings.base_path}/sign-in?{urlencode({'next': go_on_to})}"
