"""Organizations over HTTP: create, rename, delete. Members: `api.py`."""

from __future__ import annotations

import logging
from http import HTTPStatus

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import Conflict, Forbidden, ValidationFailed
from templates_server.features.accounts import store
from templates_server.features.accounts import token_store as tokens_store
from templates_server.features.accounts.schemas import ChangedOrganization, NewOrganization, OrganizationView
from templates_server.features.accounts.store import MAX_ADMINISTRATED, Organization
from templates_server.features.audit import store as audit_store
from templates_server.http.context import Call
from templates_server.http.response import NOTHING, ApiResult
from templates_server.primitives.ids import is_key
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.primitives.validation import KEY_RULE, Reader, read_required_name
from templates_server.security.authorization import Role

LOGGER = logging.getLogger("templates_server")
NO_ADMINISTRATOR = "Only an administrator of an organization on this server can create another one."
TOO_MANY = f"You already administer {MAX_ADMINISTRATED} organizations, the maximum for one person. Delete one first."


async def create_organization(call: Call) -> Response:
    """Create an organization that the caller administers."""
    new: NewOrganization = call.body
    if not may_create(call):
        raise Forbidden(NO_ADMINISTRATOR)
    name = _checked_name(new)
    account_id, now = call.principal.id, call.now

    def create(connection: Connection) -> ApiResult:
        if store.count_administrated(connection, account_id) >= MAX_ADMINISTRATED:
            raise Conflict(TOO_MANY)
        organization_id = store.add_organization(connection, new.key, name=name, now=now)
        store.add_member(connection, organization_id, account_id=account_id, role=Role.ADMINISTRATOR)
        details = {"key": new.key, "name": name}
        deed = call.deed("organization.create", organization_id, organization_id=organization_id, details=details)
        audit_store.record(connection, deed)
        return _answer(connection, organization_id, HTTPStatus.CREATED)

    return await call.effect(create)


def may_create(call: Call) -> bool:
    """Return whether the caller administers an organization of the server."""
    return Role.ADMINISTRATOR in call.principal.roles.values()


def _checked_name(new: NewOrganization) -> str:
    """Return the name of the new organization; raise ValidationFailed if it or the key is invalid."""
    reader = Reader()
    if not is_key(new.key):
        reader.refuse("key", KEY_RULE)
    name = reader.name((new.name or "").strip(), "name")
    if reader.problems:
        raise ValidationFailed(reader.problems)
    return name or new.key


async def rename_organization(call: Call) -> Response:
    """Rename an organization; the same name changes nothing. The key stays."""
    changed: ChangedOrganization = call.body
    name, organization_id = read_required_name(changed.name), call.place.organization_id

    def rename(connection: Connection) -> ApiResult:
        store.lock_organization(connection, organization_id)
        before = store.rename_organization(connection, organization_id, name)
        if before != name:
            details = {"before": before, "name": name}
            audit_store.record(connection, call.deed("organization.rename", organization_id, details=details))
        return _answer(connection, organization_id, HTTPStatus.OK)

    return await call.effect(rename)


async def delete_organization(call: Call) -> Response:
    """Delete an organization without Spaces, and everything that belongs to it.

    The audit log is deleted too, as nobody could read it. A line in the server's log remains.
    """
    place, now = call.place, call.now

    def delete(connection: Connection) -> ApiResult:
        tokens_store.revoke_tokens_of_organization(connection, place.organization_id, now)
        store.delete_organization(connection, place.organization_id)
        return NOTHING

    response = await call.effect(delete)
    names = (place.organization_key, place.organization_id, call.principal.id)
    LOGGER.info("organization %s (%s) was deleted by %s", *names)
    await call.services.space_removal_job.advance()
    return response


def _answer(connection: Connection, organization_id: str, status: HTTPStatus) -> ApiResult:
    """Return the organization as its administrator sees it."""
    [found] = store.find_organizations(connection, [organization_id])
    return ApiResult([_to_response(found)], "organization", status)


def _to_response(found: Organization) -> OrganizationView:
    return OrganizationView(found.id, found.key, found.name, Role.ADMINISTRATOR, to_rfc3339(found.created))
