"""What the guides to Vue and Svelte say is compiled by the framework's own tools and looked at in Chromium."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.browser.watched_page import WatchedPage, wait_until
from tests.manual import page_text
from tests.stacks.folder_server import serve_folder
from tests.stacks.people_server import people_server
from tests.stacks.projects import HERE, project, run_package

pytestmark = pytest.mark.slow

OPTIONS = ("--strict", "--noEmit", "--jsx", "react-jsx", "--module", "nodenext", "--target", "es2022", "--skipLibCheck")
CHECKS = {
    "vue": ("vue-tsc", "--noEmit"),
    "svelte": ("svelte-check", "--fail-on-warnings", "--tsconfig", "tsconfig.json"),
}


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each fenced block of a page of the manual."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page_text(f"guides/{page}"), re.MULTILINE | re.DOTALL)


@pytest.fixture(params=["vue", "svelte"])
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


REACT_FILES = ("Homepage.tsx", "main.tsx", "app/page.tsx", "app/store.tsx", "app/welcome.test.tsx")
REACT_TYPES = """
declare function signedInUser(): Promise<string>;
declare function render(element: import("react").ReactElement): void;
"""
BEFORE_THE_TEST = """
import { createSpace } from "../mtspace/vod/index.js";
import { SpaceProvider } from "../mtspace/vod/react.js";
declare function Welcome(): import("react").ReactElement;
"""


def test_what_the_page_about_react_shows_compiles(tmp_path: Path) -> None:
    app = project("vite", tmp_path / "app", host="http://app.test", code="src/mtspace/vod", bindings="react")
    shown = [text for language, text in blocks("react") if language == "tsx"]
    (app / "src" / "app").mkdir()
    (app / "src" / "known.d.ts").write_text(REACT_TYPES, "utf-8")
    for name, text in zip(REACT_FILES, shown, strict=True):
        (app / "src" / name).write_text((BEFORE_THE_TEST if "test" in name else "") + text, "utf-8")
    files = [*REACT_FILES, "known.d.ts"]
    run_package("tsc", *OPTIONS, *(f"src/{name}" for name in files), folder=app)


def app_of(framework: str, folder: Path, host: str) -> Path:
    """A project made of the blocks of that framework's page."""
    app = project(framework, folder, host=host, import_extension="none", code="src/mtspace/vod")
    (_, latest), (_, view), (_, main) = blocks(framework)
    src = app / "src"
    (src / "latest.ts").write_text(latest, "utf-8")
    (src / f"App.{framework}").write_text(view, "utf-8")
    (src / "main.ts").write_text(main, "utf-8")
    shutil.copy(HERE / "counted.ts", src)
    shutil.copy(HERE / "watched.ts", src)
    return app


def test_what_the_page_shows_is_clean_under_the_types_of_the_framework(framework: str, tmp_path: Path) -> None:
    app = app_of(framework, tmp_path / "app", "http://app.test")
    program, *arguments = CHECKS[framework]
    run_package(program, *arguments, folder=app)


def test_the_view_follows_changes_until_it_is_unmounted(framework: str, watched: WatchedPage, tmp_path: Path) -> None:
    with people_server() as people:
        app = app_of(framework, tmp_path / "app", people.url)
        view = app / "src" / f"App.{framework}"
        view.write_text(view.read_text("utf-8").replace('"./mtspace/vod"', '"./watched"'), "utf-8")
        run_package("vite", "build", folder=app)
        with serve_folder(app / "dist") as url:
            watched.page.goto(url)
            wait_until(watched.page, shows("Hello u1"))
            assert watched.page.inner_text("li") == "hero"
            assert watched.page.get_attribute("p", "data-status") == "served"
            people.greet_by("Good evening")
            wait_until(watched.page, shows("Good evening u1"))
            assert listeners(watched.page) == "3 listeners"
            watched.page.evaluate("document.dispatchEvent(new Event('leave'))")
            assert listeners(watched.page) == "0 listeners"
            assert people.started == ["u1"]


def shows(text: str) -> str:
    return f"document.querySelector('p')?.textContent === '{text}'"


def listeners(page: Any) -> str:
    page.evaluate("document.dispatchEvent(new Event('count'))")
    return str(page.title())
