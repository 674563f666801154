"""`mtribes-server organization add` and `account add`: who can sign in, beside a running server too."""

from __future__ import annotations

import io
import re
from pathlib import Path

import httpx
import pytest

from templates_server.__main__ import main
from templates_server.access import Role
from templates_server.accounts import store
from templates_server.opening import open_database
from templates_server.pagination import Page
from templates_server.settings import sqlite_url
from tests.server_processes import server_process

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    assert main(["organization", "add", "acme", "--name", "Acme", "--data", str(folder)]) == 0
    return folder


def members(folder: Path) -> list[tuple[str, str, Role]]:
    database = open_database(sqlite_url(folder))
    organization = "SELECT id FROM organizations WHERE key = 'acme'"
    found = database.read_now(
        lambda connection: store.members_of(
            connection, connection.exec_driver_sql(organization).scalar_one(), Page(100, "")
        )
    )
    database.close()
    return [(member.email, member.name, member.role) for member in found]


def test_a_person_is_added_with_a_role(folder: Path) -> None:
    options = ["--name", "Ada", "--organization", "acme", "--role", "viewer", "--password-stdin"]
    assert main(["account", "add", "ada@example.com", *options, "--data", str(folder)]) == 0
    assert members(folder) == [("ada@example.com", "Ada", Role.VIEWER)]


@pytest.mark.slow
def test_what_was_added_beside_a_running_server_can_sign_in_there(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        folder = str(server.folder)
        assert main(["organization", "add", "acme", "--data", folder]) == 0
        options = ["--organization", "acme", "--role", "administrator", "--password-stdin"]
        assert main(["account", "add", "Ada@Example.com", *options, "--data", folder]) == 0
        with httpx.Client(base_url=server.url, headers={"Origin": server.url}, trust_env=False) as browser:
            page = browser.get("/sign-in")
            token = re.search(r'name="form_token" value="([^"]+)"', page.text)
            assert token is not None
            form = {"form_token": token[1], "next": "/", "email": "ada@example.com", "password": PASSWORD}
            assert browser.post("/sign-in", data=form).status_code == 303
            assert "ada@example.com" in browser.get("/").text


def test_a_known_person_gets_one_more_organization_without_a_password(folder: Path) -> None:
    assert main(["account", "add", "ada@example.com", "--password-stdin", "--data", str(folder)]) == 0
    assert main(["account", "add", "ada@example.com", "--organization", "acme", "--data", str(folder)]) == 0
    assert members(folder) == [("ada@example.com", "ada@example.com", Role.DEVELOPER)]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["account", "add", "not-an-address", "--password-stdin"], 2, "not an e-mail address"),
        (["account", "add", "ada@example.com", "--password-stdin", "--organization", "none"], 1, "no organization"),
        (["account", "add", "ada@example.com", "--password-stdin", "--role", "king"], 2, "king"),
        (["account", "add", "ada@example.com"], 2, "--password-stdin"),
        (["account", "add", "ada@example.com", "--password", "x"], 2, "No such option"),
        (["organization", "add", "acme"], 1, "There is an organization with the key acme"),
        (["organization", "add", "Not A Key"], 1, "not a key"),
        (["account"], 2, "Missing command"),
    ],
)
def test_what_cannot_be_is_refused_in_two_lines(
    folder: Path, arguments: list[str], exit_code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    data = ["--data", str(folder)] if len(arguments) > 1 else []
    assert main([*arguments, *data]) == exit_code
    error = capsys.readouterr().err
    assert said in error
    assert re.fullmatch(r"error: .+\nhint: .+\n", error)
    assert members(folder) == []


def test_a_poor_password_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["account", "add", "ada@example.com", "--password-stdin", "--data", str(folder)]) == 2
