"""Tribes by what apps say of themselves: who is in them, and why, on both databases."""

from __future__ import annotations

import pytest

from tests.server.features.people.conftest import Place

NEW = {"attribute": "app.version", "operator": "version_at_least", "value": "2.3"}
ON_PHONES = {"attribute": "app.platform", "operator": "in", "value": ["android", "ios"]}
TRIBES = {"tribes": {"new": {"filters": [NEW]}, "phones": {"filters": [ON_PHONES]}}}


@pytest.fixture
def here(place: Place) -> Place:
    """Ada has 2.3.0 on a phone, bob the version before it in a browser, cleo a pre-release, dan says nothing."""
    answer = place.client.put(f"/v2/spaces/{place.space}/tribes", json=TRIBES)
    assert answer.is_success, answer.text
    apps = {
        "ada": {"version": "v2.3.0+7", "platform": "ios"},
        "bob": {"version": "2.2.9", "platform": "browser"},
        "cleo": {"version": "2.3.0-beta", "platform": "android"},
        "dan": None,
        "eve": {"version": "next", "platform": "toaster"},
    }
    with place.app() as app:
        for user, said in apps.items():
            app.post("/api/client/sessions", json={"external_id": user, "app": said}).raise_for_status()
    return place


def test_people_are_in_a_tribe_by_the_version_of_their_last_session(here: Place) -> None:
    assert members(here, "new") == ["ada"]
    assert members(here, "phones") == ["ada", "cleo"]
    with here.app() as app:
        started = {"external_id": "bob", "app": {"version": "10.0"}}
        app.post("/api/client/sessions", json=started).raise_for_status()
        app.post("/api/client/sessions", json={"external_id": "ada"}).raise_for_status()
    assert members(here, "new") == ["bob"]
    assert members(here, "phones") == ["cleo"]


def members(place: Place, tribe: str) -> list[str]:
    """The users of a tribe, which its count agrees with."""
    answer = place.client.get(place.url("tribes", tribe, "users"))
    assert answer.is_success, answer.text
    found = sorted(user["user_id"] for user in answer.json()["data"])
    assert place.client.get(place.url("tribes", tribe, "count")).json()["data"][0]["count"] == len(found)
    return found


@pytest.mark.parametrize(
    ("user", "found", "why"),
    [
        ("ada", "2.3.0", "app.version is at least version 2.3: it is version 2.3.0; matches"),
        ("bob", "2.2.9", "app.version is at least version 2.3: it is version 2.2.9; does not match"),
        (
            "cleo",
            "2.3.0 (pre-release)",
            "app.version is at least version 2.3: it is version 2.3.0 (pre-release); does not match",
        ),
        ("dan", None, "app.version is at least version 2.3: it does not exist; does not match"),
        ("eve", None, "app.version is at least version 2.3: it does not exist; does not match"),
    ],
)
def test_why_somebody_is_in_the_tribe_or_not_is_said_in_words(
    here: Place, user: str, found: str | None, why: str
) -> None:
    answer = here.client.get(here.url("tribes", "new", "explanation"), params={"user": user})
    (explained,) = answer.json()["data"][0]["filters"]
    assert (explained["found"], explained["why"], explained["filter"]) == (found, why, NEW)
