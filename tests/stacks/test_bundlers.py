"""Bundlers: what they make of generated code runs, and what an app does not use is not in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.requirements import require_node
from tests.stacks.people_server import PeopleServer
from tests.stacks.projects import esbuild, project, run, run_package

pytestmark = pytest.mark.slow


def check_bundle(folder: Path, bundle: str, people: PeopleServer) -> None:
    """It shows what is served and sends its event."""
    assert json.loads(run([require_node(), bundle], folder)) == {"status": "served", "label": "Hello u1"}
    assert people.started == ["u1"]
    assert [(event["name"], event["external_id"]) for event in people.events] == [("app/bundled", "u1")]


@pytest.mark.parametrize("import_extension", ["js", "none"])
def test_webpack(import_extension: str, people: PeopleServer, tmp_path: Path) -> None:
    app = project("bundlers", tmp_path / "app", host=people.url, import_extension=import_extension)
    told = run_package("webpack", "--config", "webpack.config.mjs", folder=app)
    assert "warning" not in told.lower()
    check_bundle(app, "webpacked.mjs", people)


@pytest.mark.parametrize("import_extension", ["js", "ts", "none"])
def test_esbuild(import_extension: str, people: PeopleServer, tmp_path: Path) -> None:
    app = project("bundlers", tmp_path / "app", host=people.url, import_extension=import_extension)
    options = ("--bundle", "--format=esm", "--minify", "--target=es2022", "--outfile=bundled.mjs")
    assert esbuild("main.ts", *options, folder=app) == ""
    check_bundle(app, "bundled.mjs", people)


def test_rollup(people: PeopleServer, tmp_path: Path) -> None:
    app = project("bundlers", tmp_path / "app", host=people.url, language="javascript")
    (app / "main.ts").rename(app / "main.js")
    told = run_package("rollup", "main.js", "--file", "rolled.mjs", "--failAfterWarnings", folder=app)
    assert "(!)" not in told
    check_bundle(app, "rolled.mjs", people)


@pytest.mark.parametrize("bundler", ["rollup", "esbuild"])
@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_an_import_that_is_not_used_leaves_nothing(bundler: str, language: str, tmp_path: Path) -> None:
    app = project("bundlers", tmp_path / "app", host="http://app.test", language=language)
    if bundler == "rollup":
        if language == "typescript":  # Rollup itself reads JavaScript only
            run_package("tsc", "-p", "tsconfig.json", folder=app)
        run_package("rollup", "unused.js", "--file", "out.js", folder=app)
    else:
        esbuild("unused.js", "--bundle", "--format=esm", "--minify", "--outfile=out.js", folder=app)
    assert (app / "out.js").read_text("utf-8").strip() == ""
