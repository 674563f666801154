"""The home page, sign-in and sign-out, and the assets of pages."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from templates_server.errors import TooManyRequests, Unavailable
from templates_server.features.accounts import email_address
from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.demo_people import PEOPLE
from templates_server.features.accounts.store import Account
from templates_server.features.pages import store
from templates_server.features.pages.browser_session import (
    BrowserContext,
    check_form,
    find_known_browser,
    identify_browser,
    local_path,
    new_browser,
    remember_browser,
    set_cookie,
)
from templates_server.features.pages.renderer import (
    ASSET_MAX_AGE_SECONDS,
    PageContent,
    PageServices,
    pages_of,
    see_other,
)
from templates_server.http.context import Call
from templates_server.http.forms.urlencoded import decode_form

MAX_FORM_BYTES = 16 * 1024
WRONG = "Wrong e-mail address or password."


async def first_page(call: Call[PageServices]) -> Response:
    """Show what this server is; for a signed-in person, their account and organizations."""
    browser = await identify_browser(call)
    account = browser.account
    memberships = (
        await call.database.read(lambda connection: accounts_store.list_organizations_of(connection, account.id))
        if account
        else ()
    )
    page = PageContent("first", {"memberships": memberships, "demo": call.settings.demo})
    return pages_of(call).answer(page, shown_to=browser)


async def sign_in_page(call: Call[PageServices]) -> Response:
    """Show the sign-in form, or redirect a person who is signed in."""
    browser = await identify_browser(call)
    go_on_to = local_path(call.settings, call.query.get("next", ""))
    if browser.account is not None:
        return see_other(go_on_to)
    return pages_of(call).answer(_sign_in_page(call, go_on_to), shown_to=browser)


async def sign_in(call: Call[PageServices]) -> Response:
    """Sign in and redirect, or show the form again with its errors."""
    browser = await identify_browser(call)
    form = decode_form(call.request, call.body)
    check_form(call, browser, form, purpose="sign-in")
    go_on_to = local_path(call.settings, form.text("next"))
    email = form.text("email").strip()
    try:
        account = await _authenticate(call, email, form.text("password"))
    except TooManyRequests as error:
        return _sign_in_refusal(call, browser, go_on_to=go_on_to, email=email, error=error)
    if account is None:
        page = _sign_in_page(call, go_on_to, email=email, problem=WRONG, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return pages_of(call).answer(page, shown_to=browser)
    return await sign_in_as(call, account, go_on_to=go_on_to)


def _sign_in_page(
    call: Call, go_on_to: str, *, email: str = "", problem: str = "", status: HTTPStatus = HTTPStatus.OK
) -> PageContent:
    settings = call.settings
    people = PEOPLE if settings.demo else ()
    is_local = settings.local and settings.on_loopback
    values = {"next": go_on_to, "email": email, "problem": problem, "people": people, "is_local": is_local}
    return PageContent("sign_in", values, status)


def _sign_in_refusal(
    call: Call[PageServices], browser: BrowserContext, *, go_on_to: str, email: str, error: TooManyRequests
) -> Response:
    page = _sign_in_page(call, go_on_to, email=email, problem=str(error), status=error.status)
    response = pages_of(call).answer(page, shown_to=browser)
    response.headers.update(error.headers)
    return response


async def _authenticate(call: Call, email: str, password: str) -> Account | None:
    """Return the account with that e-mail address and password. Raise TooManyRequests after too many failed attempts.

    Unknown e-mail addresses take as long as wrong passwords, and are counted like them. During the waiting time no
    password is compared, so that guesses cost little and reveal nothing. A browser that was signed in before has its
    own counter: nobody elsewhere can lock it out.
    """
    account = await call.database.read(lambda connection: accounts_store.find_account_by_email(connection, email))
    attempts = call.services.login_throttle
    if account and (known := find_known_browser(call, account)):
        subject, others = attempts.subject("known browser", f"{known}\0{account.id}"), []
    else:
        subject = attempts.subject("account", email_address.normalize_email(email))
        others = attempts.subjects_of_address("address", call.caller)
    await attempts.begin([subject, *others])
    try:
        is_right = await call.services.passwords.is_right(password, account.password_hash if account else None)
    except Unavailable:
        await attempts.discount([subject, *others])
        raise
    if account is None or not is_right:
        return None
    await attempts.succeed(subject, others)
    await _keep_hash_fresh(call, account, password)
    return account


async def _keep_hash_fresh(call: Call, account: Account, password: str) -> None:
    """Rehash the password when the hash parameters have changed; skip this while many people sign in."""
    stored = call.services.passwords
    if not stored.is_outdated(account.password_hash):
        return
    try:
        new_hash = await stored.hash(password)
    except Unavailable:
        return
    await call.database.write(lambda connection: accounts_store.replace_password_hash(connection, account, new_hash))


async def sign_in_as(call: Call, account: Account, *, go_on_to: str) -> Response:
    """Sign in and redirect with a new cookie, because the old one may have been planted."""
    renewed = new_browser()
    await call.database.write(
        lambda connection: store.start_session(connection, renewed.cookie, account_id=account.id, now=call.now)
    )
    response = see_other(go_on_to)
    set_cookie(response, call.settings, renewed)
    remember_browser(response, call, account)
    return response


async def sign_out(call: Call) -> Response:
    """Sign out."""
    browser = await identify_browser(call)
    form = decode_form(call.request, call.body)
    check_form(call, browser, form, purpose="sign-out")
    return await sign_out_to(call, browser, call.settings.base_path + "/signed-out")


async def sign_out_to(call: Call, browser: BrowserContext, go_on_to: str) -> Response:
    """End the session of a browser, replace its cookie and redirect."""
    await call.database.write(lambda connection: store.end_session(connection, browser.cookie))
    response = see_other(go_on_to)
    set_cookie(response, call.settings, new_browser())
    return response


async def signed_out_page(call: Call[PageServices]) -> Response:
    """Show that the person is signed out."""
    return pages_of(call).answer(PageContent("signed_out"), shown_to=await identify_browser(call))


async def asset(call: Call[PageServices]) -> Response:
    """Return an asset; its content never changes under its name."""
    found = pages_of(call).asset(call.parameters["name"])
    headers = {"Cache-Control": f"public, max-age={ASSET_MAX_AGE_SECONDS}, immutable"}
    return Response(found.content, headers=headers, media_type=found.media_type)
