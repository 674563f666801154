"""Personal access tokens over HTTP: created by a signed-in person, listed, and revoked immediately."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import Conflict, ErrorDetail, NotFound, ValidationFailed
from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts import token_store
from templates_server.features.accounts.token_store import LimitNames, StoredToken
from templates_server.features.audit import store as audit_store
from templates_server.features.auth import oauth_store
from templates_server.features.auth.token_schemas import MAX_LIVE_TOKENS, CreatedToken, NewToken, TokenText, TokenView
from templates_server.features.auth.token_scopes import read_new_token, select_administrated
from templates_server.http.audit_event import AuditEvent
from templates_server.http.context import Call
from templates_server.http.pagination import PageRequest, next_link, read_page_request
from templates_server.http.response import ApiResult
from templates_server.primitives.timestamps import DAY, to_rfc3339
from templates_server.security import authorization
from templates_server.security.authorization import PrincipalKind, ResourceScope, Role, Scope
from templates_server.security.secrets import SecretKind, hash_secret, is_well_formed

KEPT_WHEN_OVER = 90 * DAY
NO_CONTENT = ApiResult([], "token", HTTPStatus.NO_CONTENT)


async def list_tokens(call: Call) -> ApiResult:
    """Return a page of the caller's own tokens; for administrators, of those that reach `?organization=`.

    A personal token sees only itself: the owner's other tokens require a sign-in.
    """
    page, principal = read_page_request(call), call.principal
    organization = await _administrated_organization(call)

    def work(connection: Connection) -> tuple[Sequence[TokenView], list[str]]:
        if organization is not None:
            found = token_store.list_tokens_reaching(connection, organization.organization_id, page)
        elif principal.kind is PrincipalKind.PERSON:
            only = None if principal.signed_in else principal.token_id
            found = token_store.list_tokens(connection, principal.id, only=only, page=page)
        else:
            found = []
        return _views(connection, found, organization), [token.place for token in found]

    views, places = await call.database.read(work)
    return ApiResult(views, "token", headers=next_link(call, page, places))


async def _administrated_organization(call: Call) -> ResourceScope | None:
    """Return the organization of the query, which the caller must administer; None if the query has none."""
    name = call.query.get("organization")
    if name is None:
        return None
    place = await call.services.locate({"organization": name})
    if place is None or not authorization.may_see(call.principal, place):
        raise NotFound
    authorization.check_scope(call.principal, Scope.SPACES_READ, place)
    authorization.check_role(call.principal, Role.ADMINISTRATOR, place)
    return place


async def create_token(call: Call) -> Response:
    """Create a token of the caller; its text is shown only once."""
    new: NewToken = call.body
    return await call.effect(
        lambda connection: ApiResult([make_token(connection, call, new)], "token", HTTPStatus.CREATED)
    )


def make_token(connection: Connection, call: Call, new: NewToken) -> CreatedToken:
    """Create and record a token of the principal; raise ValidationFailed with all problems, Conflict at the limit."""
    principal, now = call.principal, call.now
    wanted = read_new_token(connection, new, principal=principal, now=now)
    if token_store.count_live_tokens(connection, principal.id, now) >= MAX_LIVE_TOKENS:
        raise Conflict(f"You can have {MAX_LIVE_TOKENS} tokens at a time. Revoke one first.")
    token_store.forget_old_tokens(connection, principal.id, now - KEPT_WHEN_OVER)
    token_id, secret = token_store.create_personal_token(connection, principal.id, token=wanted, now=now)
    created = token_store.find_token(connection, token_id)
    if created is None:
        raise LookupError("a token that was just stored is not there")
    _record(connection, call, "token.create", created)
    [view] = _views(connection, [created])
    return _with_text(view, secret)


def list_own_tokens(connection: Connection, account_id: str, page: PageRequest) -> Sequence[TokenView]:
    """Return a page of a person's tokens, by age."""
    found = token_store.list_tokens(connection, account_id, only=None, page=page)
    return _views(connection, found)


async def revoke_token(call: Call) -> Response:
    """Revoke the caller's own token, or one that reaches an organization the caller administers."""

    def work(connection: Connection) -> ApiResult:
        end_token(connection, call, call.parameters["token"])
        return NO_CONTENT

    return await call.effect(work)


