"""Personal access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mtribes_cli.api.client.authorized_session import AuthorizedSession
from mtribes_cli.api.models.access import CreatedToken, Token
from mtribes_cli.api.request import Request, drop_none, path_of, post


class TokensClient(AuthorizedSession):
    """Calls about personal access tokens."""

    def tokens(self, organization: str | None = None) -> tuple[Token, ...]:
        """Return one's own tokens, or those of members that reach an organization."""
        return self.fetch_all(("v2", "tokens"), Token.read, query=drop_none(organization=organization))

    def create_token(self, wanted: Mapping[str, object]) -> CreatedToken:
        """Create a personal access token."""
        return self.fetch_one(post(("v2", "tokens"), wanted, once=True), CreatedToken.read)

    def revoke_personal_token(self, token_id: str) -> None:
        """Revoke a token by its ID."""
        self.entities(Request("DELETE", path_of("v2", "tokens", token_id), may_repeat=True))

    def revoke_by_text(self, secret: str) -> None:
        """Revoke a token by its text; no other credentials are sent."""
        request = post(("v2", "tokens", "revoke"), {"token": secret}, may_repeat=True)
        self.entities(replace(request, is_authorized=False))
