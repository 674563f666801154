"""All SQL for accounts, organizations, memberships and service accounts. Invitations: `invitations/store.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from templates_server.errors import BadRequest, Conflict, ErrorDetail, NotFound, ValidationFailed
from templates_server.features.accounts import email_address
from templates_server.http.pagination import PageRequest
from templates_server.primitives.ids import is_key, new_id
from templates_server.security.authorization import Role, Scope
from templates_server.security.secrets import SecretKind, hash_secret, new_secret
from templates_server.storage.removal.store import is_kept
from templates_server.storage.tables import accounts, invitations, memberships, organizations, service_accounts, spaces

MAX_NAME_LENGTH = 200
MAX_SERVICE_ACCOUNTS = 100  # of an organization
MAX_ADMINISTRATED = 100  # organizations of a person who creates another
MOST_SPACES_NAMED = 5
ACCOUNT_COLUMNS = (accounts.c.id, accounts.c.email, accounts.c.name, accounts.c.password_hash)
ORGANIZATION_COLUMNS = (organizations.c.id, organizations.c.key, organizations.c.name, organizations.c.created)
SERVICE_ACCOUNT_COLUMNS = (
    service_accounts.c.id,
    service_accounts.c.organization_id,
    service_accounts.c.name,
    service_accounts.c.secret_hash,
    service_accounts.c.scopes,
    service_accounts.c.created,
)


@dataclass(frozen=True)
class Account:
    """A person who can sign in. `email` is normalized."""

    id: str
    email: str
    name: str
    password_hash: str


@dataclass(frozen=True)
class Organization:
    """A tenant. `created` is in milliseconds."""

    id: str
    key: str
    name: str
    created: int


@dataclass(frozen=True)
class Member:
    """A person as a member of an organization. `email` is normalized."""

    account_id: str
    email: str
    name: str
    role: Role


@dataclass(frozen=True)
class ServiceAccount:
    """A program as a member of an organization; its ID is its OAuth client ID. `created` is in milliseconds."""

    id: str
    organization_id: str
    name: str
    secret_hash: bytes
    scopes: frozenset[Scope]
    created: int


def create_account(connection: Connection, email: str, *, name: str, password_hash: str, now: int) -> str:
    """Create an account and return its ID; raise Conflict for a used address, ValidationFailed for an invalid one."""
    if not email_address.is_email(email.strip()):
        raise ValidationFailed([ErrorDetail("email", f"Invalid e-mail address: {email!r}.")])
    _check_name(name)
    if find_account_by_email(connection, email) is not None:
        raise Conflict(f"{email} already has an account.", path="email")
    account_id = new_id("acc")
    connection.execute(
        insert(accounts).values(
            id=account_id,
            email=email_address.normalize_email(email),
            name=name,
            password_hash=password_hash,
            created=now,
        )
    )
    return account_id


def has_organizations(connection: Connection) -> bool:
    """Return whether any organization exists."""
    return connection.execute(select(organizations.c.id).where(is_kept()).limit(1)).one_or_none() is not None


def create_organization(connection: Connection, key: str, *, name: str, now: int) -> str:
    """Create an organization and return its ID. Raise Conflict for a used key, ValidationFailed unless kebab-case."""
    if not is_key(key):
        raise ValidationFailed([ErrorDetail("key", f"Invalid key {key!r}. Use kebab-case, starting with a letter.")])
    _check_name(name)
    return add_organization(connection, key, name=name, now=now)


def add_organization(connection: Connection, key: str, *, name: str, now: int) -> str:
    """Store an organization with a valid key and name, and return its ID; raise Conflict if the key exists."""
    organization_id = new_id("org")
    try:
        connection.execute(insert(organizations).values(id=organization_id, key=key, name=name, created=now))
    except IntegrityError:
        raise Conflict(
            f"The key '{key}' is already in use by an organization on this server. Choose another key.", path="key"
        ) from None
    return organization_id


def rename_organization(connection: Connection, organization_id: str, name: str) -> str:
    """Rename an organization that is locked, and return its previous name."""
    mine = organizations.c.id == organization_id
    before = connection.execute(select(organizations.c.name).where(mine)).scalar_one()
    connection.execute(update(organizations).where(mine).values(name=name))
    return str(before)


def delete_organization(connection: Connection, organization_id: str) -> None:
    """Delete an organization with its members, invitations and service accounts.

    Raise Conflict while it has Spaces, NotFound if it no longer exists. Its key becomes available; later steps delete
    its audit log.
    """
    lock_organization(connection, organization_id, to_delete=True)
    keys = _first_spaces(connection, organization_id)
    if keys:
        more = ", ..." if len(keys) > MOST_SPACES_NAMED else ""
        named = ", ".join(keys[:MOST_SPACES_NAMED]) + more
        raise Conflict(f"The organization still has Spaces: {named}. Delete them before you delete the organization.")
    for table in (memberships, invitations, service_accounts):
        connection.execute(delete(table).where(table.c.organization_id == organization_id))
    removed = update(organizations).where(organizations.c.id == organization_id)
    connection.execute(removed.values(key=organizations.c.id, name=""))


def _first_spaces(connection: Connection, organization_id: str) -> Sequence[str]:
    query = select(spaces.c.key).where(spaces.c.organization_id == organization_id).order_by(spaces.c.key)
    return connection.execute(query.limit(MOST_SPACES_NAMED + 1)).scalars().all()


def count_administrated(connection: Connection, account_id: str) -> int:
    """Count the organizations a person administers; block them from creating another until the transaction ends."""
    connection.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update()).one()
    mine = (memberships.c.account_id == account_id) & (memberships.c.role == Role.ADMINISTRATOR.value)
    return int(connection.execute(select(func.count()).select_from(memberships).where(mine)).scalar_one())


def add_member(connection: Connection, organization_id: str, *, account_id: str, role: Role) -> None:
    """Make an account a member; raise Conflict if it already is one."""
    present = select(memberships.c.role).where(
        memberships.c.organization_id == organization_id, memberships.c.account_id == account_id
    )
    if connection.execute(present).one_or_none():
        raise Conflict("The account is already a member.")
    connection.execute(
        insert(memberships).values(organization_id=organization_id, account_id=account_id, role=role.value)
    )


def create_service_account(
    connection: Connection, organization_id: str, *, name: str, scopes: Collection[Scope], now: int
) -> tuple[str, str]:
    """Create a service account; return its ID (also the OAuth client ID) and its secret, which is not stored.

    Raise Conflict if the organization has reached its limit.
    """
    _check_name(name)
    lock_organization(connection, organization_id)
    live = select(func.count()).select_from(service_accounts).where(_is_live(organization_id))
    if connection.execute(live).scalar_one() >= MAX_SERVICE_ACCOUNTS:
        raise Conflict(f"An organization can have {MAX_SERVICE_ACCOUNTS} service accounts. Revoke one first.")
    service_account_id, secret = new_id("svc"), new_secret(SecretKind.SERVICE)
    connection.execute(
        insert(service_accounts).values(
            id=service_account_id,
            organization_id=organization_id,
            name=name,
            secret_hash=hash_secret(secret),
            scopes=" ".join(sorted(scopes)),
            created=now,
        )
    )
    return service_account_id, secret


def _check_name(name: str) -> None:
    if not is_name(name):
        raise ValidationFailed([ErrorDetail("name", f"A name must have 1 to {MAX_NAME_LENGTH} printable characters.")])


def is_name(text: str) -> bool:
    """Return whether the text is a valid name of a person, an organization or a service account."""
    return bool(text.strip()) and len(text) <= MAX_NAME_LENGTH and text.isprintable()


def lock_organization(connection: Connection, organization_id: str, *, to_delete: bool = False) -> None:
    """Lock the membership of an organization until the transaction ends; raise NotFound if it no longer exists.

    For a deletion, creating Spaces in it is blocked too.
    """
    query = select(organizations.c.id).where(organizations.c.id == organization_id, is_kept())
    query = query.with_for_update(key_share=not to_delete)
    if connection.execute(query).one_or_none() is None:
        raise NotFound


def find_account_by_email(connection: Connection, email: str) -> Account | None:
    """Return the account of an address in any spelling."""
    row = connection.execute(
        select(*ACCOUNT_COLUMNS).where(accounts.c.email == email_address.normalize_email(email))
    ).one_or_none()
    return Account(*row) if row else None


def find_account(connection: Connection, account_id: str) -> Account | None:
    """Return the account of an ID."""
    row = connection.execute(select(*ACCOUNT_COLUMNS).where(accounts.c.id == account_id)).one_or_none()
    return Account(*row) if row else None


def find_first_administrator(connection: Connection) -> Account | None:
    """Return the oldest account that administers an organization."""
    query = (
        select(*ACCOUNT_COLUMNS)
        .join_from(accounts, memberships)
        .where(memberships.c.role == Role.ADMINISTRATOR.value)
        .order_by(accounts.c.created, accounts.c.id)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return Account(*row) if row else None


def list_organizations_of(connection: Connection, account_id: str) -> Sequence[tuple[Organization, Role]]:
    """Return the organizations of an account with its role in each, by key."""
    query = (
        select(
            organizations.c.id, organizations.c.key, organizations.c.name, organizations.c.created, memberships.c.role
        )
        .join_from(organizations, memberships)
        .where(memberships.c.account_id == account_id)
        .order_by(organizations.c.key)
    )
    return [(Organization(*row[:4]), Role(row.role)) for row in connection.execute(query)]


def find_organizations(connection: Connection, ids: Collection[str]) -> Sequence[Organization]:
    """Return the organizations with these IDs, by key."""
    query = select(*ORGANIZATION_COLUMNS).where(organizations.c.id.in_(ids)).order_by(organizations.c.key)
    return [Organization(*row) for row in connection.execute(query)]


def find_organization_keys(connection: Connection, ids: Collection[str]) -> Mapping[str, str]:
    """Return the keys of organizations by their IDs."""
    return {organization.id: organization.key for organization in find_organizations(connection, ids)}


def list_members(connection: Connection, organization_id: str, page: PageRequest) -> Sequence[Member]:
    """Return a page of the members of an organization, by email address."""
    query = _members(organization_id).where(accounts.c.email > page.after).order_by(accounts.c.email).limit(page.limit)
    return [_member(row) for row in connection.execute(query)]


def find_member(connection: Connection, organization_id: str, email: str) -> Member | None:
    """Return the member with that address in any spelling, or None."""
    query = _members(organization_id).where(accounts.c.email == email_address.normalize_email(email))
    row = connection.execute(query).one_or_none()
    return _member(row) if row else None


def change_role(connection: Connection, organization_id: str, *, member: Member, role: Role) -> None:
    """Change a member's role; raise Conflict if the organization, which is locked, would have no administrator."""
    if role is not Role.ADMINISTRATOR:
        _keep_an_administrator(connection, organization_id, without=member)
    connection.execute(update(memberships).where(_membership(organization_id, member)).values(role=role.value))


