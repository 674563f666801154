"""`mtribes org audit` and `org member set-role`: as they are asked for and told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mtribes_cli.api.client import authorized_session
from mtribes_cli.terminal.sanitize import display_width
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import ReceivedRequest, Reply, StubServer, data, refusal

AUDIT = "/v2/organizations/acme/audit"
MEMBER = "/v2/organizations/acme/members/grace%40example.com"
PLACE = ("--org", "acme")


def entry(action: str, **given: Any) -> dict[str, Any]:
    actor = {"kind": "person", "id": "acc_1", "name": "ada@example.com"}
    where = {"space": "vod", "environment": "staging", "address": "192.0.2.1", "details": {"name": "web"}}
    told = {"id": "aud_1", "at": "2026-11-30T12:00:01.5Z", "actor": actor, "action": action, "target": "key_1"}
    return told | where | given


CREATED, INVITED = entry("key.create"), entry("member.invite", space=None, environment=None, target="inv_1")


def test_entries_are_a_table_and_whole_under_json(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", AUDIT, data(CREATED, INVITED))
    assert user("org", "audit", *PLACE).out.splitlines() == [
        "WHEN (UTC)        WHO              ACTION         WHERE        TARGET",
        "2026-11-30 12:00  ada@example.com  key.create     vod/staging  key_1",
        "2026-11-30 12:00  ada@example.com  member.invite               inv_1",
    ]
    assert user("org", "audit", *PLACE, "--json").envelope["data"] == [CREATED, INVITED]
    assert {asked.query for asked in stub_server.asked} == {"limit=101"}


def test_filters_go_along_and_a_limit_holds(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", AUDIT, data(CREATED, INVITED))
    words = ("--actor", "ada@example.com", "--action", "key", "--since", "2026-11-01", "--limit", "1")
    outcome = user("org", "audit", *words, *PLACE)
    assert len(outcome.out.splitlines()) == 2
    assert outcome.err == "Only the newest entry is listed. Pass a larger --limit for more.\n"
    (asked,) = stub_server.asked
    assert asked.query == "limit=2&actor=ada%40example.com&action=key&since=2026-11-01"


def test_pages_without_a_match_are_passed_over(user: CliRunner, stub_server: StubServer) -> None:
    pages = [f'<{stub_server.url}{AUDIT}?cursor={page}>; rel="next"' for page in "abc"]
    stub_server.on("GET", AUDIT, *(data(Link=page) for page in pages), data(CREATED))
    assert user("org", "audit", "--action", "key", *PLACE, "--json").envelope["data"] == [CREATED]
    assert [asked.query for asked in stub_server.asked[1:]] == ["cursor=a", "cursor=b", "cursor=c"]


def test_pages_without_an_end_are_reported(
    user: CliRunner, stub_server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorized_session, "MAX_PAGES", 5)

    def endless(asked: ReceivedRequest) -> Reply:
        return data(Link=f'<{stub_server.url}{AUDIT}?cursor={asked.query[-6:]}x>; rel="next"')

    stub_server.on("GET", AUDIT, endless)
    outcome = user("org", "audit", *PLACE)
    assert outcome.exit_code == 1
    assert "an endless list" in outcome.err
    assert len(stub_server.asked) <= 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "No entries in the audit log of acme.\n"),
        (("--actor", "x"), "No matching entries in the audit log of acme.\n"),
    ],
)
def test_where_nothing_is_there_that_is_said(
    user: CliRunner, stub_server: StubServer, words: tuple[str, ...], told: str
) -> None:
    stub_server.on("GET", AUDIT, data())
    outcome = user("org", "audit", *words, *PLACE)
    assert (outcome.exit_code, outcome.out, outcome.err) == (0, "", told)


def test_who_may_not_read_it_is_told_so(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", AUDIT, refusal(403, {"code": "FORBIDDEN", "message": "This needs the role administrator."}))
    outcome = user("org", "audit", *PLACE)
    assert (outcome.exit_code, outcome.out) == (4, "")
    assert "This needs the role administrator." in outcome.err


def test_hostile_entries_are_data(user: CliRunner, stub_server: StubServer) -> None:
    hostile = "\u202e\x1b[31m\n" + "x" * 100
    actor = {"kind": "person", "id": "acc_1", "name": hostile}
    stub_server.on("GET", AUDIT, data(entry(hostile, actor=actor, at=hostile)))
    outcome = user("org", "audit", *PLACE)
    assert len(outcome.out.splitlines()) == 2
    assert not {"\u202e", "\x1b"} & set(outcome.out)
    assert display_width(outcome.out.splitlines()[1]) < 100


def test_a_member_gets_another_role(user: CliRunner, stub_server: StubServer) -> None:
    grace = {"email": "grace@example.com", "name": "Grace", "role": "developer"}
    stub_server.on("PATCH", MEMBER, data(grace))
    outcome = user("org", "member", "set-role", "grace@example.com", "developer", *PLACE)
    assert (outcome.exit_code, outcome.out) == (0, "grace@example.com is now developer of acme.\n")
    (asked,) = stub_server.asked
    assert json.loads(asked.body) == {"role": "developer"}
    told = user("org", "member", "set-role", "grace@example.com", "developer", *PLACE, "--json").envelope["data"]
    assert told == {"organization": "acme", **grace}


def test_the_last_administrator_stays_one(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("PATCH", MEMBER, refusal(409, {"code": "CONFLICT", "message": "The last administrator stays one."}))
    outcome = user("org", "member", "set-role", "grace@example.com", "viewer", *PLACE)
    assert outcome.exit_code == 1
    assert "The last administrator stays one." in outcome.err


def test_a_role_that_is_none_is_refused_here(user: CliRunner, stub_server: StubServer) -> None:
    outcome = user("org", "member", "set-role", "grace@example.com", "owner", *PLACE)
    assert (outcome.exit_code, stub_server.asked) == (2, [])
    assert "owner" in outcome.err


def test_where_a_sign_in_is_wanted_the_variable_in_the_way_is_named(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("PATCH", MEMBER, refusal(403, {"code": "FORBIDDEN", "message": "This needs a sign-in of a person."}))
    outcome = user("org", "member", "set-role", "grace@example.com", "viewer", *PLACE)
    assert outcome.exit_code == 4
    assert "MTRIBES_TOKEN" in outcome.err
