"""The page of an invitation link: a new person chooses a name and a password, an existing account joins.

The path contains the code. The page sends no `Referer`, and the log of a request has only its route.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import Conflict, NotFound
from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.invitations import store
from templates_server.features.accounts.invitations.codes import PATH, is_well_formed
from templates_server.features.accounts.invitations.store import LIFETIME, Invitation
from templates_server.features.accounts.store import MAX_NAME_LENGTH, Account
from templates_server.features.audit import store as audit_store
from templates_server.features.pages.api import sign_in_as, sign_out_to
from templates_server.features.pages.browser_session import BrowserContext, check_form, identify_browser
from templates_server.features.pages.renderer import PageContent, PageServices, pages_of, see_other
from templates_server.http.audit_event import AuditEvent
from templates_server.http.context import Call
from templates_server.http.forms.urlencoded import Parameters, decode_form
from templates_server.primitives.timestamps import DAY
from templates_server.security import passwords
from templates_server.security.authorization import PrincipalKind

State = Literal["new", "known", "join", "another"]


@dataclass(frozen=True)
class OpenInvitation:
    """A valid invitation, and the account with its address, if there is one."""

    invitation: Invitation
    account: Account | None

    def state(self, browser: BrowserContext) -> State:
        """Return the required action at that browser: create an account, sign in, join, or switch accounts."""
        if browser.account is None:
            return "known" if self.account else "new"
        return "join" if browser.account.email == self.invitation.email else "another"


@dataclass(frozen=True)
class InvitationFormState:
    """The errors of the form, and the name that was entered."""

    name: str = ""
    problems: tuple[str, ...] = ()


async def invitation_page(call: Call[PageServices]) -> Response:
    """Show the organization of the invitation and the steps to join it."""
    browser = await identify_browser(call)
    found = await _find_invitation(call)
    return _over(call, browser) if found is None else _answer(call, browser, found)


async def accept_invitation(call: Call[PageServices]) -> Response:
    """Join and redirect to the home page; a new person is signed in."""
    browser = await identify_browser(call)
    form = decode_form(call.request, call.body)
    check_form(call, browser, form, purpose=_purpose(call))
    found = await _find_invitation(call)
    if found is None:
        return _over(call, browser)
    state = found.state(browser)
    if state == "new":
        return await _accept_as_new(call, browser, found, form)
    if state == "known":
        return see_other(_sign_in_url(call))
    if state == "another":
        return await sign_out_to(call, browser, _own_url(call))
    return await _accept_as(call, browser, found)


async def _find_invitation(call: Call) -> OpenInvitation | None:
    """Return the invitation in the path; None when it is unknown, used, withdrawn or expired."""
    code = call.parameters["code"]
    if not is_well_formed(code):
        return None

    def work(connection: Connection) -> OpenInvitation | None:
        invitation = store.find_open(connection, code, call.now)
        if invitation is None:
            return None
        return OpenInvitation(invitation, accounts_store.find_account_by_email(connection, invitation.email))

    return await call.database.read(work)


async def _accept_as(call: Call[PageServices], browser: BrowserContext, found: OpenInvitation) -> Response:
    def work(connection: Connection) -> None:
        _use(connection, call)
        if found.account is not None:
            _join(connection, call, found.account, found.invitation)

    try:
        await call.database.write(work)
    except NotFound:
        return _over(call, browser)
    return see_other(f"{call.settings.base_path}/")


async def _accept_as_new(
    call: Call[PageServices], browser: BrowserContext, found: OpenInvitation, form: Parameters
) -> Response:
    """Create an account in the organization, or show the form again with all errors."""
    name, password, email = form.text("name").strip(), form.text("password"), found.invitation.email
    problems = _problems(name, password, repeated=form.text("repeated"), email=email)
    if problems:
        return _answer(call, browser, found, InvitationFormState(name, tuple(problems)))
    password_hash = await call.services.passwords.hash(password)

    def work(connection: Connection) -> Account:
        _use(connection, call)
        account_id = accounts_store.create_account(
            connection, email, name=name, password_hash=password_hash, now=call.now
        )
        account = Account(account_id, email, name, password_hash)
        _join(connection, call, account, found.invitation)
        return account

    try:
        account = await call.database.write(work)
    except NotFound:
        return _over(call, browser)
    except Conflict:  # there is somebody with that address by now
        return see_other(_own_url(call))
    return await sign_in_as(call, account, go_on_to=f"{call.settings.base_path}/")


def _problems(name: str, password: str, *, repeated: str, email: str) -> list[str]:
    """Return the problems with the name and the password, as sentences."""
    problems = (
        [] if accounts_store.is_name(name) else [f"A name must have 1 to {MAX_NAME_LENGTH} printable characters."]
    )
    problems += [
        f"Password: {problem}" for problem in passwords.find_password_problems(password, email=email, name=name)
    ]
    if password != repeated:
        problems.append("The passwords do not match.")
    return problems


def _use(connection: Connection, call: Call) -> None:
    """Mark the code as used. Raise NotFound when it is no longer valid."""
    if not store.use(connection, call.parameters["code"], call.now):
        raise NotFound


def _join(connection: Connection, call: Call, account: Account, invitation: Invitation) -> None:
    """Make the account a member; an existing member's role is unchanged."""
    organization_id = invitation.organization_id
    accounts_store.lock_organization(connection, organization_id)
    if accounts_store.find_member(connection, organization_id, account.email) is not None:
        return
    accounts_store.add_member(connection, organization_id, account_id=account.id, role=invitation.role)
    details = {"invitation": invitation.id, "role": invitation.role.value}
    actor = (PrincipalKind.PERSON.value, account.id, account.email)
    deed = AuditEvent(
        organization_id, call.now, *actor, "member.join", account.id, address=call.address, details=details
    )
    audit_store.record(connection, deed)


def _answer(
    call: Call[PageServices], browser: BrowserContext, found: OpenInvitation, typed: InvitationFormState | None = None
) -> Response:
    values = {
        "invitation": found.invitation,
        "state": found.state(browser),
        "action": _own_url(call),
        "sign_in_url": _sign_in_url(call),
        "purpose": _purpose(call),
        "typed": typed or InvitationFormState(),
        "fewest_characters": passwords.MIN_LENGTH,
        "most_characters": passwords.MAX_LENGTH,
        "most_name_characters": MAX_NAME_LENGTH,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed else HTTPStatus.OK
    return pages_of(call).answer(PageContent("invitation", values, status, has_secret_path=True), shown_to=browser)


def _over(call: Call[PageServices], browser: BrowserContext) -> Response:
    """Show the same page for every invalid code, whatever the reason."""
    page = PageContent("invitation_over", {"days": LIFETIME // DAY}, HTTPStatus.NOT_FOUND, has_secret_path=True)
    return pages_of(call).answer(page, shown_to=browser)


def _purpose(call: Call) -> str:
    """Return the purpose of the form: this specific invitation."""
    return f"invitation {call.parameters['code']}"


def _own_url(call: Call) -> str:
    return f"{call.settings.base_path}{PATH}/{quote(call.parameters['code'], safe='')}"


def _sign_in_url(call: Call) -> str:
    return f"{call.settings.base_path}/sign-in?{urlencode({'next': _own_url(call)})}"