def remove_member(connection: Connection, organization_id: str, member: Member) -> None:
    """Remove a member; raise Conflict if the organization, which is locked, would have no administrator."""
    _keep_an_administrator(connection, organization_id, without=member)
    connection.execute(delete(memberships).where(_membership(organization_id, member)))


def _keep_an_administrator(connection: Connection, organization_id: str, *, without: Member) -> None:
    others = select(func.count()).where(
        memberships.c.organization_id == organization_id,
        memberships.c.role == Role.ADMINISTRATOR.value,
        memberships.c.account_id != without.account_id,
    )
    if connection.execute(others).scalar_one() == 0:
        raise Conflict(f"{without.email} is the last administrator. Make another member an administrator first.")


def _membership(organization_id: str, member: Member) -> ColumnElement[bool]:
    return (memberships.c.organization_id == organization_id) & (memberships.c.account_id == member.account_id)


def _members(organization_id: str) -> Select[Any]:
    return (
        select(accounts.c.id, accounts.c.email, accounts.c.name, memberships.c.role)
        .join_from(accounts, memberships)
        .where(memberships.c.organization_id == organization_id)
    )


def _member(row: Any) -> Member:
    return Member(row.id, row.email, row.name, Role(row.role))


def replace_password_hash(connection: Connection, account: Account, new_hash: str) -> None:
    """Store another hash of the same password, unless the password has changed meanwhile."""
    same = (accounts.c.id == account.id) & (accounts.c.password_hash == account.password_hash)
    connection.execute(update(accounts).where(same).values(password_hash=new_hash))


