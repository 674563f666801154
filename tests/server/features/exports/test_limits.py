"""Who may export, what is refused, and what becomes of exports that fail, are abandoned or are over."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from templates_server.features.exports import file_store, queries, worker
from templates_server.features.exports.file_store import ExportFiles
from templates_server.security.authorization import Role, Scope
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.tables import audit_entries, exports
from tests.people import Grant, add_person, add_space
from tests.server.features.exports.export_client import ExportClient, make_export_client, somebody
from tests.servers import RunningServer, running_server

OF_USERS = {Scope.USERS_READ, Scope.TRIBES_READ}


def folder_of(server: RunningServer) -> Path:
    return DataFolder(server.settings.data_folder).exports_folder


@pytest.mark.parametrize("scopes", [{Scope.USERS_READ}, {Scope.TRIBES_READ}, {Scope.EVENTS_READ}])
def test_people_are_exported_and_fetched_with_both_scopes_alone(place: ExportClient, scopes: Collection[Scope]) -> None:
    export = place.wait_until_ended(place.ask(format="csv"))
    organization = place.person.organization
    lesser = add_person(place.server.database, organization, role=Role.DEVELOPER, grant=Grant(scopes))
    with lesser.client(place.server) as client:
        for answer in (
            client.post(f"{place.path}/tribes/everybody/exports", json={}),
            client.get(f"{place.path}/exports/{export['export']}"),
            client.get(f"{place.path}/exports/{export['export']}/content"),
        ):
            assert answer.status_code == 403, answer.text
    able = add_person(place.server.database, organization, role=Role.DEVELOPER, grant=Grant(OF_USERS))
    with able.client(place.server) as client:
        assert client.get(f"{place.path}/exports/{export['export']}/content").status_code == 200
        assert client.post(f"{place.path}/events/exports", json={}).status_code == 403


def test_events_are_for_those_who_may_read_events(place: ExportClient) -> None:
    export = place.wait_until_ended(place.ask_events(format="csv"))
    other = add_person(place.server.database, place.person.organization, role=Role.DEVELOPER, grant=Grant(OF_USERS))
    with other.client(place.server) as client:
        assert client.get(f"{place.path}/exports/{export['export']}/content").status_code == 403


def test_an_export_of_another_environment_or_organization_is_not_there(place: ExportClient) -> None:
    export = place.wait_until_ended(place.ask(format="csv"))["export"]
    staging = place.path.replace("production", "staging")
    assert place.client.get(f"{staging}/exports/{export}").status_code == 404
    assert place.client.get(f"{staging}/exports/{export}/content").status_code == 404
    with somebody(place.server).client(place.server) as stranger:
        assert stranger.get(f"{place.path}/exports/{export}").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ({"format": "xml"}, "format"),
        ({"columns": ["user_id", "nonsense"]}, "columns[1]"),
        ({"columns": ["user_id", "user_id"]}, "columns[1]"),
        ({"columns": ["attributes."]}, "columns[0]"),
        ({"columns": ["attributes.a\u0007"]}, "columns[0]"),
        ({"columns": ["user_id"], "format": "json"}, "columns"),
        ({"raw": True, "format": "ndjson"}, "raw"),
        ({"since": "nonsense"}, "since"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_path(place: ExportClient, wanted: dict[str, Any], path: str) -> None:
    answer = place.ask(**wanted)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_a_cursor_of_another_environment_is_refused(place: ExportClient) -> None:
    cursor = place.wait_until_ended(place.ask(format="csv"))["cursor"]
    staging = place.path.replace("production", "staging")
    answer = place.client.post(f"{staging}/tribes/everybody/exports", json={"since": cursor})
    assert answer.status_code == 422


def test_a_tribe_that_only_a_session_can_tell_is_refused(place: ExportClient) -> None:
    assert place.ask("spring").status_code == 422
    assert place.ask("nowhere").status_code == 404


def test_an_idempotency_key_makes_one_export(place: ExportClient) -> None:
    headers = {"Idempotency-Key": "once"}
    url = f"{place.path}/tribes/everybody/exports"
    first, again = (place.client.post(url, json={"format": "csv"}, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    assert place.wait_until_ended(again)["state"] == "complete"
    assert list(folder_of(place.server).glob("*.lock")) == []


def test_an_export_is_remembered_as_a_deed(place: ExportClient) -> None:
    export = place.wait_until_ended(place.ask("gold", format="csv"))["export"]
    query = select(audit_entries.c.action, audit_entries.c.details).where(audit_entries.c.target == export)
    action, details = place.server.database.read_sync(lambda connection: connection.execute(query).one())
    assert (action, json.loads(details)) == ("export.create", {"format": "csv", "tribe": "gold"})


def test_files_are_for_the_server_alone(place: ExportClient) -> None:
    export = place.wait_until_ended(place.ask(format="csv"))["export"]
    folder = folder_of(place.server)
    assert (folder.stat().st_mode & 0o777, (folder / export).stat().st_mode & 0o777) == (0o700, 0o600)


def test_without_room_an_export_fails_in_words_and_leaves_nothing(
    place: ExportClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put({"user_id": "ada"})
    monkeypatch.setattr(file_store, "LEFT_FREE_BYTES", shutil.disk_usage(folder_of(place.server).parent).total * 2)
    export = place.wait_until_ended(place.ask(format="csv"))
    assert (export["state"], export["error"]) == ("failed", "The server's disk is full.")
    assert place.fetch(export).status_code == 404
    assert not list(folder_of(place.server).glob(f"{export['export']}*"))


@pytest.mark.parametrize(("limit", "word"), [("LARGEST_BYTES", "larger than"), ("LONGEST_SECONDS", "took longer than")])
def test_what_is_too_large_or_takes_too_long_fails(
    place: ExportClient, monkeypatch: pytest.MonkeyPatch, limit: str, word: str
) -> None:
    place.put({"user_id": "ada"})
    monkeypatch.setattr(file_store if limit == "LARGEST_BYTES" else worker, limit, -1)
    export = place.wait_until_ended(place.ask(format="csv"))
    assert export["state"] == "failed"
    assert word in export["error"]


@pytest.fixture
def slow_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Exports give no line until this is set."""
    may_go = threading.Event()
    lines = queries.query_user_lines

    def slowly(*arguments: Any, **options: Any) -> queries.Batches:
        may_go.wait(30)
        yield from lines(*arguments, **options)

    monkeypatch.setattr(queries, "query_user_lines", slowly)
    yield may_go
    may_go.set()


