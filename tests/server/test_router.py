"""Routes are found by path parts that are split before they are decoded."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_server.errors import BadRequest, MethodNotAllowed, NotFound
from templates_server.router import Router


@dataclass(frozen=True)
class Line:
    method: str
    path: str


ROUTER = Router(
    [
        Line("GET", "/v2/spaces"),
        Line("GET", "/v2/spaces/{space}"),
        Line("DELETE", "/v2/spaces/{space}"),
        Line("GET", "/v2/spaces/{space}/users/{user}"),
        Line("PUT", "/v2/spaces/{space}/users/{user}"),
        Line("GET", "/v2/spaces/{space}/users/me"),
        Line("PUT", "/v2/spaces/{space}/users/{user}/tags/{tag*}"),
    ]
)
NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)


@given(space=NAMES, user=NAMES.filter(lambda user: user != "me"))
def test_a_parameter_may_hold_anything_even_a_slash(space: str, user: str) -> None:
    path = f"/v2/spaces/{quote(space, safe='')}/users/{quote(user, safe='')}"
    assert ROUTER.find("GET", path.encode()) == (
        Line("GET", "/v2/spaces/{space}/users/{user}"),
        {"space": space, "user": user},
    )


def test_a_literal_part_is_preferred_to_a_parameter() -> None:
    assert ROUTER.find("GET", b"/v2/spaces/vod/users/me")[0].path == "/v2/spaces/{space}/users/me"


def test_a_path_that_is_named_takes_no_other_methods_as_a_parameter() -> None:
    for method in ("PUT", "DELETE"):
        with pytest.raises(MethodNotAllowed) as refusal:
            ROUTER.find(method, b"/v2/spaces/vod/users/me")
        assert refusal.value.headers["Allow"] == "GET"
    assert [route.method for route in ROUTER.at(b"/v2/spaces/vod/users/me")] == ["GET"]


def test_a_parameter_may_be_a_word_that_is_named_elsewhere() -> None:
    route, parameters = ROUTER.find("PUT", b"/v2/spaces/vod/users/me/tags/a")
    assert (route.path, parameters["user"]) == ("/v2/spaces/{space}/users/{user}/tags/{tag*}", "me")


def test_the_rest_of_a_path_is_one_parameter() -> None:
    _, parameters = ROUTER.find("PUT", b"/v2/spaces/vod/users/u1/tags/sports/football")
    assert parameters["tag"] == "sports/football"


@pytest.mark.parametrize(
    "path", [b"/", b"/v2", b"/v2/spaces/", b"/v2/spaces//users/u", b"/v2/spaces/vod/users/u1/tags/a//b"]
)
def test_an_empty_part_leads_nowhere(path: bytes) -> None:
    with pytest.raises(NotFound):
        ROUTER.find("GET", path)


def test_another_method_is_told_which_are_possible() -> None:
    with pytest.raises(MethodNotAllowed) as refusal:
        ROUTER.find("PUT", b"/v2/spaces/vod")
    assert refusal.value.headers["Allow"] == "DELETE, GET"


def test_head_is_answered_where_get_is() -> None:
    assert ROUTER.find("HEAD", b"/v2/spaces")[0].method == "GET"


@pytest.mark.parametrize("path", [b"/v2/spaces/%ff", b"/v2/spaces/%00"])
def test_a_path_that_is_no_text_is_refused(path: bytes) -> None:
    with pytest.raises(BadRequest):
        ROUTER.find("GET", path)


def test_a_path_that_stands_twice_is_refused_when_the_table_is_made() -> None:
    with pytest.raises(ValueError, match="twice"):
        Router([Line("GET", "/a"), Line("GET", "/a")])
