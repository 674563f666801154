"""Imports in the console: a file is sent, mapped, checked, imported; its rejects are fetched; nobody else sees it."""

from __future__ import annotations

import gzip
import html
import http.client
import re
import stat
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from templates_server.errors import Conflict
from templates_server.features.console.imports import file as import_file
from templates_server.features.console.imports import overview as imports_page
from templates_server.features.console.imports.overview import TOO_LARGE
from templates_server.features.exports.store import NewExport, add_export
from templates_server.features.imports import api as imports_api
from templates_server.features.imports import file_job, service
from templates_server.features.imports.csv_files import rows
from templates_server.features.imports.file_job import TOO_MANY_REJECTS
from templates_server.features.imports.uploads import IMPORTING, MAX_FILE_BYTES
from templates_server.primitives.ids import new_id
from templates_server.primitives.timestamps import HOUR
from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.console_importer import ConsoleImporter, selected_options
from tests.server.features.console.people import colleague, deeds_of, environment_id_of, forms_of, new_space, text_of
from tests.servers import RunningServer

GOOD = b"user_id,E-Mail,plan,n\nada,ada@example.com,gold,1\nbob,,silver,x\n"


def announced(server: RunningServer, browser: Browser, path: str, length: int) -> tuple[int, str, str]:
    """The answer to a form of so many bytes of which none was sent yet: its status, its location, its text."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(length))
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Cookie", "; ".join(f"{name}={value}" for name, value in browser.cookies.items()))
    connection.endheaders()
    answer = connection.getresponse()
    found = (answer.status, answer.headers.get("Location", ""), answer.read().decode())
    connection.close()
    return found


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def importer(server: RunningServer, person: Someone) -> ConsoleImporter:
    path = f"/console/spaces/{new_space(server, person)}/environments/staging/imports"
    return ConsoleImporter(signed_in_browser(server, person), path)


def test_a_file_is_mapped_checked_imported_and_its_rejects_fetched(
    server: RunningServer, person: Someone, importer: ConsoleImporter
) -> None:
    file = importer.send_file(GOOD)
    page = importer.browser.get(file)
    assert "Such as ada , bob" in text_of(page)
    assert selected_options(page) == {
        "becomes-0": "user_id", "type-0": "", "becomes-1": "attribute", "type-1": "",
        "becomes-2": "attribute", "type-2": "", "becomes-3": "attribute", "type-3": "",
    }  # fmt: skip
    assert "Did you mean “E-mail”?" in text_of(page)
    changes = {"becomes-1": "email", "type-3": "number", "named-2": "level"}
    page = importer.map_columns(file, **changes)
    assert "2 rows read: 1 row will create or update users of staging , 1 row will be rejected." in text_of(page)
    assert "3 n: This is not a number such as 12 or 0.5. bob,,silver,x" in text_of(page)
    assert deeds_of(server, person) == []
    page = importer.import_file(file)
    assert "2 rows read = 1 created + 0 updated + 0 unchanged + 1 rejected." in text_of(page)
    rejects = importer.browser.get(f"{file}/rejects")
    assert rejects.headers["content-disposition"].endswith("filename*=UTF-8''users.rejects.csv")
    assert rejects.text == (
        "user_id,E-Mail,plan,n,_line,_error\nbob,,silver,x,3,n: This is not a number such as 12 or 0.5.\n"
    )
    assert [action for action, _ in deeds_of(server, person)] == ["import.open", "import.complete"]
    listed = text_of(importer.browser.get(importer.path))
    assert "1 read: 0 created" not in listed
    assert "1 created, 0 updated, 0 unchanged, 1 rejected complete" in listed
    assert "by Ada Lovelace" in listed
    user = text_of(importer.browser.get(importer.path.replace("/imports", "/users/ada")))
    assert "ada@example.com" in user
    assert "level" in user


def test_what_is_sent_twice_is_applied_once(server: RunningServer, person: Someone, importer: ConsoleImporter) -> None:
    fields = forms_of(importer.browser.get(importer.path))[importer.path][0]
    files = {importer.browser.send_file(importer.path, fields, "a.csv", GOOD).headers["location"] for _ in range(2)}
    (file,) = files
    importer.map_columns(file)
    page = importer.browser.get(file)
    for _ in range(3):
        assert importer.browser.send("POST", f"{file}/start", fields=forms_of(page)[f"{file}/start"][0]).is_redirect
    done = importer.wait_until_settled(file)
    assert "2 rows read = 2 created" in text_of(done)
    assert [action for action, _ in deeds_of(server, person)] == ["import.open", "import.complete"]
    again = importer.browser.send("POST", f"{file}/start", fields=forms_of(page)[f"{file}/start"][0])
    assert again.status_code == 303
    assert "Nothing to import." in text_of(importer.browser.get(file))
    fields = {**forms_of(page)[f"{file}/columns"][0], **selected_options(page)}
    assert importer.browser.send("POST", f"{file}/columns", fields=fields).status_code == 303
    assert "its columns can no longer be changed" in text_of(importer.browser.get(file))
    assert "2 rows read = 2 created" in text_of(importer.browser.get(file))


def test_an_import_that_was_broken_off_goes_on_and_applies_nothing_twice(
    server: RunningServer, person: Someone, importer: ConsoleImporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_ROWS_A_PART", 2)
    file = importer.send_file(b"user_id\n" + b"".join(b"u%d\n" % number for number in range(7)))
    importer.map_columns(file)
    put_part = service.apply_part
    calls = []

    def failing(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise Conflict("Something came in between.")
        return put_part(*arguments, **named)

    monkeypatch.setattr(imports_api, "apply_part", failing)
    page = importer.import_file(file)
    assert "Something came in between. 4 rows imported so far." in text_of(page)
    assert "stopped" in text_of(importer.browser.get(importer.path))
    assert "7 rows read = 7 created + 0 updated + 0 unchanged + 0 rejected." in text_of(importer.import_file(file))
    assert len(calls) == 5
    assert [action for action, _ in deeds_of(server, person)] == ["import.open", "import.complete"]


def test_one_that_another_process_left_can_go_on_after_a_minute(
    server: RunningServer, importer: ConsoleImporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = importer.send_file(GOOD)
    importer.map_columns(file)
    uploads = server.app.features.file_import_job.uploads
    (upload,) = [one for one in uploads._all() if one.id == file.rpartition("/")[2]]
    uploads.store(replace(upload, state=IMPORTING))
    page = importer.browser.get(file)
    assert "The file is being imported" in text_of(page)
    assert forms_of(page).keys() == {"/sign-out"}
    monkeypatch.setattr(import_file, "STILL_MS", 0)
    assert "The server stopped before the import was complete." in text_of(importer.browser.get(file))
    assert "2 rows read = 2 created" in text_of(importer.import_file(file))


def test_a_file_is_its_sender_s_alone_and_of_one_environment(
    server: RunningServer, person: Someone, importer: ConsoleImporter
) -> None:
    file = importer.send_file(GOOD)
    form = forms_of(importer.browser.get(file))[f"{file}/discard"][0]
    mate = signed_in_browser(server, colleague(server, person, Role.ADMINISTRATOR))
    elsewhere = file.replace("/staging/", "/production/")
    for browser, path in ((mate, file), (importer.browser, elsewhere), (importer.browser, f"{importer.path}/..%2fx")):
        assert browser.get(path).status_code == 404
        assert browser.get(f"{path}/rejects").status_code == 404
    assert file not in mate.get(importer.path).text
    for deed in ("columns", "start", "discard"):
        assert mate.send("POST", f"{file}/{deed}", fields=form).status_code == 403
        assert importer.browser.send("POST", f"{elsewhere}/{deed}", fields=form).status_code in {403, 404}
    viewer = signed_in_browser(server, colleague(server, person, Role.VIEWER))
    assert viewer.get(importer.path).status_code == 403
    assert importer.browser.get(file).status_code == 200


def test_columns_that_meet_are_told_beside_the_field_and_nothing_typed_is_lost(importer: ConsoleImporter) -> None:
    file = importer.send_file(b"id,mail,email\n1,a@example.com,b@example.com\n")
    assert "Is this the user ID?" in text_of(importer.browser.get(file))
    answer = importer.try_to_map(file)
    assert answer.status_code == 422
    assert "No column maps to the user ID. Choose the column that contains it." in text_of(answer)
    answer = importer.try_to_map(file, **{"becomes-0": "user_id", "becomes-1": "email", "named-2": "second"})
    assert answer.status_code == 422
    assert re.search('id="becomes-2-problem" role="alert">This column and mail both map to email.<', answer.text)
    assert selected_options(answer)["becomes-1"] == "email"
    assert re.search(r'name="named-2"[^>]*value="second"', answer.text)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", b"", "Choose a CSV file that is not empty."),
        ("a.csv.gz", gzip.compress(GOOD, mtime=0), "The file is compressed with gzip."),
        ("a.xlsx", b"PK\x03\x04" + bytes(40), "The file is a ZIP archive or spreadsheet."),
        ("a.ndjson", b'{"user_id":"a"}\n', "The file is JSON."),
        ("a.csv", b",".join(b"c%d" % number for number in range(401)) + b"\n", "more than 400 columns"),
        ("a.csv", b"K\xf6ln,user_id\n", "is not valid UTF-8 (byte 0xF6)"),
    ],
    ids=["empty", "gzip", "spreadsheet", "ndjson", "many columns", "latin-1"],
)
def test_what_cannot_be_imported_is_told_beside_the_file(
    importer: ConsoleImporter, name: str, content: bytes, said: str
) -> None:
    answer = importer.send(content, name)
    assert answer.status_code == 422
    (problem,) = re.findall(r'id="file-problem" role="alert">([^<]+)<', answer.text)
    assert said in html.unescape(problem)


def test_a_file_beyond_the_limit_is_refused_and_told_where_to_go(
    server: RunningServer, importer: ConsoleImporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_page, "MAX_FILE_BYTES", len(GOOD) - 1)
    assert TOO_LARGE in text_of(importer.send(GOOD))
    status, _, said = announced(server, importer.browser, importer.path, MAX_FILE_BYTES + 65 * 1024)
    assert status == 413
    assert TOO_LARGE in said


def test_a_file_with_too_many_bad_rows_stops_and_says_so(
    server: RunningServer, person: Someone, importer: ConsoleImporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_job, "MOST_REJECTS", 3)
    file = importer.send_file(b"user_id,n\n" + b"ada,x\n" * 4)
    assert TOO_MANY_REJECTS in text_of(importer.map_columns(file, **{"becomes-1": "attribute", "type-1": "number"}))
    assert "4 rows read: 4 rows will create" in text_of(importer.map_columns(file, **{"type-1": "text"}))
    assert deeds_of(server, person) == []


@pytest.mark.parametrize("boundary", ["", "b" * 257, "b" * 4000, '"\\""', "x"])
def test_a_form_that_no_browser_sends_is_refused(importer: ConsoleImporter, boundary: str) -> None:
    heads = (b"", b"Content-Disposition: form-data\r\n", b"Content-Disposition: form-data; name=a\r\n")
    bodies = [b"", b"--x", *(b"--x\r\n" + head + b"\r\ny\r\n--x--\r\n" for head in heads)]
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with importer.browser.server.client() as client:
        client.cookies = importer.browser.cookies
        answers = [client.post(importer.path, content=body, headers=headers) for body in bodies]
    assert {answer.status_code for answer in answers} <= {400, 403}, [answer.text[:200] for answer in answers]


def test_who_is_signed_out_signs_in_before_a_file_is_read(server: RunningServer, importer: ConsoleImporter) -> None:
    status, location, _ = announced(server, Browser(server), importer.path, MAX_FILE_BYTES)
    assert status == 303
    assert location.startswith("/sign-in?next=%2Fconsole%2F")


def test_a_person_has_three_files_for_an_hour_and_can_delete_them(
    server: RunningServer, importer: ConsoleImporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [importer.send_file(GOOD, f"{number}.csv") for number in range(4)]
    assert [importer.browser.get(file).status_code for file in files] == [404, 200, 200, 200]
    assert importer.do(files[1], "discard").headers["location"] == importer.path
    assert "1.csv was deleted from the server." in text_of(importer.browser.get(importer.path))
    uploads = server.app.features.file_import_job.uploads
    folder = uploads._folder
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    clock = uploads._clock
    monkeypatch.setattr(uploads, "_clock", lambda: clock() + HOUR)
    assert importer.browser.get(files[2]).status_code == 404
    uploads.purge()
    assert not list(folder.iterdir())


def test_a_file_without_a_row_to_send_imports_nothing(
    importer: ConsoleImporter,
) -> None:
    file = importer.send_file(b"user_id,email\n,\n,a@example.com\n")
    assert "1 row read: 0 rows will create or update" in text_of(importer.map_columns(file))
    assert "1 row read = 0 created + 0 updated + 0 unchanged + 1 rejected." in text_of(importer.import_file(file))
    assert importer.browser.get(f"{file}/rejects").text.endswith("user_id: This is missing.\n")


def test_exports_are_listed_with_a_way_to_the_file(server: RunningServer, importer: ConsoleImporter) -> None:
    environment_id = environment_id_of(server, importer.path.split("/")[3], "staging")
    now = server.app.services.clock()
    made = [
        NewExport(new_id("exp"), environment_id, tribe, "{}", now, "svc_gone", now + HOUR) for tribe in ("gold", None)
    ]
    server.database.write_sync(lambda connection: [add_export(connection, one) for one in made])
    page = importer.browser.get(importer.path)
    assert "Users of gold unknown yet running" in text_of(page)
    assert "by deleted account" in text_of(page)
    assert f"/tribes/gold/exports/{made[0].id}" in page.text
    assert made[1].id not in page.text
