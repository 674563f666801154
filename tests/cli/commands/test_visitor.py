"""`mtribes visitor` and the lists of users: what is asked for, what is shown, where there is more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.commands.test_user import ADA, USERS
from tests.cli.stub_server import Reply, StubServer, data, refusal

VISITORS = "/v2/spaces/vod/environments/staging/visitors"
PLACE = ("--space", "vod", "--env", "staging")
PHONE: dict[str, Any] = {
    "anonymous_id": "phone-1",
    "email": "vera@example.com",
    "phone": None,
    "timezone": None,
    "locale": None,
    "tags": ["news", "vip/gold"],
    "attributes": {"plan": "trial"},
    "created": "2026-11-21T20:35:00Z",
    "updated": "2026-11-21T20:35:00Z",
    "first_seen": "2026-11-21T20:35:00Z",
    "last_seen": "2026-11-22T08:00:00Z",
}


def test_visitors_are_listed_as_they_are_asked_for(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", VISITORS, data(PHONE))
    outcome = user("visitor", "list", "--tag", "vip", "--search", "a b", "--attribute", "plan=trial", *PLACE)
    assert [line.split(maxsplit=2) for line in outcome.out.splitlines()] == [
        ["VISITOR", "E-MAIL", "TAGS            LAST SEEN"],
        ["phone-1", "vera@example.com", "news, vip/gold  2026-11-22T08:00:00Z"],
    ]
    assert outcome.err == ""
    assert stub_server.asked[0].query == "limit=101&tag=vip&attribute=plan%3Dtrial&search=a+b"
    assert user("visitor", "list", *PLACE, "--json").envelope["data"] == [PHONE]


def test_users_are_listed_and_searched(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", USERS, data(ADA), data(ADA), data(ADA))
    outcome = user("user", "list", "--tag", "news", *PLACE)
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["USER", "ada"]
    assert user("user", "search", "ADA@", "--limit", "5", *PLACE, "--json").envelope["data"] == [ADA]
    assert [asked.query for asked in stub_server.asked] == ["limit=101&tag=news", "limit=6&search=ADA%40"]


def test_pages_are_asked_for_until_the_limit_and_more_is_told(user: CliRunner, stub_server: StubServer) -> None:
    link = f'<{stub_server.url}{VISITORS}?limit=3&cursor=eA>; rel="next"'
    pages = [[PHONE | {"anonymous_id": f"{page}-{number}"} for number in range(3)] for page in range(2)]
    stub_server.on("GET", VISITORS, *(data(*page, Link=link) for page in pages))
    outcome = user("visitor", "list", "--limit", "5", *PLACE, "--json")
    assert [one["anonymous_id"] for one in outcome.envelope["data"]] == ["0-0", "0-1", "0-2", "1-0", "1-1"]
    assert outcome.err == "Only the first 5 visitors are listed. Pass a larger --limit for more.\n"
    assert len(stub_server.asked) == 2


def test_a_list_that_has_just_as_many_says_nothing(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", VISITORS, data(PHONE, PHONE))
    outcome = user("visitor", "list", "--limit", "2", *PLACE)
    assert (outcome.exit_code, outcome.err, outcome.out.count("phone-1")) == (0, "", 2)


def test_a_full_page_at_the_limit_is_followed_by_a_look_for_more(user: CliRunner, stub_server: StubServer) -> None:
    link = f'<{stub_server.url}{VISITORS}?limit=1000&cursor=eA>; rel="next"'
    stub_server.on("GET", VISITORS, data(*[PHONE] * 1000, Link=link), data(PHONE))
    outcome = user("visitor", "list", "--limit", "1000", *PLACE, "--json")
    assert len(outcome.envelope["data"]) == 1000
    assert outcome.err == "Only the first 1,000 visitors are listed. Pass a larger --limit for more.\n"
    assert [asked.query for asked in stub_server.asked] == ["limit=1000", "limit=1000&cursor=eA"]


def test_an_empty_page_that_leads_on_is_no_end_of_a_list(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", VISITORS, data(Link=f'<{stub_server.url}{VISITORS}?cursor=eA>; rel="next"'), data(PHONE))
    outcome = user("visitor", "list", *PLACE, "--json")
    assert outcome.envelope["data"] == [PHONE]
    assert len(stub_server.asked) == 2


def test_a_list_that_leads_in_a_circle_is_a_fault_of_the_server(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", VISITORS, data(Link=f'<{stub_server.url}{VISITORS}?cursor=eA>; rel="next"'))
    outcome = user("visitor", "list", *PLACE)
    assert (outcome.exit_code, outcome.out) == (1, "")
    assert len(stub_server.asked) == 2


@pytest.mark.parametrize("argv", [("--attribute", "plan"), ("--limit", "0"), ("--limit", "100001"), ("--limit", "x")])
def test_what_cannot_be_asked_is_a_usage_error(user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]) -> None:
    for words in (("visitor", "list"), ("user", "list"), ("user", "search", "a")):
        outcome = user(*words, *argv, *PLACE)
        assert (outcome.exit_code, stub_server.asked) == (2, [])
        assert argv[0] in outcome.err


def test_a_visitor_is_tagged_and_untagged(user: CliRunner, stub_server: StubServer) -> None:
    for tag in ("sports%2Ffootball", "%C3%A9t%C3%A9"):
        for method in ("PUT", "DELETE"):
            stub_server.on(method, f"{VISITORS}/a%2Fb/tags/{tag}", Reply(204))
    outcome = user("visitor", "tag", "a/b", "sports/football", "été", *PLACE)
    assert (outcome.exit_code, outcome.out) == (0, "a/b has sports/football, été.\n")
    outcome = user("visitor", "untag", "a/b", "sports/football", "été", *PLACE, "--json")
    assert outcome.envelope["data"] == {"anonymous_id": "a/b", "tags": ["sports/football", "été"]}
    assert [asked.method for asked in stub_server.asked] == ["PUT", "PUT", "DELETE", "DELETE"]


def test_a_visitor_who_is_not_there_is_a_failure(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on(
        "PUT", f"{VISITORS}/nobody/tags/x", refusal(404, {"code": "NOT_FOUND", "message": "No.", "path": ""})
    )
    assert user("visitor", "tag", "nobody", "x", *PLACE).exit_code == 1


def test_a_visitor_is_shown(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", f"{VISITORS}/phone-1", data(PHONE))
    outcome = user("visitor", "get", "phone-1", *PLACE)
    facts = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    assert (facts["anonymous_id"], facts["tags"]) == ("phone-1", "news, vip/gold")
    assert facts["attributes.plan"] == "trial"
    assert user("visitor", "get", "phone-1", *PLACE, "--json").envelope["data"] == PHONE


def test_everything_of_a_visitor_is_written_to_a_file(user: CliRunner, stub_server: StubServer, tmp_path: Path) -> None:
    everything: dict[str, Any] = {"visitor": PHONE, "last_session": None, "devices": [], "sessions": [], "events": []}
    stub_server.on("GET", f"{VISITORS}/a%2Fb/everything", data(everything))
    file = tmp_path / "v.json"
    assert user("visitor", "export", "a/b", *PLACE, "--output", str(file)).exit_code == 0
    assert json.loads(file.read_text()) == everything


REMOVED = {"anonymous_id": "phone-1", "removed": {"profile": 1, "devices": 1, "sessions": 2, "events": 0}}


def test_a_visitor_is_removed_once_it_was_said(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", f"{VISITORS}/phone-1", data(REMOVED))
    assert user("visitor", "delete", "phone-1", *PLACE).exit_code == 2  # nobody is there to ask
    no = user("visitor", "delete", "phone-1", *PLACE, stdin="n\n", terminal=True)
    assert (no.exit_code, stub_server.asked) == (130, [])
    assert "Permanently delete phone-1 and all related data from staging of vod?" in no.err
    outcome = user("visitor", "delete", "phone-1", *PLACE, stdin="y\n", terminal=True)
    said = "Deleted phone-1 from staging of vod: 1 profile, 1 device, 2 sessions, 0 events.\n"
    assert outcome.out.replace("\r", "") == said
    assert user("visitor", "delete", "phone-1", *PLACE, "--yes", "--json").envelope["data"] == REMOVED


@pytest.mark.parametrize(
    "argv", [("list",), ("get", "v"), ("export", "v"), ("delete", "v"), ("tag", "v", "x"), ("untag", "v", "x")]
)
def test_which_environment_is_meant_must_be_said(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    outcome = user("visitor", *argv, "--space", "vod")
    assert (outcome.exit_code, stub_server.asked) == (2, [])
    assert "--environment" in outcome.err
