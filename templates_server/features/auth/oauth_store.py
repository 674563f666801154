"""All SQL for codes, token families, and the tokens issued by OAuth.

One statement uses up a single-use code or token, in the transaction that stores its result. A token is revoked if its
family is: revoking a family changes one row, regardless of concurrent requests.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, insert, select, update

from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import DAY, HOUR, LATEST_AHEAD, SECOND
from templates_server.storage.tables import authorization_codes, token_families, tokens

CODE_LIFETIME = 60 * SECOND
ACCESS_LIFETIME = HOUR
SERVICE_ACCESS_LIFETIME = 8 * HOUR
REFRESH_IDLE_LIFETIME = 30 * DAY
FAMILY_LIFETIME = 180 * DAY
KEPT_AFTER_EXPIRY = DAY
REPEAT_WINDOW = 30 * SECOND


@dataclass(frozen=True)
class TokenFamily:
    """All tokens of one sign-in of an account with a client. `scopes` are in canonical form."""

    id: str
    client_id: str
    account_id: str
    scopes: str
    expires: int

    def check_client(self, client: object) -> bool:
        """Return whether the family belongs to that client."""
        return bool(self.client_id == client.get_client_id())  # type: ignore[attr-defined]  # a client of `clients`

    def get_scope(self) -> str:
        """Return the scope of the consent."""
        return self.scopes


@dataclass(frozen=True)
class AuthorizationCode:
    """An authorization code and the data it represents."""

    code_hash: bytes
    family: TokenFamily
    redirect_uri: str
    code_challenge: str
    expires: int
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        """Return the redirect URI that received the code."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the scope of the consent."""
        return self.family.scopes


@dataclass(frozen=True)
class IssuedToken:
    """An OAuth token as it is stored."""

    token_hash: bytes
    kind: str
    family: TokenFamily | None
    service_account_id: str | None

    def check_client(self, client: object) -> bool:
        """Return whether the token was issued to that client."""
        client_id = client.get_client_id()  # type: ignore[attr-defined]  # a client of `clients`
        return bool(client_id == (self.family.client_id if self.family else self.service_account_id))


def new_family(account_id: str, *, client_id: str, scopes: str, now: int) -> TokenFamily:
    """Return a new family that is not stored yet."""
    return TokenFamily(new_id("fam"), client_id, account_id, scopes, now + FAMILY_LIFETIME)


def add_family(connection: Connection, family: TokenFamily, *, now: int) -> None:
    """Store a new family."""
    connection.execute(
        insert(token_families).values(
            id=family.id,
            client_id=family.client_id,
            account_id=family.account_id,
            scopes=family.scopes,
            created=now,
            expires=family.expires,
        )
    )


def forget_expired(connection: Connection, *, account_id: str, now: int) -> None:
    """Delete the expired rows of an account's earlier sign-ins; replays of them are still rejected."""
    over = now - KEPT_AFTER_EXPIRY
    of_sign_ins = (tokens.c.account_id == account_id) & tokens.c.family_id.is_not(None)
    connection.execute(delete(tokens).where(of_sign_ins, tokens.c.expires <= over))
    for table in (authorization_codes, token_families):
        connection.execute(delete(table).where(table.c.account_id == account_id, table.c.expires <= over))


def forget_expired_of_service(connection: Connection, *, service_account_id: str, now: int) -> None:
    """Delete the expired access tokens of a service account."""
    is_over = (tokens.c.service_account_id == service_account_id) & (tokens.c.expires <= now - KEPT_AFTER_EXPIRY)
    connection.execute(delete(tokens).where(is_over))


def revoke_family(connection: Connection, family_id: str, now: int) -> None:
    """Revoke every token of a sign-in."""
    connection.execute(
        update(token_families)
        .where(token_families.c.id == family_id, token_families.c.revoked.is_(None))
        .values(revoked=now)
    )


def revoke_families_of(connection: Connection, account_id: str, now: int) -> int:
    """Revoke all sign-ins of an account in programs, and return how many there were."""
    mine = (token_families.c.account_id == account_id) & token_families.c.revoked.is_(None)
    return connection.execute(update(token_families).where(mine).values(revoked=now)).rowcount


def add_code(connection: Connection, code: AuthorizationCode, *, now: int) -> None:
    """Store an issued code."""
    connection.execute(
        insert(authorization_codes).values(
            code_hash=code.code_hash,
            client_id=code.family.client_id,
            account_id=code.family.account_id,
            redirect_uri=code.redirect_uri,
            scopes=code.family.scopes,
            code_challenge=code.code_challenge,
            family_id=code.family.id,
            created=now,
            expires=code.expires,
        )
    )


