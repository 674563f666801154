"""Authlib's client completes every flow, from the metadata on."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client import OAuthError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from tests.server.features.auth.device_flow import DEVICE_GRANT, decide
from tests.server.features.auth.flows import (
    REDIRECT,
    VERIFIER,
    answered,
    service_account,
    signed_in_browser,
    someone,
    status_with,
)
from tests.servers import TLS, RunningServer


def oauth_client(*names: str, **settings: Any) -> Any:
    """Authlib's client; it would rather have the successor of httpx, and says so when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AuthlibDeprecationWarning)
        from authlib.integrations.httpx_client import OAuth2Client  # noqa: PLC0415 - it warns
    return OAuth2Client(*names, trust_env=False, verify=TLS, **settings)


@pytest.fixture
def metadata(server: RunningServer) -> dict[str, Any]:
    """What the server says of itself; Authlib finds nothing wrong with it, but for http on loopback."""
    with server.client() as client:
        found: dict[str, Any] = client.get(get_well_known_url(server.settings.public_url)).raise_for_status().json()
    secure = AuthorizationServerMetadata(
        {
            name: value.replace("http://", "https://") if isinstance(value, str) else value
            for name, value in found.items()
        }
    )
    secure.validate()
    return found


@pytest.fixture
def cli(metadata: dict[str, Any]) -> Iterator[Any]:
    """A public client."""
    with oauth_client(
        "mtribes-cli",
        token_endpoint_auth_method="none",
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
    ) as client:
        yield client


def test_a_code_with_pkce_then_refreshed_then_revoked(
    server: RunningServer, metadata: dict[str, Any], cli: Any
) -> None:
    url, state = cli.create_authorization_url(metadata["authorization_endpoint"], code_verifier=VERIFIER)
    browser, path = signed_in_browser(server, someone(server)), url.removeprefix(server.url)
    location = browser.submit(path, browser.get(path), decision="allow").headers["location"]
    assert answered(location)["iss"] == metadata["issuer"]
    first = cli.fetch_token(authorization_response=location, state=state, code_verifier=VERIFIER)
    assert status_with(server, first["access_token"]) == 200
    second = cli.refresh_token()
    assert second["refresh_token"] != first["refresh_token"]
    answer = cli.revoke_token(metadata["revocation_endpoint"], second["refresh_token"], "refresh_token")
    assert answer.status_code == 200
    assert status_with(server, second["access_token"]) == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        cli.refresh_token(refresh_token=second["refresh_token"])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials(server: RunningServer, metadata: dict[str, Any], method: str) -> None:
    client_id, secret = service_account(server)
    with oauth_client(client_id, secret, token_endpoint_auth_method=method) as service:
        token = service.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        assert token["expires_in"] == 28800
        assert service.get(f"{server.url}/v2/me").json()["data"][0]["kind"] == "service"


def test_the_device_flow(server: RunningServer, metadata: dict[str, Any], cli: Any) -> None:
    form = {"client_id": "mtribes-cli"}
    codes = cli.request("POST", metadata["device_authorization_endpoint"], data=form, withhold_token=True).json()
    asking = {"grant_type": DEVICE_GRANT, "device_code": codes["device_code"]}
    with pytest.raises(OAuthError, match="authorization_pending"):
        cli.fetch_token(**asking)
    decide(signed_in_browser(server, someone(server)), codes["user_code"])
    assert status_with(server, cli.fetch_token(**asking)["access_token"]) == 200
    with pytest.raises(OAuthError, match="invalid_grant"):
        cli.fetch_token(**asking)