def list_service_accounts(connection: Connection, organization_id: str, page: PageRequest) -> Sequence[ServiceAccount]:
    """Return a page of the active service accounts of an organization, by name."""
    query = select(*SERVICE_ACCOUNT_COLUMNS).where(_is_live(organization_id))
    columns = service_accounts.c
    if page.after:
        account_id, blank, name = page.after.partition(" ")
        if not blank:
            raise BadRequest("Invalid `cursor`. Use the one from the `Link` header of the previous page.")
        query = query.where(tuple_(columns.name, columns.id) > tuple_(literal(name), literal(account_id)))
    ordered = query.order_by(columns.name, columns.id).limit(page.limit)
    return [_service_account(row) for row in connection.execute(ordered)]


def revoke_service_account(connection: Connection, service_account_id: str, *, now: int) -> bool:
    """Revoke a service account and its tokens immediately, and return whether this call revoked it."""
    mine = (service_accounts.c.id == service_account_id) & service_accounts.c.revoked.is_(None)
    return connection.execute(update(service_accounts).where(mine).values(revoked=now)).rowcount == 1


def find_organization_of_service_account(connection: Connection, service_account_id: str) -> str | None:
    """Return the organization ID of a service account, even a revoked one, or None."""
    query = select(service_accounts.c.organization_id).where(service_accounts.c.id == service_account_id)
    return connection.execute(query).scalar_one_or_none()


def find_service_account_by_secret(connection: Connection, secret_hash: bytes) -> ServiceAccount | None:
    """Return the active service account with this hash of its secret."""
    query = select(*SERVICE_ACCOUNT_COLUMNS).where(
        service_accounts.c.secret_hash == secret_hash, service_accounts.c.revoked.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return _service_account(row) if row else None


def _is_live(organization_id: str) -> ColumnElement[bool]:
    return (service_accounts.c.organization_id == organization_id) & service_accounts.c.revoked.is_(None)


def find_service_account(connection: Connection, service_account_id: str) -> ServiceAccount | None:
    """Return the service account with this ID, unless it is revoked."""
    query = select(*SERVICE_ACCOUNT_COLUMNS).where(
        service_accounts.c.id == service_account_id, service_accounts.c.revoked.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return _service_account(row) if row else None


def _service_account(row: Any) -> ServiceAccount:
    scopes = frozenset(Scope(scope) for scope in row.scopes.split())
    return ServiceAccount(row.id, row.organization_id, row.name, row.secret_hash, scopes, row.created)
