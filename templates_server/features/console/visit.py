"""The visit of a page: the visitor, their principal and their location; prepares handlers of pages and forms.

A signed-out visitor has to sign in, and returns to the page with their input.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote, urlencode

from starlette.responses import Response

from templates_server.errors import NotFound
from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.store import Account, Organization
from templates_server.features.console.platform_routes import PlatformRoutes
from templates_server.features.console.saved_forms import forms as kept_forms
from templates_server.features.console.tribe_counts import TribeCounts
from templates_server.features.events.stream.feed import EventFeed
from templates_server.features.imports.file_job import FileImportJob
from templates_server.features.imports.parse_worker import PartParser
from templates_server.features.pages.browser_session import BrowserContext, check_form, identify_browser
from templates_server.features.pages.renderer import PageServices, see_other
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.http.forms.multipart import decode_multipart
from templates_server.http.forms.urlencoded import FILES_TYPE, FORM_TYPE, MAX_PARAMETERS, Parameters, decode_form
from templates_server.http.route import Handler
from templates_server.security.authorization import ALL_SCOPES, Principal, PrincipalKind, ResourceScope, may_see

PLACE_PARTS = ("organization", "space", "environment")
MAX_KEPT_CHARACTERS = 4000
"""The limit of input in a return URL, as proxies limit URLs. Longer input is stored here (`saved_forms`)."""


class ConsoleServices(PageServices, Protocol):
    """The services that pages of the console need."""

    @property
    def platform_routes(self) -> PlatformRoutes:
        """The routes of the Platform API by their handlers."""

    @property
    def tribe_counts(self) -> TribeCounts:
        """The latest counts of tribes."""

    @property
    def file_import_job(self) -> FileImportJob:
        """Imports files that were uploaded in the console."""

    @property
    def part_parser(self) -> PartParser:
        """Parses parts of imports."""

    @property
    def event_feed(self) -> EventFeed:
        """Delivers events and sessions as they arrive."""


@dataclass(frozen=True)
class Visit:
    """A person at a page, and their memberships; `call` is theirs as if they had sent a token with every scope."""

    browser: BrowserContext
    account: Account
    organizations: Sequence[Organization]
    call: Call[ConsoleServices]

    @property
    def place(self) -> ResourceScope | None:
        """The location of the page; None on pages without an organization."""
        return self.call.located

    @property
    def organization(self) -> Organization | None:
        """The organization of the page."""
        place = self.place
        return next((one for one in self.organizations if place and one.id == place.organization_id), None)

    def url(self, path: str) -> str:
        """Return the full path of a page, with `{space}` and similar parameters filled in from this page's own."""
        return self.call.settings.base_path + fill_path(self.call, path)


PageHandler = Callable[[Visit], Awaitable[Response]]
FormHandler = Callable[[Visit, Parameters], Awaitable[Response]]
Keep = Callable[[Parameters], Mapping[str, str]]
"""Return the form fields to pass in the URL of a page, by the names that the page reads."""


def page(handler: PageHandler) -> Handler:
    """Wrap a page for signed-in people; it raises NotFound if its location is not theirs."""

    @functools.wraps(handler)
    async def serve(call: Call[ConsoleServices]) -> Response:
        visit = await load_visit(call)
        if visit is None:
            return sign_in_first(call, _own_path(call))
        call = await kept_forms.restore_form(call, _raw_path(call))
        return await handler(await locate(replace(visit, call=replace(visit.call, brought_back=call.brought_back))))

    return serve


def form(
    purpose: str,
    *,
    back: str,
    keeps: Sequence[str] | Keep = (),
    most: int = MAX_PARAMETERS,
    has_files: bool = False,
) -> Callable[[FormHandler], Handler]:
    """Wrap a form handler of that purpose. A signed-out visitor returns to the page `back`, with the fields it keeps.

    For a form with variable field names, a function selects the fields to keep. Never keep a password or secret:
    short fields return in a URL. `most` limits the number of fields. With `has_files` the form may contain files.
    """

    def decorate(handler: FormHandler) -> Handler:
        @functools.wraps(handler)
        async def serve(call: Call[ConsoleServices]) -> Response:
            visit = await load_visit(call)
            sent = await _read_sent_form(call, most) if has_files else decode_form(call.request, call.body, most=most)
            if visit is None:
                kept = keeps(sent) if callable(keeps) else {name: sent.text(name) for name in keeps}
                return await _sign_in_and_come_back(call, fill_path(call, back), kept, (sent.text("key"), purpose))
            check_form(call, visit.browser, sent, purpose=purpose)
            return await handler(await locate(visit), sent)

        return serve

    return decorate


