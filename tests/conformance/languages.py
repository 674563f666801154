"""The languages that have a driver, and how its program is made of the code generated for the reference Space."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from templates_server.codegen.fingerprint import code_hash
from templates_server.codegen.render import render
from tests.requirements import require_node, require_npm_package
from tests.server.codegen.reference_space import HOST, tracked_vod
from tests.server.codegen.toolchain import write_tree

DRIVERS = Path(__file__).parent / "drivers"
Build = Callable[[Path], Sequence[str]]
"""Makes what is needed in a folder; the command that starts the driver."""


@dataclass(frozen=True)
class Language:
    """One that the cases are run in; `page_platform` is the platform of its pages, as sessions tell it."""

    name: str
    build: Build
    page_platform: str

    def platform(self, place: str) -> str:
        """The platform of a `place` of the cases."""
        return self.page_platform if place == "page" else "server"


CODE_HASH = code_hash(tracked_vod())
"""That of the code with which every driver is made."""


def rendered(folder: Path, name: str) -> Path:
    """The code of the reference Space, with events and fields, in that language."""
    return write_tree(folder, render(tracked_vod(), name, {"host": HOST}))


def node_driver(folder: Path, name: str) -> Sequence[str]:
    """The driver of TypeScript and JavaScript, with the code in the folder as one module."""
    ending = {"typescript": "ts", "javascript": "js"}[name]
    modules = "".join(f'export * from "./{module}.{ending}";\n' for module in ("index", "runtime"))
    (folder / f"entry.{ending}").write_text(modules, "utf-8")
    bundle = folder / "bundle.mjs"
    program = require_npm_package("esbuild") / "bin" / "esbuild"
    options = ["--bundle", "--format=esm", "--target=es2020", "--log-level=error", f"--outfile={bundle}"]
    subprocess.run([program, f"entry.{ending}", *options], cwd=folder, check=True)
    return [require_node(), str(DRIVERS / "driver.mjs"), str(bundle), name]


def _of_node(name: str) -> Language:
    return Language(name, lambda folder: node_driver(rendered(folder, name), name), "browser")


LANGUAGES: Mapping[str, Language] = {each.name: each for each in (_of_node("typescript"), _of_node("javascript"))}
