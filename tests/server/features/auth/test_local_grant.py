"""Signing in to a local server with the code in its data folder."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from templates_server.features.auth.local_code import LocalCode
from tests.server.features.auth.flows import refresh, someone, status_with
from tests.servers import RunningServer, running_server

GRANT = "urn:mtribes:params:oauth:grant-type:local"


def ask(server: RunningServer, code: str, **fields: str) -> httpx.Response:
    with server.client() as client:
        return client.post(
            "/oauth/token", data={"grant_type": GRANT, "client_id": "mtribes-cli", "code": code, **fields}
        )


def test_the_code_signs_in_as_the_first_administrator_once(tmp_path: Path) -> None:
    with running_server(tmp_path, local=True) as server:
        first, _ = someone(server), someone(server)
        code = (tmp_path / "local-code").read_text()
        tokens = ask(server, code).json()
        with server.client(Authorization=f"Bearer {tokens['access_token']}") as client:
            assert client.get("/v2/me").json()["data"][0]["email"] == first.email
        assert refresh(server, tokens["refresh_token"]).status_code == 200
        assert ask(server, code).json()["error"] == "invalid_grant"
        renewed = (tmp_path / "local-code").read_text()
        assert renewed != code
        assert status_with(server, ask(server, renewed).json()["access_token"]) == 200


def test_the_code_can_be_read_by_its_owner_alone_before_and_after_it_was_used(tmp_path: Path) -> None:
    path = tmp_path / "local-code"
    code = LocalCode(tmp_path)
    modes = [stat.S_IMODE(path.stat().st_mode)]
    assert code.use(path.read_text())
    modes.append(stat.S_IMODE(path.stat().st_mode))
    assert modes == [0o600, 0o600]
    assert [file.name for file in tmp_path.iterdir()] == ["local-code"]


def test_of_many_that_use_one_code_at_once_one_signs_in(tmp_path: Path) -> None:
    with running_server(tmp_path, local=True) as server:
        someone(server)
        code = (tmp_path / "local-code").read_text()
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: ask(server, code).status_code, range(8)))
    assert sorted(answers) == [200] + [400] * 7


@pytest.mark.parametrize("code", ["", "wrong", "é", "x" * 43])
def test_another_code_is_refused_and_leaves_the_right_one_good(tmp_path: Path, code: str) -> None:
    with running_server(tmp_path, local=True) as server:
        someone(server)
        assert ask(server, code).json()["error"] == "invalid_grant"
        assert ask(server, (tmp_path / "local-code").read_text()).status_code == 200


def test_with_nobody_to_sign_in_as_the_code_stays_good(tmp_path: Path) -> None:
    with running_server(tmp_path, local=True) as server:
        code = (tmp_path / "local-code").read_text()
        assert ask(server, code).json()["error"] == "invalid_grant"
        assert (tmp_path / "local-code").read_text() == code


@pytest.mark.parametrize(("local", "public_url"), [(False, "http://127.0.0.1"), (True, "https://mtribes.example.com")])
def test_a_server_that_is_not_local_has_neither_code_nor_grant(tmp_path: Path, *, local: bool, public_url: str) -> None:
    (tmp_path / "local-code").write_text("left behind")
    with running_server(tmp_path, local=local, public_url=public_url) as server:
        someone(server)
        assert not (tmp_path / "local-code").exists()
        assert ask(server, "left behind").json()["error"] == "unsupported_grant_type"
        with server.client() as client:
            grants = client.get("/.well-known/oauth-authorization-server").json()["grant_types_supported"]
    assert GRANT not in grants


def test_a_local_server_says_that_it_knows_the_grant(tmp_path: Path) -> None:
    with running_server(tmp_path, local=True) as server, server.client() as client:
        grants = client.get("/.well-known/oauth-authorization-server").json()["grant_types_supported"]
    assert GRANT in grants
