"""`mtribes org`: members, invitations and service accounts, as they are asked for and told."""

from __future__ import annotations

import json

import pytest

from tests.cli.cli_runner import CliRunner, without_colors
from tests.cli.stub_server import Reply, StubServer, data, refusal

ACME = "/v2/organizations/acme"
PLACE = ("--organization", "acme")
LINK = "https://mtribes.example.com/invitation/" + "c" * 36
INVITATION = {
    "id": "inv_1",
    "email": "grace@example.com",
    "role": "viewer",
    "created": "2026-11-21T00:00:00Z",
    "expires": "2026-11-28T00:00:00Z",
}
MEMBER = {"email": "ada@example.com", "name": "Ada", "role": "administrator"}
ACCOUNT = {"id": "svc_1", "name": "Nightly", "client_id": "svc_1", "scopes": ["code:read"], "created": None}
FORBIDDEN = refusal(403, {"code": "FORBIDDEN", "message": "This needs the role administrator.", "path": ""})


@pytest.mark.parametrize(
    "argv",
    [
        ("member", "list"),
        ("member", "invite", "x@example.com", "--role", "viewer"),
        ("member", "remove", "x@example.com", "--yes"),
        ("service-account", "list"),
        ("service-account", "create", "--name", "x"),
        ("service-account", "revoke", "svc_1", "--yes"),
    ],
)
def test_which_organization_is_meant_must_be_said(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    outcome = user("org", *argv)
    assert outcome.exit_code == 2
    assert "--organization" in outcome.err
    assert stub_server.asked == []


def test_the_project_may_say_which_organization_is_meant(user: CliRunner, stub_server: StubServer) -> None:
    user.write("mtribes.toml", f'host = "{stub_server.url}"\norganization = "acme"\nspace = "vod"\n')
    stub_server.on("GET", f"{ACME}/members", data(MEMBER))
    stub_server.on("GET", f"{ACME}/invitations", FORBIDDEN)
    assert user("org", "member", "list").out.splitlines()[1].split() == [
        "ada@example.com",
        "Ada",
        "administrator",
        "member",
    ]


ORGANIZATION = {"id": "org_1", "key": "labs", "name": "Labs", "role": "administrator", "created": None}
SIGN_IN = refusal(403, {"code": "FORBIDDEN", "message": "This needs a sign-in of a person.", "path": ""})


def test_an_organization_is_created_and_renamed(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", "/v2/organizations", data(ORGANIZATION, status=201))
    outcome = user("org", "create", "labs", "--name", "Labs")
    assert (outcome.exit_code, outcome.out) == (0, "Created labs. You are its administrator.\n")
    user("org", "create", "labs")
    assert [json.loads(asked.body) for asked in stub_server.asked] == [{"key": "labs", "name": "Labs"}, {"key": "labs"}]
    assert "idempotency-key" in {name.lower() for name in stub_server.asked[0].headers}
    stub_server.on("PATCH", "/v2/organizations/labs", data({**ORGANIZATION, "name": "Läbs\x1b[2J"}))
    outcome = user("org", "rename", "labs", "Läbs")
    assert outcome.out.startswith("Organization labs is now called Läbs")
    assert "\x1b" not in outcome.out
    assert json.loads(stub_server.asked[-1].body) == {"name": "Läbs"}
    assert user("org", "rename", "labs", "Läbs", "--json").envelope["data"]["id"] == "org_1"


def test_an_organization_is_deleted_once_its_key_is_typed(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/organizations/labs", data(ORGANIZATION))
    stub_server.on("DELETE", "/v2/organizations/org_1", Reply(204))
    assert user("org", "delete", "labs").exit_code == 2  # nobody is there to ask
    wrong = user("org", "delete", "labs", stdin="Labs\n", terminal=True)
    assert wrong.exit_code == 130
    assert "'Labs' is not labs. Nothing was deleted." in wrong.err
    assert [asked.method for asked in stub_server.asked] == ["GET", "GET"]
    outcome = user("org", "delete", "labs", stdin="labs\n", terminal=True)
    assert (outcome.exit_code, outcome.out.replace("\r", "")) == (0, "Deleted labs.\n")
    assert "This permanently deletes the organization labs (Labs), its members" in outcome.err
    told = user("org", "delete", "labs", "--yes", "--json").envelope["data"]
    assert told == {"organization": "labs", "id": "org_1", "deleted": True}


def test_what_stands_in_the_way_is_told_with_the_way_out(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/organizations/labs", data(ORGANIZATION))
    message = "The organization still has Spaces: radio. Delete them before you delete the organization."
    conflict = refusal(409, {"code": "CONFLICT", "message": message, "path": ""})
    stub_server.on("DELETE", "/v2/organizations/org_1", conflict, SIGN_IN)
    outcome = user("org", "delete", "labs", "--yes")
    assert (outcome.exit_code, message in outcome.err) == (1, True)
    stub_server.on("POST", "/v2/organizations", SIGN_IN)
    for words in (("delete", "labs", "--yes"), ("create", "labs")):
        outcome = user("org", *words)
        assert outcome.exit_code == 4
        assert "without MTRIBES_TOKEN in the environment" in outcome.err


def test_members_are_listed_with_who_is_invited(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{ACME}/members", data(MEMBER))
    stub_server.on("GET", f"{ACME}/invitations", data(INVITATION))
    people = user("org", "member", "list", *PLACE, "--json").envelope["data"]
    assert people == [
        MEMBER | {"state": "member", "expires": None},
        {
            "email": "grace@example.com",
            "name": None,
            "role": "viewer",
            "state": "invited",
            "expires": "2026-11-28T00:00:00Z",
        },
    ]


def test_a_link_stands_alone_on_stdout(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", f"{ACME}/members", data(INVITATION | {"link": LINK}, status=201))
    outcome = user("org", "member", "invite", "grace@example.com", "--role", "viewer", *PLACE)
    assert outcome.out == f"{LINK}\n"
    assert LINK not in outcome.err
    assert "2026-11-28" in outcome.err
    assert json.loads(stub_server.asked[0].body) == {"email": "grace@example.com", "role": "viewer"}


@pytest.mark.parametrize("argv", [(), ("--role", "king"), ("--role", "")])
def test_a_role_must_be_said_and_be_one(user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]) -> None:
    outcome = user("org", "member", "invite", "x@example.com", *argv, *PLACE)
    assert outcome.exit_code == 2
    assert "--role" in outcome.err
    assert stub_server.asked == []


@pytest.mark.parametrize(
    "argv", [("member", "remove", "ada@example.com"), ("service-account", "revoke", "svc_1")], ids=lambda argv: argv[0]
)
def test_nothing_is_ended_without_a_yes(user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]) -> None:
    outcome = user("org", *argv, *PLACE)
    assert outcome.exit_code == 2
    assert "--yes" in outcome.err
    assert user("org", *argv, *PLACE, stdin="\n", terminal=True).exit_code == 130
    assert stub_server.asked == []


def test_a_member_is_removed_by_address(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", f"{ACME}/members/ada%40example.com", Reply(204))
    outcome = user("org", "member", "remove", "ada@example.com", *PLACE, stdin="y\n", terminal=True)
    assert outcome.out == "Removed ada@example.com from acme.\n"


def test_whoever_is_only_invited_is_uninvited(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{ACME}/invitations", data(INVITATION))
    stub_server.on("DELETE", f"{ACME}/invitations/inv_1", Reply(204))
    outcome = user("org", "member", "remove", "Grace@Example.com", *PLACE, "--yes", "--json")
    assert outcome.envelope["data"] == {"organization": "acme", "email": "Grace@Example.com", "state": "invited"}


def test_nobody_there_is_a_failure(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{ACME}/invitations", data(INVITATION))
    outcome = user("org", "member", "remove", "x@example.com", *PLACE, "--yes")
    assert outcome.exit_code == 1
    assert "NOT_FOUND" in user("org", "member", "remove", "x@example.com", *PLACE, "--yes", "--json").out


def test_a_service_account_is_told_as_two_variables(user: CliRunner, stub_server: StubServer) -> None:
    secret = "mts_" + "s" * 36
    stub_server.on("POST", f"{ACME}/service-accounts", data(ACCOUNT | {"client_secret": secret}, status=201))
    outcome = user("org", "service-account", "create", "--name", "Nightly", "--scope", "code:read", *PLACE)
    assert outcome.out == f"MTRIBES_CLIENT_ID=svc_1\nMTRIBES_CLIENT_SECRET={secret}\n"
    assert secret not in outcome.err
    assert json.loads(stub_server.asked[0].body) == {"name": "Nightly", "scopes": ["code:read"]}
    told = user("org", "service-account", "create", "--name", "Nightly", *PLACE, "--json").envelope["data"]
    assert told == ACCOUNT | {"client_secret": secret, "organization": "acme"}


def test_service_accounts_are_listed_and_revoked(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{ACME}/service-accounts", data(ACCOUNT))
    stub_server.on("DELETE", f"{ACME}/service-accounts/svc_1", Reply(204))
    assert user("org", "service-account", "list", *PLACE).out.splitlines()[1].split() == [
        "svc_1",
        "Nightly",
        "code:read",
        "-",
    ]
    assert user("org", "service-account", "revoke", "svc_1", *PLACE, "--yes").out == "Revoked svc_1 of acme.\n"


@pytest.mark.parametrize(
    ("argv", "path"),
    [
        (("member", "invite", "x@example.com", "--role", "viewer"), "members"),
        (("service-account", "create", "--name", "x"), "service-accounts"),
    ],
)
def test_the_variable_in_the_way_of_a_sign_in_is_named(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...], path: str
) -> None:
    stub_server.on("POST", f"{ACME}/{path}", FORBIDDEN)
    outcome = user("org", *argv, *PLACE)
    assert outcome.exit_code == 4
    assert "without MTRIBES_TOKEN" in outcome.err


def test_names_with_terminal_codes_are_shown_as_text(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{ACME}/members", data(MEMBER | {"name": "\x1b[31mred\u202e"}))
    stub_server.on("GET", f"{ACME}/invitations", FORBIDDEN)
    shown = user("org", "member", "list", *PLACE, terminal=True).out
    assert r"\x1b[31mred\u202e" in shown
    assert not {"\x1b", "\u202e"} & set(without_colors(shown))
