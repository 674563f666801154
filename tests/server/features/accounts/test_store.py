"""Accounts, organizations, members and service accounts as they are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from templates_server.errors import ApiError, Conflict, ValidationFailed
from templates_server.features.accounts import email_address, store
from templates_server.features.accounts import token_store as tokens_store
from templates_server.features.accounts.token_store import PersonalToken
from templates_server.primitives.ids import random_text
from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.security.authorization import ALL_SCOPES, Role, Scope
from templates_server.security.secrets import hash_secret, is_well_formed
from tests.servers import RunningServer

NOW = system_clock()


def key() -> str:
    return f"org-x{random_text(10).lower()}"


def create_account(server: RunningServer, email: str, name: str = "Ada") -> str:
    return server.database.write_sync(
        lambda connection: store.create_account(connection, email, name=name, password_hash="!", now=NOW)
    )


def create_organization(server: RunningServer, wanted: str, name: str = "Acme") -> str:
    return server.database.write_sync(
        lambda connection: store.create_organization(connection, wanted, name=name, now=NOW)
    )


def test_one_address_has_one_account_however_it_is_spelled(server: RunningServer) -> None:
    address = f"ada-{random_text(8)}@Example.COM"
    account_id = create_account(server, address)
    with pytest.raises(Conflict):
        create_account(server, f" {address.upper()} ")
    found = server.database.read_sync(lambda connection: store.find_account_by_email(connection, address.lower()))
    assert found is not None
    assert (found.id, found.email) == (account_id, address.lower())


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.com", "a@b@c.d", "a b@c.de", "a@b", "a@b.", "a\n@b.de"])
def test_what_is_no_address_gets_no_account(server: RunningServer, email: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        create_account(server, email)
    assert refusal.value.problems[0].path == "email"


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\nb", "a\u202eb"])
def test_a_name_can_be_shown_in_a_line(server: RunningServer, name: str) -> None:
    with pytest.raises(ValidationFailed):
        create_account(server, f"{random_text(8)}@example.com", name)
    with pytest.raises(ValidationFailed):
        create_organization(server, key(), name)


@given(st.emails())
def test_folding_twice_is_folding_once(email: str) -> None:
    assert (
        email_address.normalize_email(email_address.normalize_email(email))
        == email_address.normalize_email(email)
        == email_address.normalize_email(f" {email} ")
    )


@pytest.mark.parametrize("wanted", ["", "Acme", "acme_1", "1acme", "acme-", "a" * 65, "ácme"])
def test_an_organization_has_a_kebab_case_key(server: RunningServer, wanted: str) -> None:
    with pytest.raises(ValidationFailed):
        create_organization(server, wanted)


def test_a_key_is_taken_once_and_nobody_is_a_member_twice(server: RunningServer) -> None:
    wanted = key()
    organization_id = create_organization(server, wanted)
    with pytest.raises(Conflict):
        create_organization(server, wanted)
    account_id = create_account(server, f"{random_text(8)}@example.com")
    for role, expected in ((Role.VIEWER, None), (Role.ADMINISTRATOR, Conflict)):
        refusal: type[ApiError] | None = None
        try:
            server.database.write_sync(
                lambda connection, role=role: store.add_member(  # type: ignore[misc]  # bound by its default
                    connection, organization_id, account_id=account_id, role=role
                )
            )
        except ApiError as error:
            refusal = type(error)
        assert refusal is expected
    found = server.database.read_sync(lambda connection: store.list_organizations_of(connection, account_id))
    assert [(organization.key, role) for organization, role in found] == [(wanted, Role.VIEWER)]


def test_a_secret_of_a_service_account_is_given_once_and_kept_as_a_hash(server: RunningServer) -> None:
    organization_id = create_organization(server, key())
    service_id, secret = server.database.write_sync(
        lambda connection: store.create_service_account(
            connection, organization_id, name="Nightly", scopes=[Scope.CODE_READ], now=NOW
        )
    )
    found = server.database.read_sync(lambda connection: store.find_service_account(connection, service_id))
    assert found is not None
    assert (is_well_formed(secret), secret[:4]) == (True, "mts_")
    assert (found.secret_hash, found.scopes) == (hash_secret(secret), frozenset({Scope.CODE_READ}))


def test_a_personal_token_acts_as_its_owner_until_it_expires(server: RunningServer) -> None:
    organization_id = create_organization(server, key())
    account_id = create_account(server, f"{random_text(8)}@example.com")

    def work(connection: Connection) -> str:
        store.add_member(connection, organization_id, account_id=account_id, role=Role.DEVELOPER)
        wanted = PersonalToken("laptop", ALL_SCOPES, expires=NOW + DAY, limits=[organization_id])
        return tokens_store.create_personal_token(connection, account_id, token=wanted, now=NOW)[1]

    secret = server.database.write_sync(work)
    assert (is_well_formed(secret), secret[:4]) == (True, "mtp_")
    bearer = server.database.read_sync(lambda connection: tokens_store.find_bearer(connection, secret, NOW))
    assert bearer is not None
    principal = bearer.principal
    assert (principal.id, principal.roles) == (account_id, {organization_id: Role.DEVELOPER})
    assert (principal.limits, principal.scopes) == (frozenset({organization_id}), ALL_SCOPES)
    assert not principal.signed_in
    late = server.database.read_sync(lambda connection: tokens_store.find_bearer(connection, secret, NOW + DAY))
    assert late is None
