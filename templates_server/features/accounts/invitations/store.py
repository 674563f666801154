"""All SQL for invitations. One statement uses up a code, in the transaction that stores the membership."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, literal, select, tuple_, update

from templates_server.errors import BadRequest, Conflict
from templates_server.features.accounts import email_address
from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.invitations.codes import new_code
from templates_server.http.pagination import PageRequest
from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import DAY, LATEST_AHEAD
from templates_server.security.authorization import Role
from templates_server.security.secrets import hash_secret
from templates_server.storage.tables import invitations, organizations

LIFETIME = 7 * DAY
MAX_OPEN = 1_000  # of an organization
COLUMNS = (
    invitations.c.id,
    invitations.c.organization_id,
    organizations.c.key.label("organization_key"),
    organizations.c.name.label("organization_name"),
    invitations.c.email,
    invitations.c.role,
    invitations.c.created,
    invitations.c.expires,
)


@dataclass(frozen=True)
class Invitation:
    """An invitation of a normalized address to an organization; times are in milliseconds."""

    id: str
    organization_id: str
    organization_key: str
    organization_name: str
    email: str
    role: Role
    created: int
    expires: int


@dataclass(frozen=True)
class InvitationRequest:
    """The address, the role and the inviter's ID of a new invitation."""

    email: str
    role: Role
    by: str


def invite(
    connection: Connection, organization_id: str, *, invited: InvitationRequest, now: int
) -> tuple[Invitation, str]:
    """Create an invitation, replacing an open one of the same address, and return it with its unstored code.

    Raise Conflict if the address belongs to a member, or if too many invitations are open.
    """
    accounts_store.lock_organization(connection, organization_id)
    if accounts_store.find_member(connection, organization_id, invited.email) is not None:
        raise Conflict(f"{invited.email} is already a member.", path="email")
    withdraw_of(connection, organization_id, email=invited.email)
    of_organization = invitations.c.organization_id == organization_id
    connection.execute(delete(invitations).where(of_organization, invitations.c.expires <= now - LIFETIME))
    if _count_open(connection, organization_id, now) >= MAX_OPEN:
        raise Conflict(f"An organization can have {MAX_OPEN} open invitations. Withdraw one first.")
    invitation_id, code = new_id("inv"), new_code()
    row = {
        "code_hash": hash_secret(code),
        "id": invitation_id,
        "organization_id": organization_id,
        "email": email_address.normalize_email(invited.email),
        "role": invited.role.value,
        "created": now,
        "created_by": invited.by,
        "expires": now + LIFETIME,
    }
    connection.execute(insert(invitations).values(row))
    created = connection.execute(_invitations().where(invitations.c.id == invitation_id)).one()
    return _invitation(created), code


def list_open(connection: Connection, organization_id: str, *, page: PageRequest, now: int) -> Sequence[Invitation]:
    """Return a page of the open invitations, by address."""
    query = _invitations().where(_is_open(now), invitations.c.organization_id == organization_id)
    if page.after:
        invitation_id, blank, email = page.after.partition(" ")
        if not blank:
            raise BadRequest("Invalid `cursor`. Use the one from the `Link` header of the previous page.")
        place = tuple_(invitations.c.email, invitations.c.id)
        query = query.where(place > tuple_(literal(email), literal(invitation_id)))
    ordered = query.order_by(invitations.c.email, invitations.c.id).limit(page.limit)
    return [_invitation(row) for row in connection.execute(ordered)]


def find_open(connection: Connection, code: str, now: int) -> Invitation | None:
    """Return the open invitation of a code, or None."""
    query = _invitations().where(_is_open(now), invitations.c.code_hash == hash_secret(code))
    row = connection.execute(query).one_or_none()
    return _invitation(row) if row else None


def use(connection: Connection, code: str, now: int) -> bool:
    """Use up the code, and return whether it was valid."""
    used = update(invitations).where(_is_open(now), invitations.c.code_hash == hash_secret(code)).values(accepted=now)
    return connection.execute(used).rowcount == 1


def withdraw(connection: Connection, organization_id: str, invitation_id: str, *, now: int) -> bool:
    """Withdraw an open invitation of the organization, and return whether there was one."""
    mine = (invitations.c.organization_id == organization_id) & (invitations.c.id == invitation_id)
    return connection.execute(delete(invitations).where(mine, _is_open(now))).rowcount == 1


def withdraw_of(connection: Connection, organization_id: str, *, email: str) -> None:
    """Withdraw every invitation of an address to the organization."""
    mine = (invitations.c.organization_id == organization_id) & (
        invitations.c.email == email_address.normalize_email(email)
    )
    connection.execute(delete(invitations).where(mine, invitations.c.accepted.is_(None)))


def _count_open(connection: Connection, organization_id: str, now: int) -> int:
    mine = invitations.c.organization_id == organization_id
    return int(connection.execute(select(func.count()).where(mine, _is_open(now))).scalar_one())


def _is_open(now: int) -> Any:
    is_alive = (invitations.c.expires > now) & (invitations.c.created <= now + LATEST_AHEAD)
    return invitations.c.accepted.is_(None) & is_alive


def _invitations() -> Select[Any]:
    return select(*COLUMNS).join_from(invitations, organizations)


def _invitation(row: Any) -> Invitation:
    return Invitation(
        row.id,
        row.organization_id,
        row.organization_key,
        row.organization_name,
        row.email,
        Role(row.role),
        row.created,
        row.expires,
    )
