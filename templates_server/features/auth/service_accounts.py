"""Service accounts of an organization over HTTP. Their tokens: `oauth`."""

from __future__ import annotations

from http import HTTPStatus

from msgspec.structs import asdict
from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import NotFound, ValidationFailed
from templates_server.features.accounts import store
from templates_server.features.accounts.schemas import CreatedServiceAccount, NewServiceAccount, ServiceAccountView
from templates_server.features.accounts.store import ServiceAccount
from templates_server.features.audit import store as audit_store
from templates_server.features.auth.token_scopes import read_name, read_scopes
from templates_server.http.context import Call
from templates_server.http.pagination import next_link, read_page_request
from templates_server.http.response import ApiResult
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.primitives.validation import Reader


async def list_service_accounts(call: Call) -> ApiResult:
    """Return a page of the active service accounts of an organization, by name."""
    page, organization_id = read_page_request(call), call.place.organization_id
    found = await call.database.read(lambda connection: store.list_service_accounts(connection, organization_id, page))
    headers = next_link(call, page, [f"{account.id} {account.name}" for account in found])
    return ApiResult([_to_response(account) for account in found], "service_account", headers=headers)


async def create_service_account(call: Call) -> Response:
    """Create a service account with at most the caller's permissions; its secret is shown only once."""
    new: NewServiceAccount = call.body
    reader = Reader()
    name = read_name(reader, new.name, "name the program that uses it")
    scopes = read_scopes(reader, new.scopes, call.principal)
    if reader.problems:
        raise ValidationFailed(reader.problems)

    def work(connection: Connection) -> ApiResult:
        account_id, secret = store.create_service_account(
            connection, call.place.organization_id, name=name, scopes=scopes, now=call.now
        )
        created = store.find_service_account(connection, account_id)
        if created is None:
            raise LookupError("a service account that was just stored is not there")
        details = {"name": name, "scopes": sorted(scopes)}
        audit_store.record(connection, call.deed("service_account.create", account_id, details=details))
        told = CreatedServiceAccount(**asdict(_to_response(created)), client_secret=secret)
        return ApiResult([told], "service_account", HTTPStatus.CREATED)

    return await call.effect(work)


async def revoke_service_account(call: Call) -> Response:
    """Revoke a service account and its tokens immediately; repeating it changes nothing."""
    account_id = call.parameters["service_account"]

    def work(connection: Connection) -> ApiResult:
        if store.find_organization_of_service_account(connection, account_id) != call.place.organization_id:
            raise NotFound
        if store.revoke_service_account(connection, account_id, now=call.now):
            audit_store.record(connection, call.deed("service_account.revoke", account_id))
        return ApiResult([], "service_account", HTTPStatus.NO_CONTENT)

    return await call.effect(work)


def _to_response(account: ServiceAccount) -> ServiceAccountView:
    created = to_rfc3339(account.created)
    return ServiceAccountView(account.id, account.name, account.id, [*sorted(account.scopes)], created)