def end_token(connection: Connection, call: Call, token_id: str) -> None:
    """Revoke a token that the principal may revoke, and record it; raise NotFound if there is none."""
    token = token_store.find_token(connection, token_id)
    if token is None or not _may_end(connection, call.principal, token):
        raise NotFound
    if token_store.revoke_token(connection, token.id, call.now):
        _record(connection, call, "token.revoke", token)


def _may_end(connection: Connection, principal: authorization.Principal, token: StoredToken) -> bool:
    """Return whether the caller may revoke it; raise Forbidden if only a scope is missing."""
    if token.account_id == principal.id and (principal.signed_in or token.id == principal.token_id):
        return True
    if not select_administrated(principal, token_store.list_reachable_organizations(connection, token)):
        return False
    authorization.check_scope(principal, Scope.SPACES_WRITE)
    return True


def _record(connection: Connection, call: Call, action: str, token: StoredToken) -> None:
    """Record an audit event in every organization that the token reaches."""
    for organization_id in token_store.list_reachable_organizations(connection, token):
        details = {"name": token.name, "scopes": sorted(token.scopes), "expires": to_rfc3339(token.expires)}
        audit_store.record(connection, call.deed(action, token.id, organization_id=organization_id, details=details))


async def revoke_by_text(call: Call) -> Response:
    """Revoke a token by its text, which is the only proof required. The response never reveals whether it was valid."""
    text: TokenText = call.body
    secret = text.token.strip()
    if not is_well_formed(secret):
        raise ValidationFailed([ErrorDetail("token", "is not a valid token: it is mistyped or incomplete")])

    def work(connection: Connection) -> ApiResult:
        if secret.startswith(SecretKind.PERSONAL):
            _revoke_personal(connection, call, hash_secret(secret))
        elif secret.startswith(SecretKind.SERVICE):
            _revoke_service_account(connection, call, hash_secret(secret))
        elif (issued := oauth_store.find_issued_token(connection, hash_secret(secret))) is not None:
            oauth_store.revoke_token(connection, issued, call.now)
        return NO_CONTENT

    return await call.effect(work)


def _revoke_personal(connection: Connection, call: Call, token_hash: bytes) -> None:
    token = token_store.find_token_by_hash(connection, token_hash)
    if token is None or not token_store.revoke_token(connection, token.id, call.now):
        return
    for organization_id in token_store.list_reachable_organizations(connection, token):
        audit_store.record(connection, _deed_of_holder(call, organization_id, "token.revoke", token.id))


def _revoke_service_account(connection: Connection, call: Call, secret_hash: bytes) -> None:
    account = accounts_store.find_service_account_by_secret(connection, secret_hash)
    if account is None or not accounts_store.revoke_service_account(connection, account.id, now=call.now):
        return
    deed = _deed_of_holder(call, account.organization_id, "service_account.revoke", account.id)
    audit_store.record(connection, deed)


def _deed_of_holder(call: Call, organization_id: str, action: str, target: str) -> AuditEvent:
    """Return the audit event of an unknown person who had the token's text."""
    return AuditEvent(
        organization_id, call.now, "holder", target, "the holder of the token", action, target, address=call.address
    )


def _views(
    connection: Connection, tokens: Sequence[StoredToken], seen_from: ResourceScope | None = None
) -> Sequence[TokenView]:
    """Return tokens as their owners see them; in the view of an organization, other organizations are hidden."""
    names = token_store.find_limit_names(connection, {limit for token in tokens for limit in token.limits})
    return [_to_response(token, names, seen_from) for token in tokens]


def _to_response(token: StoredToken, names: LimitNames, seen_from: ResourceScope | None) -> TokenView:
    organizations = {
        id_
        for id_ in token.limits & names.organizations.keys()
        if seen_from is None or id_ == seen_from.organization_id
    }
    spaces = {
        id_
        for id_ in token.limits & names.spaces.keys()
        if seen_from is None or names.organization_of_space[id_] == seen_from.organization_id
    }
    gone = [] if seen_from else token.limits - names.organizations.keys() - names.spaces.keys()
    return TokenView(
        token.id,
        token.name,
        [*sorted(token.scopes)],
        sorted(names.organizations[id_] for id_ in organizations),
        [*sorted(names.spaces[id_] for id_ in spaces), *sorted(gone)],
        to_rfc3339(token.created),
        to_rfc3339(token.expires),
        None if token.last_used is None else to_rfc3339(token.last_used),
        token.owner,
    )


def _with_text(view: TokenView, secret: str) -> CreatedToken:
    return CreatedToken(**msgspec.structs.asdict(view), token=secret)
