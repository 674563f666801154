"""Who is signed in with the browser, as whom they act; who is not is asked to sign in, and comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import Response

from templates_server.access import ALL_SCOPES, Principal, PrincipalKind
from templates_server.accounts import store as accounts_store
from templates_server.accounts.store import Account, Organization
from templates_server.endpoint import Call
from templates_server.pages.browser import Browser, browser_of
from templates_server.pages.render import see_other


@dataclass(frozen=True)
class Visit:
    """A person at a page, and where they belong; `call` is theirs as if they had sent a token with every scope."""

    browser: Browser
    account: Account
    organizations: Sequence[Organization]
    call: Call


async def visit_of(call: Call) -> Visit | None:
    """The person who is signed in; None when nobody is."""
    browser = await browser_of(call)
    account = browser.account
    if account is None:
        return None
    found = await call.database.read(lambda connection: accounts_store.organizations_of(connection, account.id))
    principal = Principal(
        PrincipalKind.PERSON,
        account.id,
        account.name,
        email=account.email,
        scopes=ALL_SCOPES,
        roles={organization.id: role for organization, role in found},
        signed_in=True,
    )
    return Visit(browser, account, [organization for organization, _ in found], replace(call, asker=principal))


def sign_in_first(call: Call, path: str, **fields: str) -> Response:
    """Have a person sign in and come back to a path of ours, with what they had typed there."""
    typed = {name: value for name, value in fields.items() if value}
    back = f"{call.settings.base_path}{path}" + (f"?{urlencode(typed)}" if typed else "")
    return see_other(f"{call.settings.base_path}/sign-in?{urlencode({'next': back})}")