@contextlib.contextmanager
def places(server: RunningServer, number: int) -> Iterator[list[ExportClient]]:
    """Environments of as many organizations."""
    with contextlib.ExitStack() as clients:
        people = [somebody(server) for _ in range(number)]
        yield [make_export_client(server, clients.enter_context(person.client(server)), person) for person in people]


def test_an_organization_has_its_share_of_the_slots(place: ExportClient, slow_lines: threading.Event) -> None:
    asked = [place.ask(format="csv") for _ in range(worker.MOST_AN_ORGANIZATION)]
    assert {answer.status_code for answer in asked} == {202}
    colleague = add_person(place.server.database, place.person.organization)
    with colleague.client(place.server) as client:
        path = f"/v2/spaces/{add_space(place.server, colleague)}/environments/production"
        elsewhere = ExportClient(place.server, colleague, client, path)
        refused = [place.ask(format="csv"), place.ask_events(), elsewhere.ask_events()]
    assert [answer.status_code for answer in refused] == [503] * 3
    assert all(answer.headers["retry-after"] for answer in refused)
    assert "4 exports of the organization" in refused[0].json()["errors"][0]["message"]
    with places(place.server, 1) as (other,):
        theirs = other.ask(format="csv")
        slow_lines.set()
        assert other.wait_until_ended(theirs)["state"] == "complete"
    assert {place.wait_until_ended(answer)["state"] for answer in asked} == {"complete"}
    assert place.wait_until_ended(place.ask(format="csv"))["state"] == "complete"


