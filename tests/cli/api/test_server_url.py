"""Addresses of servers as people and files write them: one form for all that connect by them, or refused."""

from __future__ import annotations

import pytest

from mtribes_cli.api.server_url import validate_url
from tests.cli.cli_runner import CliRunner
from tests.cli.code_stub import CodeStub
from tests.cli.project_runner import Project

LONG = "a" * 64
NO_ADDRESSES = (
    "https://a..b",
    "https://.",
    f"https://{LONG}.com",
    f"https://{'a.' * 127}com",
    "https://ex\u200bample.com",
    "https://xn--\u0301.com",
    "https://good.com\\.evil.com",
    "https://good%2ecom",
    "https://a b.com",
    "https://good.com@evil.com",
    "https://:word@evil.com",
    "https://@evil.com",
    "https://a\nb",
    "https://good.com:0",
    "https://good.com/\x1b[2J",
    f"https://good.com/{'a' * 2048}",
)
COMMANDS = (("whoami",), ("user", "ingest", "users.csv", "--space", "vod", "--environment", "production"))


@pytest.mark.parametrize("argv", COMMANDS)
@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_refused_by_every_command(
    mtribes: CliRunner, argv: tuple[str, ...], address: str
) -> None:
    """Also by an import, which has a connection of its own kind; and no secret in it is repeated."""
    mtribes.write("users.csv", "user_id\nada\n")
    mtribes.environment |= {"MTRIBES_TOKEN": "mtp_of_a_test", "MTRIBES_HOST": address}
    outcome = mtribes(*argv)
    assert outcome.exit_code == 2, outcome.err
    assert outcome.err.startswith("error: The host from MTRIBES_HOST is not a valid server URL.\n")


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("HTTPS://Good.Example.COM:443/", "https://good.example.com"),
        ("good.example.com", "https://good.example.com"),
        ("https://fa\u00df.example", "https://xn--fa-hia.example"),
        ("https://ex\u0430mple.com", "https://xn--exmple-4nf.com"),
        ("https://a\u3002example", "https://a.example"),
        ("https://[0:0::1]:8443", "https://[::1]:8443"),
        ("https://good.example.com./\u00e9 b", "https://good.example.com./%C3%A9%20b"),
        ("http://127.0.0.1:80/a%20b/", "http://127.0.0.1/a%20b"),
    ],
)
def test_an_address_has_one_form_in_ascii(address: str, same: str) -> None:
    """Libraries encode a name by different rules (IDNA 2003 has `fass` for the third), and reach different hosts."""
    assert validate_url(address, said_by="--host") == same
    assert validate_url(same, said_by="--host") == same


def test_a_project_of_a_host_that_cannot_be_is_refused(project: Project, code_stub: CodeStub) -> None:
    project.write_toml("https://a..b")
    for argv in (("update",), COMMANDS[1]):
        project.write("users.csv", "user_id\nada\n")
        outcome = project.run(*argv)
        assert outcome.exit_code == 2, outcome.err
        assert "The host from mtribes.toml is not a valid server URL." in outcome.err
    assert code_stub.stub_server.asked == []
