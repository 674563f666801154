"""What an app says of itself when a session starts: what is stored, what is refused, and what never costs a session."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from templates_server.features.people.app_versions import version_key
from templates_server.features.people.identity import PersonKind, named
from templates_server.storage import tables
from tests.server.client.app_of_tests import App

ADA = {"external_id": "ada"}
SAYS = {
    "device": {"os": "iOS", "os_version": "17.4.1", "model": "iPhone15,2"},
    "app": {"version": "v2.3.0-beta+5", "build": "127", "platform": "ios"},
    "code": {"hash": "c0ffee" * 10 + "abcd", "language": "swift"},
    "unknown": ['homepage.body[1].layout: "tall"', "homepage.header.motion"],
}
REPORT = ("code_hash", "code_language", "app_version", "app_build", "app_platform", "os_version", "unknown")
OF_PERSON = ("app_version", "os_version", "app_platform", "app_seen")


def report_of(app: App) -> dict[str, Any]:
    """What is stored of the only session."""
    (row,) = app.rows(tables.sessions)
    return {name: row[name] for name in REPORT}


def known_of(app: App, user_id: str = "ada") -> tuple[Any, ...]:
    """What is kept with a user."""
    return tuple(app.user(user_id)[name] for name in OF_PERSON)


def began(app: App, session: str) -> int:
    """When a session began."""
    return int(next(row["started"] for row in app.rows(tables.sessions) if row["session_id"] == session))


def problems_of(app: App, said: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a start, by path."""
    answer = app.say("sessions", {**ADA, **said})
    assert answer.status_code == 422, answer.text
    return [(problem["path"], problem["message"]) for problem in answer.json()["errors"]]


def test_a_session_stores_all_that_its_app_says_of_itself(app: App) -> None:
    app.start(**ADA, **SAYS)
    assert report_of(app) == {
        "code_hash": "c0ffee" * 10 + "abcd",
        "code_language": "swift",
        "app_version": "v2.3.0-beta+5",
        "app_build": "127",
        "app_platform": "ios",
        "os_version": "17.4.1",
        "unknown": json.dumps(SAYS["unknown"], separators=(",", ":")),
    }


def test_a_person_keeps_versions_as_keys_and_when_the_session_began(app: App) -> None:
    session = app.start(**ADA, **SAYS)
    assert known_of(app) == (version_key("2.3.0-beta"), version_key("17.4.1"), "ios", began(app, session))


def test_an_app_that_says_nothing_stores_nothing(app: App) -> None:
    app.start(**ADA)
    assert set(report_of(app).values()) == {None}
    assert known_of(app)[:3] == (None, None, None)


def test_null_and_empty_texts_are_as_good_as_nothing(app: App) -> None:
    app.start(
        **ADA, device={"os_version": ""}, app={"version": "", "build": None, "platform": ""}, code=None, unknown=[]
    )
    assert set(report_of(app).values()) == {None}
    app.start(**ADA, app=None, code={"hash": "", "language": None}, unknown=None)
    assert known_of(app)[:3] == (None, None, None)


def test_the_session_that_began_last_counts_and_all_of_it(app: App) -> None:
    app.start(**ADA, **SAYS)
    app.start(**ADA, app={"version": "1.0", "platform": "browser"})
    assert known_of(app)[:3] == (version_key("1.0"), None, "browser")
    last = app.start(**ADA)
    assert known_of(app) == (None, None, None, began(app, last))


def test_a_session_that_began_earlier_and_comes_later_changes_nothing(app: App) -> None:
    app.start(**ADA)
    persons, later = tables.persons, 9_000_000_000_000
    kept = {"app_version": version_key("9.0"), "os_version": None, "app_platform": "roku", "app_seen": later}
    of_ada = persons.update().where(
        persons.c.environment_id == app.environment.id,
        persons.c.person_id == named(PersonKind.USER, "ada").person_id,
    )
    app.server.database.write_now(lambda connection: connection.execute(of_ada.values(kept)))
    app.start(**ADA, **SAYS)
    assert known_of(app) == (version_key("9.0"), None, "roku", later)


