"""Who changed a model, tribes and deliveries, when and why: over HTTP, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from templates_server.access import Role, Scope
from templates_server.revisions import NewRevision
from templates_server.spaces.store import locate, store_model
from templates_server.times import parse_rfc3339, system_clock
from tests.people import Grant, Person, add_organization, add_person, add_service, add_space, unique
from tests.servers import RunningServer

MODEL = {"experiences": {"hero": {}}, "collections": {"home": {"children": {"top": {"experience": "hero"}}}}}
GOLD = {"filters": [{"tag": "gold"}]}
WHATEVER_IS_THERE = {"If-Match": "*"}
HOSTILE = "<b>Spring</b> & '\N{RIGHT-TO-LEFT OVERRIDE}日本' %0A \N{GRINNING FACE}"


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database), role=Role.DEVELOPER)


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


@pytest.fixture
def space(server: RunningServer, person: Person) -> str:
    return f"/v2/spaces/{add_space(server, person)}"


def revisions(client: httpx.Client, url: str) -> list[dict[str, Any]]:
    answer = client.get(url)
    assert (answer.status_code, answer.json()["dataType"]) == (200, "revision"), answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def notes(client: httpx.Client, url: str) -> list[tuple[int, str | None]]:
    return [(each["revision"], each["note"]) for each in revisions(client, url)]


def changed(answer: httpx.Response) -> None:
    assert answer.is_success, answer.text


def test_every_route_that_makes_a_revision_keeps_its_note(client: httpx.Client, space: str) -> None:
    here = f"{space}/environments/staging"
    changed(client.put(f"{space}/model", params={"note": "first model"}, json=MODEL))
    changed(client.put(f"{space}/tribes", params={"note": "all"}, json={"tribes": {"gold": GOLD}}))
    changed(client.put(f"{space}/tribes/silver", params={"note": "one"}, json=GOLD))
    changed(client.delete(f"{space}/tribes/silver", params={"note": "none"}))
    changed(client.put(f"{here}/delivery", params={"note": "put"}, json={"scenarios": {"home.top": {"default": {}}}}))
    changed(client.post(f"{here}/publish", params={"note": "on"}, json={"collections": ["home"]}))
    changed(client.post(f"{here}/unpublish", params={"note": "off"}, json={"collections": ["home"]}))
    again = {"revision": 2}
    changed(client.post(f"{here}/delivery/restore", params={"note": "back"}, json=again, headers=WHATEVER_IS_THERE))
    assert notes(client, f"{space}/model/revisions") == [(1, "first model")]
    assert notes(client, f"{space}/tribes/revisions") == [(3, "none"), (2, "one"), (1, "all")]
    expected = [(4, "back"), (3, "off"), (2, "on"), (1, "put")]
    assert notes(client, f"{here}/delivery/revisions") == expected
    assert notes(client, f"{space}/environments/production/delivery/revisions") == []


def test_a_revision_tells_who_made_it_and_when(
    server: RunningServer, client: httpx.Client, person: Person, space: str
) -> None:
    began = system_clock()
    changed(client.put(f"{space}/model", json=MODEL))
    service = add_service(server.database, person.organization)
    with service.client(server) as robot:
        changed(robot.put(f"{space}/model", json={**MODEL, "description": "More"}, headers=WHATEVER_IS_THERE))
    second, first = revisions(client, f"{space}/model/revisions")
    assert began <= parse_rfc3339(first["at"]) <= parse_rfc3339(second["at"]) <= system_clock()
    assert first["author"] == {"kind": "person", "id": person.id, "name": person.email}
    assert second["author"] == {"kind": "service", "id": service.id, "name": "A service"}
    assert set(first) == {"revision", "at", "author", "note"}


def test_an_author_who_is_gone_has_an_id_alone(server: RunningServer, client: httpx.Client, space: str) -> None:
    place = server.database.read_now(lambda connection: locate(connection, {"space": space.rpartition("/")[2]}))
    assert place is not None
    made = [NewRevision({"name": f"N{n}"}, n, author, n) for n, author in enumerate(("acc_gone", "svc_gone"))]
    space_id = str(place.space_id)
    server.database.write_now(lambda connection: [store_model(connection, space_id, new) for new in made])
    found = revisions(client, f"{space}/model/revisions")
    assert [each["author"] for each in found] == [
        {"kind": "service", "id": "svc_gone", "name": None},
        {"kind": "person", "id": "acc_gone", "name": None},
    ]


@pytest.mark.parametrize("note", [HOSTILE, "n" * 200, "\N{GRINNING FACE}" * 200, " with blanks "])
def test_a_note_is_kept_as_it_was_given(client: httpx.Client, space: str, note: str) -> None:
    changed(client.put(f"{space}/model", params={"note": note}, json=MODEL))
    assert notes(client, f"{space}/model/revisions") == [(1, note)]


@pytest.mark.parametrize("params", [{}, {"note": ""}, {"note": "  "}])
def test_a_blank_note_is_none(client: httpx.Client, space: str, params: Mapping[str, str]) -> None:
    changed(client.put(f"{space}/model", params=params, json=MODEL))
    assert notes(client, f"{space}/model/revisions") == [(1, None)]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/model", MODEL),
        ("PUT", "/tribes", {"tribes": {}}),
        ("PUT", "/tribes/gold", GOLD),
        ("DELETE", "/tribes/gold", None),
        ("PUT", "/environments/staging/delivery", {"published": []}),
        ("POST", "/environments/staging/publish", {"collections": []}),
        ("POST", "/environments/staging/unpublish", {"collections": []}),
        ("POST", "/environments/staging/delivery/restore", {"revision": 0}),
    ],
)
def test_a_note_that_breaks_rules_is_refused_with_all_that_is_wrong(
    client: httpx.Client, space: str, method: str, path: str, body: Any
) -> None:
    params, headers = {"note": "two\nlines" * 30}, WHATEVER_IS_THERE
    answer = client.request(method, f"{space}{path}", params=params, json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert [(each["path"], each["message"]) for each in answer.json()["errors"]] == [
        ("note", "has 270 characters; at most 200 are possible: shorten it"),
        ("note", "must be one line without control characters: take them out"),
    ]


@pytest.mark.parametrize("character", ["\x01", "\t", "\r", "\x7f", "\x85", "\N{LINE SEPARATOR}"])
def test_a_control_character_anywhere_in_a_note_is_refused(client: httpx.Client, space: str, character: str) -> None:
    for note in (f"{character}n", f"n{character}"):
        assert client.put(f"{space}/model", params={"note": note}, json=MODEL).status_code == 422
    assert revisions(client, f"{space}/model/revisions") == []


def test_what_changes_nothing_leaves_no_note(client: httpx.Client, space: str) -> None:
    for note in ("first", "second"):
        changed(client.put(f"{space}/model", params={"note": note}, json=MODEL, headers=WHATEVER_IS_THERE))
    assert notes(client, f"{space}/model/revisions") == [(1, "first")]


def test_the_newest_comes_first_over_all_pages(client: httpx.Client, space: str) -> None:
    for number in range(11):
        changed(client.put(f"{space}/tribes/t{number}", json=GOLD, params={"note": f"{number}"}))
    found, place = [], f"{space}/tribes/revisions?limit=4"
    while place:
        answer = client.get(place)
        found.append([each["revision"] for each in answer.json()["data"]])
        place = answer.links.get("next", {}).get("url", "")
    assert found == [[11, 10, 9, 8], [7, 6, 5, 4], [3, 2, 1]]


@pytest.mark.parametrize("cursor", ["eA", "LTE", "OTk5OTk5OTk5OTk5"])  # x, -1, 999999999999
def test_a_cursor_of_no_revision_is_refused(client: httpx.Client, space: str, cursor: str) -> None:
    answer = client.get(f"{space}/model/revisions", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "BAD_REQUEST")


def test_histories_of_two_spaces_and_environments_are_apart(
    server: RunningServer, client: httpx.Client, person: Person, space: str
) -> None:
    other = f"/v2/spaces/{add_space(server, person)}"
    for each in (space, other):
        for name in ("staging", "production"):
            where = f"{each.rpartition('/')[2]} {name}"
            changed(client.put(f"{each}/model", params={"note": each}, json=MODEL, headers=WHATEVER_IS_THERE))
            there = f"{each}/environments/{name}"
            changed(client.post(f"{there}/publish", params={"note": where}, json={"collections": ["home"]}))
            assert notes(client, f"{there}/delivery/revisions") == [(1, where)]
        assert notes(client, f"{each}/model/revisions") == [(1, each)]


def test_a_viewer_reads_no_history_for_it_names_people(server: RunningServer, person: Person, space: str) -> None:
    viewer = add_person(server.database, person.organization, role=Role.VIEWER)
    no_tribes = add_person(server.database, person.organization, grant=Grant({Scope.SPACES_READ}))
    with viewer.client(server) as client, no_tribes.client(server) as narrow:
        for path in ("model", "tribes", "environments/staging/delivery"):
            assert client.get(f"{space}/{path}/revisions").status_code == 403
            assert narrow.get(f"{space}/{path}/revisions").status_code == (403 if path == "tribes" else 200)


def test_another_space_has_no_history_to_see(server: RunningServer, space: str) -> None:
    stranger = add_person(server.database, add_organization(server.database))
    with stranger.client(server) as client:
        answers = [client.get(f"{each}/model/revisions") for each in (space, f"/v2/spaces/{unique('space')}")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}


def test_a_note_is_part_of_what_an_idempotency_key_stands_for(client: httpx.Client, space: str) -> None:
    changed(client.put(f"{space}/model", json=MODEL))
    url, headers = f"{space}/environments/staging/publish", {"Idempotency-Key": unique("key")}
    sent = [
        client.post(url, params={"note": note}, json={"collections": ["home"]}, headers=headers)
        for note in ("one", "one", "two")
    ]
    assert [answer.status_code for answer in sent] == [200, 200, 422]
    assert notes(client, f"{space}/environments/staging/delivery/revisions") == [(1, "one")]
