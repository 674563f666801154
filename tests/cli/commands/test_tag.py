"""`mtribes tag`: listed, and deleted from everybody."""

from __future__ import annotations

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data

TAGS = "/v2/spaces/vod/environments/staging/user-tags"
PLACE = ("--space", "vod", "--env", "staging")
FOOTBALL, NEWS = {"tag": "sports/football", "users": 12, "visitors": 3}, {"tag": "news", "users": 1, "visitors": 0}


def test_tags_are_listed_with_their_users(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", TAGS, data(NEWS, FOOTBALL))
    outcome = user("tag", "list", *PLACE)
    assert [line.split() for line in outcome.out.splitlines()] == [
        ["TAG", "USERS", "VISITORS"],
        ["news", "1", "0"],
        ["sports/football", "12", "3"],
    ]
    assert user("tag", "list", *PLACE, "--json").envelope["data"] == [NEWS, FOOTBALL]


def test_a_server_that_does_not_count_visitors_has_none(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", TAGS, data({"tag": "news", "users": 1}, {"tag": "old", "users": 2, "visitors": None}))
    found = user("tag", "list", *PLACE, "--json").envelope["data"]
    assert found == [NEWS, {"tag": "old", "users": 2, "visitors": 0}]


def test_every_page_is_asked_for_and_a_search_goes_along(user: CliRunner, stub_server: StubServer) -> None:
    link = f'<{stub_server.url}{TAGS}?search=a+b&limit=100&cursor=bmV3cw>; rel="next"'
    stub_server.on("GET", TAGS, data(NEWS, Link=link), data(FOOTBALL))
    assert user("tag", "list", "--search", "a b", *PLACE, "--json").envelope["data"] == [NEWS, FOOTBALL]
    assert [asked.query for asked in stub_server.asked] == ["search=a+b", "search=a+b&limit=100&cursor=bmV3cw"]


def test_where_there_is_none_that_is_said_on_stderr(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", TAGS, data())
    assert (user("tag", "list", *PLACE).out, user("tag", "list", *PLACE).err) == ("", "No tags found.\n")
    assert user("tag", "list", "--search", "x", *PLACE).err == "No matching tags found.\n"


def test_which_environment_is_meant_must_be_said(user: CliRunner, stub_server: StubServer) -> None:
    outcome = user("tag", "list", "--space", "vod")
    assert (outcome.exit_code, stub_server.asked) == (2, [])
    assert "--environment" in outcome.err


def test_a_tag_is_deleted_once_that_is_confirmed(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", f"{TAGS}/sports%2Ffootball", Reply(204))
    outcome = user("tag", "delete", "sports/football", *PLACE)
    assert (outcome.exit_code, stub_server.asked) == (2, [])
    assert "--yes" in outcome.err
    outcome = user("tag", "delete", "sports/football", "--yes", *PLACE)
    assert (outcome.exit_code, outcome.out) == (0, "Deleted the tag sports/football in staging of vod.\n")
    told = user("tag", "delete", "sports/football", "--yes", *PLACE, "--json").envelope["data"]
    assert told == {"tag": "sports/football", "deleted": True, "users": 0, "visitors": 0}


def test_a_deletion_that_goes_on_says_who_still_has_the_tag(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("DELETE", f"{TAGS}/news", data({"tag": "news", "users": 1200, "visitors": 1}, status=202))
    outcome = user("tag", "delete", "news", "--yes", *PLACE)
    assert outcome.exit_code == 0
    assert outcome.out.splitlines() == [
        "Deleting the tag news: 1,200 users and 1 visitor remaining. The server continues in the background.",
        "Run `mtribes tag list --search news` to see the progress.",
    ]
    told = user("tag", "delete", "news", "--yes", *PLACE, "--json").envelope["data"]
    assert told == {"tag": "news", "deleted": False, "users": 1200, "visitors": 1}


def test_help_says_what_stays(user: CliRunner) -> None:
    said = " ".join(user("tag", "delete", "--help").out.split())
    assert "deleting sports/football leaves sports/football/australia" in said
    assert "Tribes that filter by the tag are kept, too" in said
