"""`mtribes tag list`."""

from __future__ import annotations

from tests.cli.computer import Mtribes
from tests.cli.peer import Peer, data

TAGS = "/v2/spaces/vod/environments/staging/user-tags"
PLACE = ("--space", "vod", "--env", "staging")
FOOTBALL, NEWS = {"tag": "sports/football", "users": 12, "visitors": 3}, {"tag": "news", "users": 1, "visitors": 0}


def test_tags_are_listed_with_their_users(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", TAGS, data(NEWS, FOOTBALL))
    outcome = user("tag", "list", *PLACE)
    assert [line.split() for line in outcome.out.splitlines()] == [
        ["TAG", "USERS", "VISITORS"],
        ["news", "1", "0"],
        ["sports/football", "12", "3"],
    ]
    assert user("tag", "list", *PLACE, "--json").envelope["data"] == [NEWS, FOOTBALL]


def test_every_page_is_asked_for_and_a_search_goes_along(user: Mtribes, peer: Peer) -> None:
    link = f'<{peer.url}{TAGS}?search=a+b&limit=100&cursor=bmV3cw>; rel="next"'
    peer.on("GET", TAGS, data(NEWS, Link=link), data(FOOTBALL))
    assert user("tag", "list", "--search", "a b", *PLACE, "--json").envelope["data"] == [NEWS, FOOTBALL]
    assert [asked.query for asked in peer.asked] == ["search=a+b", "search=a+b&limit=100&cursor=bmV3cw"]


def test_where_there_is_none_that_is_said_on_stderr(user: Mtribes, peer: Peer) -> None:
    peer.on("GET", TAGS, data())
    assert (user("tag", "list", *PLACE).out, user("tag", "list", *PLACE).err) == ("", "Nobody has a tag.\n")
    assert user("tag", "list", "--search", "x", *PLACE).err == "Nobody has such a tag.\n"


def test_which_environment_is_meant_must_be_said(user: Mtribes, peer: Peer) -> None:
    outcome = user("tag", "list", "--space", "vod")
    assert (outcome.exit_code, peer.asked) == (2, [])
    assert "--environment" in outcome.err
