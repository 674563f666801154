"""Generated code on disk, and the programs that check and run it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.requirements import require_node, require_npm_package

STRICTEST = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "exactOptionalPropertyTypes": True,
    "noImplicitOverride": True,
    "verbatimModuleSyntax": True,
    "isolatedModules": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "erasableSyntaxOnly": True,
    "module": "nodenext",
    "target": "es2020",
    "lib": ["es2020"],
    "types": [],
    "noEmit": True,
}
TIMEOUT_SECONDS = 120
_TRACKING_CONSUMER = Path(__file__).with_name("tracking_consumer.ts.txt")
TRACKING_OPTIONS: Mapping[str, Mapping[str, str]] = {"open": {}, "modelled": {"events": "modelled"}}
"""The ways in which events that are not modelled are taken, as options of a target."""


def tracking_consumer(options: Mapping[str, str]) -> str:
    """An app that uses modelled events and fields, rightly and wrongly; with these options it compiles.

    Its lines marked `/*open*/` are mistakes where events that are not modelled are refused.
    """
    text = _TRACKING_CONSUMER.read_text("utf-8")
    return text.replace("/*open*/", "// @ts-expect-error  not modelled\n ") if "events" in options else text


def write_tree(folder: Path, files: Mapping[str, str]) -> Path:
    """The files below the folder, which is an ES module package unless the files say otherwise."""
    for path, text in {"package.json": '{\n  "type": "module"\n}\n', **files}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))
    return folder


def compile_tree(folder: Path, compiler: str, files: Sequence[str], **options: Any) -> str:
    """What that version of `tsc` (the npm package's name) has to say: nothing when all is well."""
    program = require_npm_package(compiler) / "bin" / "tsc"
    config = {"compilerOptions": STRICTEST | options, "files": [str(folder / file) for file in files]}
    project = folder / f"tsconfig.{compiler}.json"
    project.write_text(json.dumps(config), "utf-8")
    done = _run([require_node(), str(program), "-p", str(project), "--pretty", "false"], folder)
    return done.stdout + done.stderr


def compile_to_javascript(folder: Path, into: Path) -> Path:
    """The TypeScript below the folder as JavaScript in another folder."""
    options = {"noEmit": False, "outDir": str(into), "rootDir": str(folder)}
    assert compile_tree(folder, "typescript", ["index.ts"], **options) == ""
    return write_tree(into, {})


def unformatted(folder: Path) -> str:
    """The files that Prettier, left to its defaults, would change."""
    program = require_npm_package("prettier") / "bin" / "prettier.cjs"
    return _run([require_node(), str(program), "--list-different", "**/*.{ts,js}", "package.json"], folder).stdout


def run_node(script: str, folder: Path, *arguments: str) -> Any:
    """What the module prints, as JSON; its relative imports are those of the folder."""
    program = folder / "script.mjs"
    program.write_text(script, "utf-8")
    return json.loads(run_program([require_node(), str(program), *arguments], folder))


def run_program(command: Sequence[str], folder: Path) -> str:
    """What the program prints; it must end well."""
    done = _run(command, folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False
    )
