"""The users of a tribe, downloaded in the console, are the bytes that `mtribes tribe export` writes."""

from __future__ import annotations

import re

import pytest

from tests.contract.export.export_environment import ExportEnvironment, large_users
from tests.contract.people import Signed
from tests.server.features.auth.flows import signed_in_browser
from tests.server.features.console.people import submit


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_download_in_the_console_equals_the_export(ada: Signed, leaving: ExportEnvironment, form: str) -> None:
    leaving.put(*large_users(30), {"user_id": "=1+1", "email": "ada@example.com", "tags": ["a/b", "vip"]})
    assert leaving.export("--output", f"people.{form}").exit_code == 0
    browser = signed_in_browser(leaving.server, ada.person)
    path = f"/console/spaces/{leaving.space}/environments/production/tribes/everybody"
    begun = submit(browser, browser.get(path), f"{path}/exports", format=form)
    assert begun.status_code == 303
    page = browser.get(begun.headers["location"])
    (content,) = re.findall(r'href="([^"]+/content)" download', page.text)
    fetched = browser.get(content)
    assert fetched.content == leaving.read(f"people.{form}")
    assert fetched.headers["content-disposition"] == f'attachment; filename="everybody-production.{form}"'
