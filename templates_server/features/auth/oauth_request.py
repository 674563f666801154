"""A request of the protocol in Authlib's form, based on the configured issuer, never on the Host header."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Payload, OAuth2Request

from templates_server.http.forms.urlencoded import Parameters

CHALLENGE = 'Basic realm="mtribes"'


class RefusedClient(InvalidClientError):
    """The error for an unknown or unauthenticated client: 401, with the scheme to use (RFC 6749, 5.2)."""

    def __init__(self, description: str) -> None:
        super().__init__(description=description, status_code=401)

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers of the response."""
        headers = [header for header in super().get_headers() if header[0] != "WWW-Authenticate"]
        return [*headers, ("WWW-Authenticate", CHALLENGE)]


class ProtocolPayload(OAuth2Payload):
    """Request parameters in Authlib's form."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    @property
    def data(self) -> Mapping[str, str]:
        """The first value of each parameter."""
        return {name: values[0] for name, values in self._parameters.values.items() if values[0]}

    @property
    def datalist(self) -> Mapping[str, Sequence[str]]:
        """All values of each parameter."""
        return self._parameters.values


class ProtocolRequest(OAuth2Request):
    """A request at `uri`, below the issuer. `parameters` come from the query to authorize, else from the body."""

    def __init__(
        self, method: str, uri: str, *, parameters: Parameters, authorization: str = "", is_json: bool = False
    ) -> None:
        super().__init__(method, uri, headers={"Authorization": authorization} if authorization else {})
        self.payload = ProtocolPayload(parameters)
        self.parameters = parameters
        self.is_json = is_json

    @property
    def args(self) -> Mapping[str, str]:
        """The parameters."""
        return self.payload.data

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters."""
        return self.payload.data


@dataclass(frozen=True)
class ClientCredentials:
    """A client's credentials: `method` is a name of RFC 7591, `secret` is empty for a public client."""

    method: str
    client_id: str
    secret: str = ""


def read_credentials(request: ProtocolRequest) -> ClientCredentials:
    """Return the request's credentials; raise RefusedClient if malformed, InvalidRequestError if several are given."""
    header = request.headers.get("Authorization")
    form = request.parameters
    if header is None:
        method = "client_secret_post" if form.get("client_secret") else "none"
        return ClientCredentials(method, form.text("client_id"), form.text("client_secret"))
    client_id, secret = _basic(header)
    if form.get("client_secret") or form.get("client_id") not in {None, client_id}:
        raise InvalidRequestError(
            "Client credentials were sent twice. Send them in the Authorization header or in the body, not both."
        )
    return ClientCredentials("client_secret_basic", client_id, secret)


def _basic(header: str) -> tuple[str, str]:
    """Return user and password of a Basic header, both form-encoded (RFC 6749, 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
        user, colon, password = decoded.partition(":")
        client_id, secret = unquote(user, errors="strict"), unquote(password, errors="strict")
    except ValueError:  # not base64, not UTF-8
        raise RefusedClient("Cannot read the credentials in the Authorization header.") from None
    if scheme.lower() != "basic" or not colon or "\0" in decoded + client_id:
        raise RefusedClient("The Authorization header must use Basic with the client ID and secret.")
    return client_id, secret