def test_what_is_not_a_session_changes_nothing_of_it(app: App) -> None:
    app.start(**ADA, **SAYS)
    before = known_of(app)
    app.send("e-1", external_id="ada")
    app.tell("identify", {**ADA, "data": {"plan": "gold"}})
    device = {"device_id": "d", "os": "x", "model": "y", "app_build": "1", "app_version": "1"}
    app.tell("devices", {**ADA, **device})
    assert known_of(app) == before


def test_a_version_that_cannot_be_read_is_stored_and_compares_with_nothing(app: App) -> None:
    app.start(**ADA, app={"version": "spring release"}, device={"os_version": "1." * 100})
    assert (report_of(app)["app_version"], report_of(app)["os_version"]) == ("spring release", "1." * 100)
    assert known_of(app)[:2] == (None, None)


@pytest.mark.parametrize("platform", ["browser", "android", "ios", "roku", "server", "other"])
def test_a_platform_that_is_known_is_kept(app: App, platform: str) -> None:
    app.start(**ADA, app={"platform": platform})
    assert (report_of(app)["app_platform"], known_of(app)[2]) == (platform, platform)


@pytest.mark.parametrize("platform", ["visionos", "iOS", " ios", "x" * 5000, "\u202e", "a\nb"])
def test_any_other_platform_counts_as_other(app: App, platform: str) -> None:
    app.start(**ADA, app={"platform": platform})
    assert (report_of(app)["app_platform"], known_of(app)[2]) == ("other", "other")


def test_of_unknown_states_what_is_too_much_is_cut(app: App) -> None:
    sent: list[Any] = [7, None, {"a": []}, "", "x" * 300, *(f"entry {number}" for number in range(40))]
    app.start(**ADA, unknown=sent)
    stored = json.loads(report_of(app)["unknown"])
    assert stored == ["x" * 200, *(f"entry {number}" for number in range(19))]


def test_unknown_states_are_as_many_and_as_long_as_may_be(app: App) -> None:
    sent = ["\U0001f600" * 200] * 20
    app.start(**ADA, unknown=sent)
    assert json.loads(report_of(app)["unknown"]) == sent


@pytest.mark.parametrize("unknown", ["homepage", {"a": "b"}, 7, True, [[]], [None], ["", ""]])
def test_unknown_states_that_are_no_texts_cost_nothing(app: App, unknown: Any) -> None:
    app.start(**ADA, unknown=unknown)
    assert report_of(app)["unknown"] is None


def test_texts_may_be_as_long_as_is_said(app: App) -> None:
    code = {"hash": "h" * 128, "language": "l" * 64}
    app.start(**ADA, device={"os_version": "1" * 256}, app={"version": "2" * 256, "build": "3" * 256}, code=code)
    assert report_of(app)["code_hash"] == "h" * 128


def test_every_text_that_is_too_long_is_named(app: App) -> None:
    said = {
        "device": {"os_version": "1" * 257, "model": "m" * 257},
        "app": {"version": "2" * 257, "build": "3" * 257},
        "code": {"hash": "h" * 129, "language": "l" * 65},
    }
    assert problems_of(app, said) == [
        ("device.model", "This may have 256 characters."),
        ("device.os_version", "This may have 256 characters."),
        ("app.version", "This may have 256 characters."),
        ("app.build", "This may have 256 characters."),
        ("code.hash", "This may have 128 characters."),
        ("code.language", "This may have 64 characters."),
    ]
    assert app.rows(tables.sessions) == []


@pytest.mark.parametrize("text", ["2.3\n", "\x1b[2J", "\x7f", "\x85", "a\tb"])
def test_control_characters_are_named(app: App, text: str) -> None:
    said = {"app": {"version": text, "build": text}, "code": {"hash": text, "language": text}}
    found = problems_of(app, {**said, "device": {"os_version": text}})
    assert [path for path, _ in found] == [
        "device.os_version",
        "app.version",
        "app.build",
        "code.hash",
        "code.language",
    ]
    assert {message for _, message in found} == {"This must not contain control characters."}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"app": "2.3"}, "app"),
        ({"app": {"version": 2.3}}, "app.version"),
        ({"app": {"platform": ["ios"]}}, "app.platform"),
        ({"code": ["c0ffee"]}, "code"),
        ({"code": {"hash": 7}}, "code.hash"),
        ({"device": {"os_version": 17}}, "device.os_version"),
    ],
)
def test_what_is_of_another_type_is_named(app: App, said: dict[str, Any], path: str) -> None:
    assert [found for found, _ in problems_of(app, said)] == [path]