def use_code(connection: Connection, code_hash: bytes, *, client_id: str, now: int) -> AuthorizationCode | None:
    """Use up and return the code; None if unknown, another client's or already used."""
    mine = (authorization_codes.c.code_hash == code_hash) & (authorization_codes.c.client_id == client_id)
    used = (
        update(authorization_codes)
        .where(mine, authorization_codes.c.redeemed.is_(None))
        .values(redeemed=now)
        .returning(authorization_codes)
    )
    row = connection.execute(used).one_or_none()
    if row is None:
        return None
    family = TokenFamily(row.family_id, row.client_id, row.account_id, row.scopes, now + FAMILY_LIFETIME)
    return AuthorizationCode(code_hash, family, row.redirect_uri, row.code_challenge, row.expires)


def revoke_family_of_code(connection: Connection, code_hash: bytes, *, client_id: str, now: int) -> None:
    """Revoke every token issued for a code that is used again (RFC 6749, 4.1.2)."""
    family_id = connection.execute(
        select(authorization_codes.c.family_id).where(
            authorization_codes.c.code_hash == code_hash, authorization_codes.c.client_id == client_id
        )
    ).scalar_one_or_none()
    if family_id is not None:
        revoke_family(connection, family_id, now)


def add_access_token(connection: Connection, token_hash: bytes, *, family: TokenFamily, scopes: str, now: int) -> None:
    """Store an access token of a sign-in."""
    connection.execute(
        insert(tokens).values(
            token_hash=token_hash,
            id=new_id("tok"),
            kind="access",
            account_id=family.account_id,
            family_id=family.id,
            scopes=scopes,
            created=now,
            expires=min(now + ACCESS_LIFETIME, family.expires),
        )
    )


def add_service_token(
    connection: Connection, token_hash: bytes, *, service_account_id: str, scopes: str, now: int
) -> None:
    """Store an access token of a service account."""
    connection.execute(
        insert(tokens).values(
            token_hash=token_hash,
            id=new_id("tok"),
            kind="access",
            service_account_id=service_account_id,
            scopes=scopes,
            created=now,
            expires=now + SERVICE_ACCESS_LIFETIME,
        )
    )


def add_refresh_token(connection: Connection, token_hash: bytes, *, family: TokenFamily, now: int) -> None:
    """Store a refresh token of a sign-in."""
    connection.execute(
        insert(tokens).values(
            token_hash=token_hash,
            id=new_id("tok"),
            kind="refresh",
            account_id=family.account_id,
            family_id=family.id,
            scopes=family.scopes,
            created=now,
            expires=min(now + REFRESH_IDLE_LIFETIME, family.expires),
        )
    )


def find_refresh_family(connection: Connection, token_hash: bytes, now: int) -> TokenFamily | None:
    """Return the family of a refresh token, exchanged or not; None if it is unknown, expired or revoked."""
    query = (
        select(token_families)
        .join(tokens, tokens.c.family_id == token_families.c.id)
        .where(
            tokens.c.token_hash == token_hash,
            tokens.c.kind == "refresh",
            tokens.c.expires > now,
            tokens.c.created <= now + LATEST_AHEAD,
            token_families.c.revoked.is_(None),
        )
    )
    row = connection.execute(query).one_or_none()
    return TokenFamily(row.id, row.client_id, row.account_id, row.scopes, row.expires) if row else None


def use_refresh_token(connection: Connection, token_hash: bytes, now: int) -> bool:
    """Use up the refresh token, and return whether it was still unused."""
    used = update(tokens).where(tokens.c.token_hash == token_hash, tokens.c.replaced.is_(None)).values(replaced=now)
    return connection.execute(used).rowcount == 1


def is_repeatable(connection: Connection, token_hash: bytes, *, successor_hash: bytes, now: int) -> bool:
    """Return whether an exchange may be repeated: it is recent and its successor is unused."""
    unused = exists().where(tokens.c.token_hash == successor_hash, tokens.c.replaced.is_(None))
    query = select(tokens.c.id).where(
        tokens.c.token_hash == token_hash,
        tokens.c.replaced.between(now - REPEAT_WINDOW + 1, now + REPEAT_WINDOW),  # not from the future
        unused.correlate(None),
    )
    return connection.execute(query).one_or_none() is not None


def find_issued_token(connection: Connection, token_hash: bytes) -> IssuedToken | None:
    """Return an access or refresh token, active or not."""
    query = (
        select(tokens.c.kind, tokens.c.service_account_id, token_families)
        .outerjoin(token_families, token_families.c.id == tokens.c.family_id)
        .where(tokens.c.token_hash == token_hash, tokens.c.kind.in_(("access", "refresh")))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    family = TokenFamily(row.id, row.client_id, row.account_id, row.scopes, row.expires) if row.id else None
    return IssuedToken(token_hash, row.kind, family, row.service_account_id)


def revoke_token(connection: Connection, token: IssuedToken, now: int) -> None:
    """Revoke a token; a refresh token with all tokens of the same sign-in (RFC 7009, 2.1)."""
    if token.kind == "refresh" and token.family is not None:
        revoke_family(connection, token.family.id, now)
    else:
        connection.execute(
            update(tokens)
            .where(tokens.c.token_hash == token.token_hash, tokens.c.revoked.is_(None))
            .values(revoked=now)
        )
