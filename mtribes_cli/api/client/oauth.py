"""The authorization server (RFC 6749). None of these calls sends an access token."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from mtribes_cli.api.client.session import Session
from mtribes_cli.api.models.oauth import DeviceCodes, IssuedToken, OAuthServer
from mtribes_cli.api.request import Request
from mtribes_cli.api.response import ApiResponse, parse_token_response, raise_failure
from mtribes_cli.api.transport import TimedResponse, TransportError

METADATA_PATH = "/.well-known/oauth-authorization-server"


class OAuthClient(Session):
    """Calls of the authorization server: its metadata, tokens, and their revocation."""

    def oauth_server(self) -> OAuthServer:
        """Return the metadata of the authorization server (RFC 8414)."""
        answer = self.send_with_retries(Request("GET", METADATA_PATH, may_repeat=True, is_authorized=False), token=None)
        if not answer.is_success:
            raise_failure(answer)
        return OAuthServer.read(answer.json(), "metadata")

    def probe_metadata(self) -> TimedResponse:
        """Return the metadata and how the response arrived; requested once, without credentials."""
        request = Request("GET", METADATA_PATH, is_authorized=False)
        try:
            return self.transport.look(request)
        except TransportError as failure:
            raise failure.error from failure

    def issue_token(self, form: Mapping[str, str], *, may_repeat: bool = False) -> IssuedToken:
        """Return a token for a grant (RFC 6749, 4). Raises NotSignedInError if the grant is rejected."""
        answer = self._send_form("/oauth/token", form, may_repeat=may_repeat)
        return IssuedToken.read(parse_token_response(answer), "token")

    def device_codes(self, form: Mapping[str, str]) -> DeviceCodes:
        """Return a code for a person, and one for this program (RFC 8628, 3.1)."""
        answer = self._send_form("/oauth/device_authorization", form, may_repeat=True)
        return DeviceCodes.read(parse_token_response(answer), "device authorization")

    def revoke_token(self, form: Mapping[str, str]) -> None:
        """Revoke a token and those derived from it (RFC 7009)."""
        answer = self._send_form("/oauth/revoke", form, may_repeat=True)
        if not answer.is_success:
            parse_token_response(answer)

    def _send_form(self, path: str, form: Mapping[str, str], *, may_repeat: bool) -> ApiResponse:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return self.send_with_retries(
            Request("POST", path, body, headers, may_repeat=may_repeat, is_authorized=False), token=None
        )