def test_so_many_are_made_at_once_but_everybody_gets_one(place: ExportClient, slow_lines: threading.Event) -> None:
    assert worker.MOST_WAITING == 16
    with places(place.server, 6) as organizations:
        asked = [(one, one.ask(format="csv")) for one in organizations[:4] for _ in range(4)]
        assert {answer.status_code for _, answer in asked} == {202}
        more = [(one, one.ask(format="csv")) for one in organizations]
        assert [answer.status_code for _, answer in more] == [503] * 4 + [202] * 2
        assert [one.ask(format="csv").status_code for one in organizations[4:]] == [503] * 2  # all slots are taken
        slow_lines.set()
        assert {one.wait_until_ended(answer)["state"] for one, answer in (*asked, *more[4:])} == {"complete"}
        assert {one.wait_until_ended(one.ask(format="csv"))["state"] for one in organizations} == {"complete"}


def test_the_next_export_is_of_whom_the_fewest_are_made() -> None:
    turns = worker.FairTurns()
    for name in ("a1", "a2", "a3", "b1", "b2", "c1"):
        slot = worker.Reservation(None, name, name[0], None)  # type: ignore[arg-type]  # neither is used here
        turns.add(name, slot)  # type: ignore[arg-type]  # nor is the job
    made: list[object] = []
    with turns.next() as (first, _):
        made.append(first)
        with turns.next() as (second, _):
            made.append(second)
            with turns.next() as (third, _):
                made.append(third)
        for _ in range(3):
            with turns.next() as (job, _):
                made.append(job)
    assert made == ["a1", "b1", "c1", "b2", "a2", "a3"]


def test_one_that_is_being_made_is_not_there_to_be_fetched(place: ExportClient, slow_lines: threading.Event) -> None:
    answer = place.ask(format="csv")
    export = answer.json()["data"][0]
    assert (export["state"], export["rows"], export["sha256"]) == ("running", None, None)
    assert place.fetch(export).status_code == 404
    slow_lines.set()
    assert place.wait_until_ended(answer)["state"] == "complete"


def test_one_that_a_stopped_server_left_has_failed(place: ExportClient) -> None:
    export = place.wait_until_ended(place.ask(format="csv"))
    running = update(exports).where(exports.c.id == export["export"]).values(state="running", rows=None)
    place.server.database.write_sync(lambda connection: connection.execute(running))
    told = place.client.get(f"{place.path}/exports/{export['export']}").json()["data"][0]
    assert (told["state"], told["error"]) == ("failed", worker.STOPPED)


def test_a_server_that_stops_breaks_off_what_it_makes(tmp_path: Path, slow_lines: threading.Event) -> None:
    with running_server(tmp_path) as server:
        person = somebody(server)
        with person.client(server) as client:
            place = make_export_client(server, client, person)
            place.put({"user_id": "ada"})
            path, export = place.path, place.ask(format="csv").json()["data"][0]["export"]
            threading.Timer(0.3, slow_lines.set).start()
    with running_server(tmp_path) as server, person.client(server) as client:
        told = client.get(f"{path}/exports/{export}").json()["data"][0]
        assert (told["state"], told["error"]) == ("failed", worker.STOPPED)
    assert not list(folder_of(server).iterdir())


def test_what_is_over_is_gone_and_so_are_files_that_nobody_knows(place: ExportClient) -> None:
    over, kept = (place.wait_until_ended(place.ask(format="csv")) for _ in range(2))
    past = update(exports).where(exports.c.id == over["export"]).values(expires=1)
    place.server.database.write_sync(lambda connection: connection.execute(past))
    folder = folder_of(place.server)
    for name in ("exp_lost", "exp_lost2.part", "exp_lost3.lock"):
        (folder / name).write_text("of before")
    assert place.fetch(over).status_code == 404
    place.server.app.features.export_worker.purge()
    left = {entry.name for entry in folder.iterdir()}
    assert kept["export"] in left
    assert not left & {over["export"], "exp_lost", "exp_lost2.part", "exp_lost3.lock"}


def test_a_file_that_is_worked_at_is_not_removed(tmp_path: Path) -> None:
    mine, theirs = ExportFiles(tmp_path), ExportFiles(tmp_path)
    lock = mine.hold("exp_1")
    assert lock is not None
    (tmp_path / "exp_1.part").write_text("half")
    theirs.remove("exp_1")
    assert (tmp_path / "exp_1.part").exists()
    mine.let_go("exp_1", lock)
    theirs.remove("exp_1")
    assert list(tmp_path.iterdir()) == []
