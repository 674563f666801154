"""The drivers of TypeScript and JavaScript: one program for both, which Node runs."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.language import DRIVERS, Language
from tests.requirements import require_node, require_npm_package


def _make_driver(ending: str, name: str, folder: Path) -> Sequence[str]:
    """The code in the folder as one module, and the program that drives it."""
    modules = "".join(f'export * from "./{module}.{ending}";\n' for module in ("index", "runtime"))
    (folder / f"entry.{ending}").write_text(modules, "utf-8")
    bundle = folder / "bundle.mjs"
    program = require_npm_package("esbuild") / "bin" / "esbuild"
    options = ["--bundle", "--format=esm", "--target=es2020", "--log-level=error", f"--outfile={bundle}"]
    subprocess.run([program, f"entry.{ending}", *options], cwd=folder, check=True)
    return [require_node(), str(DRIVERS / "driver.mjs"), str(bundle), name]


TYPESCRIPT = Language(
    "typescript", "TypeScript", "browser", "runtime.ts", functools.partial(_make_driver, "ts", "typescript")
)
JAVASCRIPT = Language(
    "javascript", "JavaScript", "browser", "runtime.js", functools.partial(_make_driver, "js", "javascript")
)
