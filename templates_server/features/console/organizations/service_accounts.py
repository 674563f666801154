"""The service accounts of an organization: created, with a secret that is shown only once, and revoked."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.features.accounts.schemas import CreatedServiceAccount
from templates_server.features.auth import service_accounts
from templates_server.features.console.account.tokens import MEANINGS
from templates_server.features.console.form_state import KEY, REFUSALS, FormState, fields_by_name, prefill, read_form
from templates_server.features.console.navigation import ORGANIZATION
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.http.forms.urlencoded import Parameters

PATH = f"{ORGANIZATION}/service-accounts"
CREATE, REVOKE = "create service account", "revoke service account"
CHOOSE = "Choose at least one."


@page
async def service_accounts_page(visit: Visit) -> Response:
    """Show a page of the service accounts, by name, and the form for a new one."""
    return await _show(visit, prefill(name=visit.call.query.get("name", "")))


@form(CREATE, back=PATH, keeps=("name",))
async def create_service_account(visit: Visit, sent: Parameters) -> Response:
    """Create a service account, and show its secret, only once."""
    typed = read_form(sent)
    scopes = list(typed.all("scopes"))
    if not scopes:
        return await _show(visit, FormState(typed.values, {"scopes": [CHOOSE]}))
    asked = RouteRequest({"name": sent.text("name"), "scopes": scopes}, key=sent.text(KEY))
    try:
        made = await invoke(visit, service_accounts.create_service_account, asked)
    except REFUSALS as error:
        return await _show(visit, typed.refused(error, fields_by_name("name", "scopes")))
    return await _show(visit, FormState(), made=made.one)


@form(REVOKE, back=PATH)
async def revoke_service_account(visit: Visit, _: Parameters) -> Response:
    """Revoke a service account; its tokens are revoked immediately."""
    account = visit.call.parameters["service_account"]
    await invoke(visit, service_accounts.revoke_service_account, service_account=account)
    return redirect_with_notice(visit, PATH, "Service account revoked.")


async def _show(visit: Visit, typed: FormState, made: CreatedServiceAccount | None = None) -> Response:
    asked = RouteRequest(query={"cursor": visit.call.query.get("cursor", "")})
    found = await invoke(visit, service_accounts.list_service_accounts, asked)
    values: dict[str, Any] = {
        "accounts": found.data,
        "cursor": found.cursor,
        "may_change": is_permitted(visit, service_accounts.create_service_account),
        "typed": typed,
        "made": made,
        "scopes": list(MEANINGS.items()),
        "purposes": {"create": CREATE, "revoke": REVOKE},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/service_accounts", values, status), here="service-accounts")
