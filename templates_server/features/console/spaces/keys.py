"""The public API keys of an environment, and whether its user IDs must be signed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.features.console.form_state import KEY, REFUSALS, FormState, fields_by_name, prefill, read_form
from templates_server.features.console.navigation import ENVIRONMENT
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces import api as spaces
from templates_server.features.spaces.signed_ids import api as signed_ids
from templates_server.http.forms.urlencoded import Parameters

PATH = f"{ENVIRONMENT}/keys"
CREATE, REVOKE, SIGNED_IDS = "create key", "revoke key", "signed ids"
ROTATE, REQUIRE, OFF = "rotate", "require", "off"
SAID = {
    ROTATE: "Signing secret rotated. Existing signatures no longer work.",
    REQUIRE: "User IDs must now be signed.",
    OFF: "User IDs no longer need to be signed.",
}


@page
async def keys_page(visit: Visit) -> Response:
    """Show the keys, and the form for a new one."""
    return await _show(visit, prefill(name=visit.call.query.get("name", "")))


@form(CREATE, back=PATH, keeps=("name",))
async def create_key(visit: Visit, sent: Parameters) -> Response:
    """Create a key; existing keys stay valid."""
    asked = RouteRequest({"name": sent.text("name")}, key=sent.text(KEY))
    try:
        await invoke(visit, spaces.create_key, asked)
    except REFUSALS as error:
        return await _show(visit, read_form(sent).refused(error, fields_by_name("name")))
    return redirect_with_notice(visit, PATH, f"Key “{sent.text('name').strip()}” created.")


@form(REVOKE, back=PATH)
async def revoke_key(visit: Visit, _: Parameters) -> Response:
    """Revoke the key with the ID in the path."""
    await invoke(visit, spaces.revoke_key, key=visit.call.parameters["key"])
    return redirect_with_notice(visit, PATH, "Key revoked.")


@form(SIGNED_IDS, back=PATH)
async def change_signed_ids(visit: Visit, sent: Parameters) -> Response:
    """Require signed IDs or not, or rotate the signing secret."""
    deed = sent.text("deed")
    if deed not in SAID:
        return redirect_with_notice(visit, PATH, "No changes.")
    present = (await invoke(visit, signed_ids.show)).one.required
    required = present if deed == ROTATE else deed == REQUIRE
    await invoke(
        visit, signed_ids.change, RouteRequest({"required": required, "rotate": deed == ROTATE}, key=sent.text(KEY))
    )
    return redirect_with_notice(visit, PATH, SAID[deed])


async def _show(visit: Visit, typed: FormState) -> Response:
    found = await invoke(visit, spaces.list_keys)
    values: dict[str, Any] = {
        "live": [key for key in found.data if key.revoked is None],
        "revoked": [key for key in found.data if key.revoked is not None],
        "signing": (await invoke(visit, signed_ids.show)).one if is_permitted(visit, signed_ids.show) else None,
        "may_change": is_permitted(visit, spaces.create_key),
        "typed": typed,
        "purposes": {"create": CREATE, "revoke": REVOKE, "signed_ids": SIGNED_IDS},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    return await show(visit, PageContent("console/keys", values, status), here="keys")