async def _read_sent_form(call: Call, most: int) -> Parameters:
    """Return the fields of a form that may have files; these are read in a thread, as they may be large."""
    kind = request_body.require_media_type(call.request, FORM_TYPE, FILES_TYPE)
    if kind == FORM_TYPE:
        return decode_form(call.request, call.body, most=most)
    return await asyncio.to_thread(decode_multipart, call.request.headers["content-type"], call.body, most=most)


async def require_sign_in(call: Call[ConsoleServices], back: str) -> Response | None:
    """Require a signed-out person to sign in before a long body is read, and to return to `back`."""
    return None if await load_visit(call) else sign_in_first(call, fill_path(call, back))


async def load_visit(call: Call[ConsoleServices]) -> Visit | None:
    """Return the signed-in person; None if there is none."""
    return await visit_by(call, await identify_browser(call))


async def visit_by(call: Call[ConsoleServices], browser: BrowserContext) -> Visit | None:
    """Return the person signed in at that browser; None if there is none."""
    account = browser.account
    if account is None:
        return None
    found = await call.database.read(lambda connection: accounts_store.list_organizations_of(connection, account.id))
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


async def locate(visit: Visit, **elsewhere: str) -> Visit:
    """Return the visit at its path's location, or `elsewhere` (`environment="staging"`); NotFound without access."""
    call = visit.call
    parts = {**call.parameters, **elsewhere}
    names = {name: parts[name] for name in PLACE_PARTS if name in parts}
    if not names:
        return visit
    place = await call.services.locate(names)
    if place is None or not may_see(call.principal, place):
        raise NotFound
    return replace(visit, call=replace(call, located=place))


def sign_in_first(call: Call, path: str, **fields: str) -> Response:
    """Redirect to the sign-in and then back to one of our paths, with the input unless it is too long."""
    typed = _encode_draft(fields) or ""
    back = f"{call.settings.base_path}{path}" + (f"?{typed}" if typed else "")
    return see_other(f"{call.settings.base_path}/sign-in?{urlencode({'next': back})}")


async def _sign_in_and_come_back(call: Call, path: str, fields: Mapping[str, str], shown: tuple[str, str]) -> Response:
    """Redirect to the sign-in and back with all input, of any length: `shown` is the form's key and its purpose."""
    key, purpose = shown
    if _encode_draft(fields) is None and kept_forms.can_be_saved(call, key, purpose):
        kept = await kept_forms.save_form(call, path, fields, key)
        if kept is not None:
            response = sign_in_first(call, path, **{kept_forms.PARAMETER: kept.id})
            kept_forms.bind(response, call, kept)
            return response
    return sign_in_first(call, path, **fields)


def _encode_draft(fields: Mapping[str, str]) -> str | None:
    """Return the input as the query of a URL, None if it is too long."""
    typed = {name: value for name, value in fields.items() if value}
    if sum(map(len, typed.values())) > MAX_KEPT_CHARACTERS:
        return None
    encoded = urlencode(typed)
    return encoded if len(encoded) <= MAX_KEPT_CHARACTERS else None


def fill_path(call: Call, path: str) -> str:
    """Return a path with its parameters filled in from those of the request."""
    for name, value in call.parameters.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def _own_path(call: Call) -> str:
    """Return the path of the requested page with its query, relative to the public URL's path."""
    path, query = _raw_path(call), call.request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query and len(query) <= MAX_KEPT_CHARACTERS else path


def _raw_path(call: Call) -> str:
    """Return the requested path, relative to that of the public URL."""
    raw: bytes = call.request.scope["raw_path"]
    return raw.partition(b"?")[0].decode("latin-1").removeprefix(call.settings.base_path)
