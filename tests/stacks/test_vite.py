"""Vite with React 19 in strict mode: from `mtribes setup` on a real server to what Chromium shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser.programs import command_line_environment, run_mtribes
from tests.browser.watched_page import Demo, WatchedPage, demo_server, wait_until
from tests.stacks.folder_server import serve_folder
from tests.stacks.projects import HERE, PACKAGES, require_stack_package, run_package

pytestmark = pytest.mark.slow

GOLD, PUSHED = "#c9a227", "#0e9f6e"
OPTIONS = 'options = { bindings = "react", import_extension = "none" }\n'


@pytest.mark.parametrize(("language", "mode"), [("typescript", "development"), ("javascript", "production")])
def test_it_shows_what_is_served_and_what_is_pushed_in_one_session(
    language: str, mode: str, watched: WatchedPage, tmp_path: Path
) -> None:
    with demo_server(tmp_path / "data") as demo:
        site = built(demo, tmp_path, language, mode)
        sessions: list[str] = []
        watched.page.on("request", lambda asked: sessions.append(asked.method + " " + asked.url))
        with serve_folder(site) as url:
            watched.page.goto(url)
            wait_until(watched.page, shows(GOLD))
            assert watched.page.get_attribute("main", "data-status") == "served"
            assert watched.page.locator("li").all_inner_texts() == ["hero", "carousel", "banner"]
            deliver_to_gold_members(demo, PUSHED)
            wait_until(watched.page, shows(PUSHED))
            assert sessions.count(f"POST {demo.url}/api/client/sessions") == 1
            with watched.page.expect_response(lambda answer: answer.url.endswith("/events")) as stored:
                watched.page.click("text=Track")
            assert stored.value.status == 204
            watched.page.click("#leave")
            assert watched.page.inner_text("#root") == ""


def built(demo: Demo, folder: Path, language: str, mode: str) -> Path:
    """The app's site: `development` is React's own, which renders everything twice in strict mode."""
    require_stack_package("vite")
    app = folder / "app"
    shutil.copytree(HERE / "vite", app)
    environment = command_line_environment(folder / "home", MTRIBES_TOKEN=demo.facts["token"])
    choice = ("--organization", "acme", "--space", "vod", "--target", f"{language}:mtspace/vod", "--yes")
    run_mtribes("setup", "--host", demo.url, *choice, folder=app, environment=environment)
    project_file = app / "mtribes.toml"
    project_file.write_text(project_file.read_text("utf-8").rstrip("\n") + "\n" + OPTIONS, "utf-8")
    run_mtribes("update", folder=app, environment=environment)
    (app / "node_modules").symlink_to(PACKAGES)
    key = demo.facts["spaces"]["vod"]["production"]
    run_package("vite", "build", "--mode", mode, folder=app, NODE_ENV=mode, VITE_MTRIBES_KEY=key)
    return app / "dist"


def deliver_to_gold_members(demo: Demo, background: str) -> None:
    """Push a delivery whose gold header begins with another colour."""
    path = "/v2/spaces/vod/environments/production/delivery"
    with demo.client() as client:
        document = client.get(path).raise_for_status().json()["data"][0]
        [gold] = document["scenarios"]["homepage.header"]["targeted"]
        gold["properties"]["background"]["value"] = background
        client.put(path, json=document, headers={"If-Match": "*"}).raise_for_status()


def shows(background: str) -> str:
    return f"document.querySelector('h1')?.textContent === '{background}'"
