"""Generated BrightScript as an app on disk, and the programs that validate, format and run it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.requirements import require_node, require_npm_package

MANIFEST = "title=Test\nmajor_version=1\nminor_version=0\nbuild_version=0\n"
CODE = "components/mtspace/vod"
TIMEOUT_SECONDS = 120
DIAGNOSTIC = re.compile(r"(\S+) - (?:error|warning|info|hint) (BS\d+): (.*)")
RUN = Path(__file__).with_name("run_app.mjs")
NOT_THERE = ("extends unknown component 'Task'", 'unknown classname "roRegistrySection"')
"""What the interpreter says that it does not have."""

LEX = Path(__file__).with_name("token_kinds.mjs")


def write_app(folder: Path, code: Mapping[str, str], app: Mapping[str, str] | None = None) -> Path:
    """An app that has the code among its components, and files of its own."""
    files = {f"{CODE}/{path}": text for path, text in code.items()}
    for path, text in {"manifest": MANIFEST, **files, **(app or {})}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))
    return folder


def diagnostics(folder: Path) -> list[str]:
    """What BrighterScript's compiler has to say of the app: code and message of each."""
    program = require_npm_package("brighterscript") / "dist" / "cli.js"
    options = ["--copy-to-staging", "false", "--create-package", "false", "--root-dir", str(folder)]
    done = _run([str(program), *options], folder)
    found = [f"{match[2]} {match[3]}" for match in DIAGNOSTIC.finditer(re.sub(r"\x1b\[\d+m", "", done.stdout))]
    assert bool(found) == bool(done.returncode) or "warning" in done.stdout, done.stdout + done.stderr
    return found


def unformatted(folder: Path) -> list[str]:
    """The files that the formatter would change."""
    program = require_npm_package("brighterscript-formatter") / "dist" / "cli.js"
    done = _run([str(program), "--check", "**/*.brs"], folder)
    return [line for line in done.stdout.splitlines() if line.endswith(".brs")]


def run_app(folder: Path, main: str) -> list[str]:
    """The lines that an app prints whose `main` is given, in the interpreter."""
    interpreter = require_npm_package("@rokucommunity/brs")
    (folder / "source").mkdir(exist_ok=True)
    (folder / "source" / "main.brs").write_text(main, "utf-8")
    done = _run([str(RUN), str(interpreter), str(folder)], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    told = [line for line in done.stderr.splitlines() if line and not any(part in line for part in NOT_THERE)]
    assert told == [], done.stderr
    return done.stdout.split("\n")[:-1]


def token_kinds(*folders: Path) -> list[dict[str, str]]:
    """The kinds of tokens of every generated file below each folder, by path."""
    package = require_npm_package("brighterscript")
    done = _run([str(LEX), str(package), *(str(folder / CODE) for folder in folders)], folders[0])
    assert done.returncode == 0, done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def read_json(lines: Sequence[str]) -> Any:
    """What the last line says."""
    return json.loads(lines[-1])


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [require_node(), *command],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