@pytest.mark.parametrize(
    "said",
    [
        b'{"external_id":"ada","app":{"version":"2\\u0000.3"}}',
        b'{"external_id":"ada","unknown":["a\\u0000b"]}',
        b'{"external_id":"ada","code":{"hash":"\\u0000"}}',
    ],
)
def test_a_nul_is_refused_as_everywhere(app: App, said: bytes) -> None:
    answer = app.client.post("/api/client/sessions", content=said, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "NUL" in answer.text


@pytest.mark.parametrize(
    "where", ['"app":{"version":"\\ud800"}', '"unknown":["\\udfff"]', '"code":{"hash":"\\ud800x"}']
)
def test_half_a_character_is_no_json(app: App, where: str) -> None:
    said = f'{{"external_id":"ada",{where}}}'.encode()
    answer = app.client.post("/api/client/sessions", content=said, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "app": anything | st.fixed_dictionaries({}, optional={"version": texts, "build": texts, "platform": texts}),
            "code": anything | st.fixed_dictionaries({}, optional={"hash": texts, "language": texts}),
            "device": anything | st.fixed_dictionaries({}, optional={"os_version": texts}),
            "unknown": anything | st.lists(texts, max_size=30),
        },
    )
)
def test_whatever_an_app_says_starts_a_session_or_is_named(app: App, said: dict[str, Any]) -> None:
    answer = app.say("sessions", {**ADA, **said})
    if answer.status_code == 200:
        return
    assert answer.status_code == 422
    assert {problem["path"].partition(".")[0] for problem in answer.json()["errors"]} <= {"app", "code", "device"}


def test_no_answer_to_a_pk_key_holds_any_of_it(app: App) -> None:
    app.start(**ADA, **SAYS)
    again = app.say("sessions", ADA)
    changes = app.client.get(f"/api/client/sessions/{again.json()['session']}/changes", params={"wait": 0})
    told = again.text + changes.text + app.say("identify", ADA).text
    assert not any(said in told for said in ("2.3.0", "c0ffee", "swift", "17.4.1", "homepage.body[1]"))
    users = f"/v2/spaces/{app.environment.space_id}/environments/production/users/ada/everything"
    assert app.client.get(users).status_code in {401, 403}


# Merges


def merge(app: App) -> None:
    app.tell("alias", {"anonymous_id": "v", "external_id": "ada"})


def test_in_a_merge_the_session_that_began_later_counts(app: App) -> None:
    app.start(**ADA, app={"version": "1.0", "platform": "browser"})
    last = app.start(anonymous_id="v", **SAYS)
    merge(app)
    assert known_of(app) == (version_key("2.3.0-beta"), version_key("17.4.1"), "ios", began(app, last))


def test_in_a_merge_the_users_own_later_session_counts(app: App) -> None:
    app.start(anonymous_id="v", **SAYS)
    last = app.start(**ADA, app={"version": "1.0", "platform": "browser"})
    merge(app)
    assert known_of(app) == (version_key("1.0"), None, "browser", began(app, last))


def test_a_visitor_without_a_session_takes_nothing_from_the_user(app: App) -> None:
    app.start(**ADA, **SAYS)
    before = known_of(app)
    app.send("e-1", anonymous_id="v")
    merge(app)
    assert known_of(app) == before


def test_a_session_that_merges_counts_for_the_user(app: App) -> None:
    app.start(anonymous_id="v", app={"version": "1.0"})
    last = app.start(anonymous_id="v", external_id="ada", app={"version": "2.0", "platform": "android"})
    assert known_of(app) == (version_key("2.0"), None, "android", began(app, last))
    assert app.people().keys() == {("user", "ada")}


def test_the_sessions_of_a_visitor_move_with_all_that_they_say(app: App) -> None:
    app.start(anonymous_id="v", **SAYS)
    before = report_of(app)
    merge(app)
    assert report_of(app) == before
    assert set(before.values()).isdisjoint({None})
    (moved,) = app.rows(tables.sessions)
    assert moved["person_id"] == named(PersonKind.USER, "ada").person_id
