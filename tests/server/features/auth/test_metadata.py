"""The metadata of the authorization server (RFC 8414)."""

from __future__ import annotations

from pathlib import Path

from tests.servers import RunningServer, running_server

WELL_KNOWN = "/.well-known/oauth-authorization-server"


def test_the_issuer_is_the_configured_one_byte_for_byte_whatever_host_is_asked(server: RunningServer) -> None:
    with server.client(Host="localhost:4711") as client:
        document = client.get(WELL_KNOWN).json()
    assert document["issuer"] == server.settings.public_url
    assert "localhost" not in str(document)


def test_s256_only_and_the_grants_by_name(server: RunningServer) -> None:
    with server.client() as client:
        document = client.get(WELL_KNOWN).json()
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["grant_types_supported"] == [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    ]
    assert document["response_types_supported"] == ["code"]
    assert document["authorization_response_iss_parameter_supported"] is True


def test_every_url_in_it_answers(server: RunningServer) -> None:
    with server.client() as client:
        document = client.get(WELL_KNOWN).json()
        endpoints = {name: url for name, url in document.items() if name.endswith("_endpoint")}
        assert len(endpoints) == 4
        assert all(client.post(url).status_code not in {404, 405} for url in endpoints.values())


def test_an_issuer_with_a_path_is_found_as_rfc_8414_and_as_openid_say(tmp_path: Path) -> None:
    public_url = "https://apps.example.com/some/mtribes"
    with running_server(tmp_path, public_url=public_url) as running, running.client() as client:
        found = client.get(f"{WELL_KNOWN}/some/mtribes").json()
        below = client.get(f"/some/mtribes{WELL_KNOWN}").json()
        assert found["issuer"] == below["issuer"] == public_url
        assert found["token_endpoint"] == f"{public_url}/oauth/token"
        assert client.get(f"{WELL_KNOWN}/some/other").status_code == 404
        assert client.post("/some/mtribes/oauth/token", data={"grant_type": "x"}).json() == {
            "error": "unsupported_grant_type"
        }
