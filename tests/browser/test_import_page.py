"""A file is imported in a real browser: every page on the way is sound, on a phone and in the dark too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_console import AXE, faults_of, sign_in
from tests.browser.watched_page import Demo
from tests.requirements import require

pytestmark = pytest.mark.slow

PATH = "/console/spaces/vod/environments/staging/imports"
LONG = "x" * 60
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1440, "light")])
def test_every_page_on_the_way_is_sound(
    browser: Any, shared_demo: Demo, tmp_path: Path, width: int, scheme: str
) -> None:
    require(AXE, "axe-core", "npm ci --prefix tests/toolchains")
    file = tmp_path / f"{HOSTILE.replace('/', '')}-{LONG}.csv"
    file.write_text(f'user_id,{HOSTILE},{LONG},E-Mail\nw{width},{HOSTILE},{LONG},a@example.com\n"{LONG}x,\n')
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    sign_in(page, shared_demo)
    page.goto(shared_demo.url + PATH)
    page.set_input_files("#file", file)
    faults: dict[str, list[str]] = {}
    for step, button in (
        ("sent", "Upload the file"),
        ("checked", "Preview the import"),
        ("imported", "Import into staging"),
        ("listed", ""),
    ):
        if button:
            page.get_by_role("button", name=button).click()
        else:
            page.get_by_role("link", name="Back to imports").click()
        page.wait_for_selector("[data-running]", state="detached")
        page.wait_for_load_state()
        faults[step] = faults_of(page, width)
        page.screenshot(path=tmp_path / f"{step}.png", full_page=True)
        if step == "imported":
            assert "2 rows read = 1 created + 0 updated + 0 unchanged + 1 rejected." in page.inner_text("#content")
            with page.expect_download() as download:
                page.get_by_role("link", name="Download rejected rows").click()
            assert HOSTILE in Path(download.value.path()).read_text(encoding="utf-8")
    context.close()
    assert {step: found for step, found in faults.items() if found} == {}
