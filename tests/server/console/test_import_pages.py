"""Imports in the console: a file is sent, mapped, checked, imported; its rejects are fetched; nobody else sees it."""

from __future__ import annotations

import pytest

from tests.server.console.importing import Importer, selected
from tests.server.console.people import deeds_of, new_space, text_of
from tests.server.oauth.flows import Someone, signed_in_browser, someone
from tests.servers import RunningServer

GOOD = b"user_id,E-Mail,plan,n\nada,ada@example.com,gold,1\nbob,,silver,x\n"


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def importer(server: RunningServer, person: Someone) -> Importer:
    path = f"/console/spaces/{new_space(server, person)}/environments/staging/imports"
    return Importer(signed_in_browser(server, person), path)


def test_a_file_is_mapped_checked_imported_and_its_rejects_fetched(
    server: RunningServer, person: Someone, importer: Importer
) -> None:
    file = importer.sent(GOOD)
    page = importer.browser.get(file)
    assert "Such as ada , bob" in text_of(page)
    assert selected(page) == {
        "becomes-0": "user_id", "type-0": "", "becomes-1": "attribute", "type-1": "",
        "becomes-2": "attribute", "type-2": "", "becomes-3": "attribute", "type-3": "",
    }  # fmt: skip
    assert "If “E-mail” is meant, choose it." in text_of(page)
    changes = {"becomes-1": "email", "type-3": "number", "named-2": "level"}
    page = importer.mapped(file, **changes)
    assert "2 rows read: 1 row will create or update users of staging , 1 row will be rejected." in text_of(page)
    assert "3 n: This is not a number, such as 12 or 0.5. bob,,silver,x" in text_of(page)
    assert deeds_of(server, person) == []
    page = importer.imported(file)
    assert "2 rows read = 1 created + 0 updated + 0 unchanged + 1 rejected." in text_of(page)
    rejects = importer.browser.get(f"{file}/rejects")
    assert rejects.headers["content-disposition"].endswith("filename*=UTF-8''users.rejects.csv")
    assert rejects.text == (
        'user_id,E-Mail,plan,n,_line,_error\nbob,,silver,x,3,"n: This is not a number, such as 12 or 0.5."\n'
    )
    assert [action for action, _ in deeds_of(server, person)] == ["import.open", "import.complete"]
    listed = text_of(importer.browser.get(importer.path))
    assert "1 read: 0 created" not in listed
    assert "1 created, 0 updated, 0 unchanged, 1 rejected complete" in listed
    assert "by Ada Lovelace" in listed
    user = text_of(importer.browser.get(importer.path.replace("/imports", "/users/ada")))
    assert "ada@example.com" in user
    assert "level" in user
