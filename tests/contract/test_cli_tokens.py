"""Tokens, members and service accounts by the real command line at the real server."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from templates_server.security.authorization import Role
from tests.cli.cli_runner import CliRunner, Outcome
from tests.contract.people import Signed, open_with
from tests.people import Grant, add_space, add_token, unique
from tests.people import Organization as Tenant
from tests.people import Person as Bearer
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.servers import RunningServer


@pytest.fixture
def boss(server: RunningServer) -> Someone:
    """An administrator of an organization of their own."""
    return someone(server)


@pytest.fixture
def at_home(mtribes: CliRunner, server: RunningServer, boss: Someone) -> CliRunner:
    """The administrator, who has signed in by a browser."""
    mtribes.browser = lambda url: open_with(signed_in_browser(server, boss), url, "allow")
    assert mtribes("login", "--browser").exit_code == 0
    return mtribes


def elsewhere(mtribes: CliRunner, **environment: str) -> CliRunner:
    """The same person at a machine where nobody has signed in."""
    folder = mtribes.home / f"elsewhere-{len(list(mtribes.home.iterdir()))}"
    folder.mkdir()
    host = {"MTRIBES_HOST": mtribes.environment["MTRIBES_HOST"]}
    return replace(mtribes, home=folder, environment={**host, **environment})


def good(outcome: Outcome) -> Outcome:
    assert outcome.exit_code == 0, outcome.err
    return outcome


def space_of(server: RunningServer, boss: Someone) -> str:
    token = add_token(server.database, Grant(), account_id=boss.account_id)
    tenant = Tenant(boss.organization_id, boss.organization)
    return add_space(server, Bearer(boss.account_id, boss.email, tenant, token))


def test_a_token_is_made_used_listed_and_revoked(at_home: CliRunner, server: RunningServer, boss: Someone) -> None:
    space, other = space_of(server, boss), space_of(server, boss)
    made = good(
        at_home("token", "create", "--name", "CI", "--scope", "spaces:read", "--space", space, "--expires-in", "30d")
    )
    assert re.fullmatch(r"mtp_[0-9A-Za-z]{36}\n", made.out)
    assert "shown only once" in made.err
    assert made.out.strip() not in made.err

    ci = elsewhere(at_home, MTRIBES_TOKEN=made.out.strip())
    me = good(ci("whoami", "--json")).envelope["data"]
    assert (me["email"], me["by"], me["scopes"]) == (boss.email, "MTRIBES_TOKEN", ["spaces:read"])
    assert me["expires"].endswith("Z")
    assert good(ci("whoami")).out.count("spaces:read") == 1
    assert [one["key"] for one in good(ci("space", "list", "--json")).envelope["data"]] == [space]
    assert ci("space", "show", other).exit_code == 1
    refused = ci("space", "create", "other", "--organization", boss.organization)
    assert refused.exit_code in {1, 4}

    listed = good(at_home("token", "list", "--json")).envelope["data"]
    (token,) = [one for one in listed if one["name"] == "CI"]
    assert (token["scopes"], token["spaces"]) == (["spaces:read"], [space])
    assert made.out.strip() not in str(listed)
    assert good(at_home("token", "revoke", token["id"], "--yes")).out == f"Revoked {token['id']}.\n"
    ended = ci("whoami")
    assert ended.exit_code == 4
    assert made.out.strip() not in ended.err


def test_no_token_makes_a_token_and_the_way_out_is_told(ada: Signed) -> None:
    outcome = ada.mtribes("token", "create", "--name", "x")
    assert outcome.exit_code == 4
    assert "never makes or widens a token" in outcome.err
    assert "mtribes login" in outcome.err
    assert "MTRIBES_TOKEN" in outcome.err


def test_a_token_that_turned_up_somewhere_is_revoked_without_a_sign_in(at_home: CliRunner) -> None:
    secret = good(at_home("token", "create", "--name", "lost")).out
    finder = elsewhere(at_home)
    outcome = good(finder("token", "revoke", "--stdin", "--verbose", stdin=secret))
    assert secret.strip() not in outcome.out + outcome.err
    assert elsewhere(at_home, MTRIBES_TOKEN=secret.strip())("whoami").exit_code == 4
    good(finder("token", "revoke", "--stdin", stdin=secret))
    assert finder("token", "revoke", "--stdin", stdin="mtp_nonsense").exit_code == 2


def test_what_the_server_refuses_is_told_by_path(at_home: CliRunner) -> None:
    outcome = at_home("token", "create", "--name", "x", "--space", "nothing", "--expires-in", "367d")
    assert outcome.exit_code == 2
    assert "expires_in_days" in outcome.err
    outcome = at_home("token", "create", "--name", "", "--space", "nothing", "--org", "nobody")
    assert {"name", "spaces[0]", "organizations[0]"} <= set(re.findall(r"^  ([\w\[\]]+):", outcome.err, re.MULTILINE))


def test_a_person_is_invited_joins_and_is_removed(at_home: CliRunner, server: RunningServer, boss: Someone) -> None:
    email, place = f"grace-{boss.organization}@example.com", ("--organization", boss.organization)
    invited = good(at_home("org", "member", "invite", email, "--role", "viewer", *place))
    assert re.fullmatch(rf"{re.escape(server.url)}/invitation/[0-9A-Za-z]{{36}}\n", invited.out)
    assert "Send this link only to" in invited.err
    rows = good(at_home("org", "member", "list", *place)).out.splitlines()
    assert re.match(rf"{re.escape(email)}\s+-\s+viewer\s+invited until \S+Z$", rows[2])

    browser, path = Browser(server), invited.out.strip().removeprefix(server.url)
    about = {"name": "Grace", "password": "a long enough one", "repeated": "a long enough one"}
    assert browser.submit(path, browser.get(path), **about).status_code == 303
    people = good(at_home("org", "member", "list", *place, "--json")).envelope["data"]
    assert {(one["email"], one["role"], one["state"]) for one in people} == {
        (boss.email, "administrator", "member"),
        (email, "viewer", "member"),
    }
    assert good(at_home("org", "member", "remove", email, *place, "--yes")).out.startswith(f"Removed {email}")
    assert at_home("org", "member", "remove", email, *place, "--yes").exit_code == 1
    last = at_home("org", "member", "remove", boss.email, *place, "--yes")
    assert last.exit_code == 1
    assert "last administrator" in last.err


def test_an_open_invitation_is_withdrawn_by_its_address(
    at_home: CliRunner, server: RunningServer, boss: Someone
) -> None:
    email, place = f"Grace-{boss.organization}@Example.com", ("--organization", boss.organization)
    link = good(at_home("org", "member", "invite", email, "--role", "developer", *place)).out.strip()
    outcome = good(at_home("org", "member", "remove", email, *place, "--yes", "--json"))
    assert outcome.envelope["data"]["state"] == "invited"
    assert Browser(server).get(link.removeprefix(server.url)).status_code == 404


def test_a_service_account_works_by_its_two_variables_until_it_is_revoked(at_home: CliRunner, boss: Someone) -> None:
    place = ("--organization", boss.organization)
    made = good(at_home("org", "service-account", "create", "--name", "Nightly", "--scope", "code:read", *place))
    variables = dict(line.split("=") for line in made.out.splitlines())
    assert variables.keys() == {"MTRIBES_CLIENT_ID", "MTRIBES_CLIENT_SECRET"}
    assert variables["MTRIBES_CLIENT_SECRET"] not in made.err
    program = elsewhere(at_home, **variables)
    me = good(program("whoami", "--json")).envelope["data"]
    assert (me["kind"], me["by"], me["scopes"]) == ("service", "MTRIBES_CLIENT_ID", ["code:read"])
    assert me["organizations"] == [{"key": boss.organization, "role": "developer"}]

    listed = good(at_home("org", "service-account", "list", *place))
    assert variables["MTRIBES_CLIENT_ID"] in listed.out
    assert variables["MTRIBES_CLIENT_SECRET"] not in listed.out
    good(at_home("org", "service-account", "revoke", variables["MTRIBES_CLIENT_ID"], *place, "--yes"))
    ended = program("whoami")
    assert ended.exit_code == 4
    assert variables["MTRIBES_CLIENT_SECRET"] not in ended.err
    assert good(at_home("org", "service-account", "list", *place)).out == ""


def test_a_viewer_sees_no_members_and_a_developer_no_invitations(mtribes: CliRunner, server: RunningServer) -> None:
    for role, exit_code in ((Role.VIEWER, 4), (Role.DEVELOPER, 0)):
        person = someone(server, role=role)
        mtribes.environment["MTRIBES_TOKEN"] = add_token(server.database, Grant(), account_id=person.account_id)
        assert mtribes("org", "member", "list", "--organization", person.organization).exit_code == exit_code


def test_an_organization_is_created_renamed_and_deleted(at_home: CliRunner, boss: Someone) -> None:
    key, space = unique("labs"), unique("radio")
    made = at_home("org", "create", key, "--name", "Labs")
    assert (made.exit_code, made.out) == (0, f"Created {key}. You are its administrator.\n")
    assert at_home("org", "create", key).exit_code == 1
    renamed = at_home("org", "rename", key, "Läbs & Co", "--json").envelope["data"]
    listed = {one["key"]: one["name"] for one in at_home("org", "list", "--json").envelope["data"]}
    assert (renamed["name"], listed[key]) == ("Läbs & Co", "Läbs & Co")
    log = at_home("org", "audit", "--organization", key, "--json").envelope["data"]
    assert [entry["action"] for entry in log] == ["organization.rename", "organization.create"]
    assert at_home("space", "create", space, "--organization", key).exit_code == 0
    refused = at_home("org", "delete", key, "--yes")
    assert (refused.exit_code, f"still has Spaces: {space}." in refused.err) == (1, True)
    assert at_home("space", "delete", space, "--yes").exit_code == 0
    gone = at_home("org", "delete", key, stdin=f"{key}\n", terminal=True)
    assert (gone.exit_code, gone.out.replace("\r", "")) == (0, f"Deleted {key}.\n")
    assert at_home("org", "delete", key, "--yes").exit_code == 1
    assert [one["key"] for one in at_home("org", "list", "--json").envelope["data"]] == [boss.organization]


def test_no_token_creates_or_deletes_an_organization_and_the_way_out_is_told(ada: Signed) -> None:
    for words in (("create", unique("labs")), ("delete", ada.organization, "--yes")):
        outcome = ada.mtribes("org", *words)
        assert outcome.exit_code == 4
        assert "creates and deletes no organization" in outcome.err
        assert "without MTRIBES_TOKEN in the environment" in outcome.err
