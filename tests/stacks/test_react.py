"""The hooks of `bindings = "react"` in React 19 and 18: on a server, while hydrating, and in a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.renderer import render
from tests.requirements import NODE_MODULES, require_node, require_npm_package
from tests.server.features.codegen.reference_space import vod
from tests.server.features.codegen.toolchain import unformatted, write_tree
from tests.stacks.projects import HERE, esbuild, run, write_code

VERSIONS = ["react", pytest.param("react-18", marks=pytest.mark.slow)]
RENDERS = 100_000
MOST_GROWN_BYTES = 10 * RENDERS
"""A sixth of what it is when each render leaves nothing but a closure."""
REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"


def ran(
    name: str, folder: Path, react: str, *arguments: str, language: str = "typescript", mode: str = "development"
) -> Any:
    """What a program of tests/stacks/react prints."""
    shutil.copytree(HERE / "react", folder / "react")
    shutil.copy(HERE / "counted.ts", folder)
    write_code(folder / "react" / "mtspace" / "vod", language, {"host": "http://app.test", "bindings": "react"})
    (folder / "node_modules").symlink_to(NODE_MODULES)
    bundle(name, folder, react, mode)
    return json.loads(run([require_node(), "--expose-gc", f"{name}.mjs", *arguments], folder).splitlines()[-1])


def bundle(name: str, folder: Path, react: str, mode: str) -> None:
    """Put the program and that npm package of React into one file."""
    dom = react.replace("react", "react-dom")
    for package in (react, dom, "happy-dom"):
        require_npm_package(package)
    packages = ("--external:happy-dom", f"--alias:react={react}", f"--alias:react-dom={dom}")
    format_ = ("--format=esm", "--platform=node", "--jsx=automatic", f"--banner:js={REQUIRE}")
    environment = f'--define:process.env.NODE_ENV="{mode}"'
    files = (f"react/{name}.tsx", f"--outfile={name}.mjs")
    esbuild(*files, "--bundle", *packages, *format_, environment, folder=folder)


@pytest.mark.parametrize("react", VERSIONS)
def test_a_page_in_strict_mode_follows_every_change_and_lets_go_when_it_is_gone(react: str, tmp_path: Path) -> None:
    seen = ran("updates", tmp_path, react)
    assert seen["shown"] == [
        "idle: Welcome, 3 items",
        "served: Hello u1, 1 items",
        "served: Hello u2, 1 items",
        "",
    ]
    assert seen["whileShown"] == 3
    assert seen["afterwards"] == 0
    assert seen["asked"] == ["u1", "u2", "u3"]
    assert seen["errors"] == []


@pytest.mark.parametrize("react", VERSIONS)
def test_what_a_server_rendered_for_a_person_is_what_the_page_hydrates(react: str, tmp_path: Path) -> None:
    seen = ran("hydrates", tmp_path, react)
    assert seen["html"] == "<p>served: Hello u1, 1 items</p>"
    assert seen["hydrated"] == {"asked": [], "rendered": ["served: Hello u1, 1 items"], "errors": []}
    assert seen["startedBefore"]["errors"] == []
    assert seen["startedBefore"]["rendered"][0] == "served: Hello u1, 1 items"
    assert seen["startedBefore"]["rendered"][-1] == "served: Hello u2, 1 items"
    assert seen["withoutSnapshot"]["errors"] != []


def test_a_server_renders_nothing_of_the_default_space_but_what_is_built_in(tmp_path: Path) -> None:
    seen = ran("hydrates", tmp_path, "react")
    assert seen["shared"] == "<p>idle: Welcome, 3 items</p>"
    assert seen["mixed"] == "Welcome"


@pytest.mark.slow
def test_a_hundred_thousand_renders_leave_nothing_behind(tmp_path: Path) -> None:
    seen = ran("renders", tmp_path, "react", str(RENDERS), language="javascript", mode="production")
    assert seen["renders"] == RENDERS
    assert seen["listeners"] == 0
    assert seen["grownBytes"] < MOST_GROWN_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_the_formatter_would_change_nothing_of_the_bindings(language: str, tmp_path: Path) -> None:
    assert unformatted(write_tree(tmp_path, render(vod(), language, {"bindings": "react"}))) == ""


@pytest.mark.slow
def test_the_directive_comes_first_and_only_where_bindings_are_wanted() -> None:
    for language, ending in (("typescript", "ts"), ("javascript", "js")):
        assert not any("react" in path for path in render(vod(), language, {}))
        lines = render(vod(), language, {"bindings": "react"})[f"react.{ending}"].split("\n")
        assert next(line for line in lines if line and not line.startswith(("//", "/*"))) == '"use client";'
