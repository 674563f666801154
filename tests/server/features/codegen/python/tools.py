"""Generated Python on disk, and the programs that check and run it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.requirements import require, require_node, require_npm_package
from tests.server.features.codegen.toolchain import TIMEOUT_SECONDS

PACKAGE = "space"
STRICT = {"typeCheckingMode": "strict", "reportDeprecated": "error", "pythonVersion": "3.10"}
HEADER_LINES = 5


def write_package(folder: Path, files: Mapping[str, str], name: str = PACKAGE) -> Path:
    """The files as a package below the folder; the folder."""
    for path, text in files.items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))
    return folder


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What a program in the folder said."""
    return subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False
    )


def run_python(text: str, folder: Path, interpreter: str = sys.executable) -> str:
    """What the program prints beside the package; warnings are errors, and it must end well."""
    (folder / "program.py").write_text(text, "utf-8")
    done = run([interpreter, "-W", "error", "program.py"], folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def threads_left() -> list[threading.Thread]:
    """The runtime's threads in this process, but for what waited for timers and is about to end."""
    for thread in threading.enumerate():
        if thread.name == "mtribes":
            thread.join(5)
    return [thread for thread in threading.enumerate() if thread.name == "mtribes"]


def mypy(folder: Path, *what: str) -> list[str]:
    """The faults that `mypy --strict` finds, for the oldest Python that code is generated for."""
    options = ["--strict", "--python-version", "3.10", "--enable-error-code", "deprecated", "--no-error-summary"]
    done = run([sys.executable, "-m", "mypy", *options, "--cache-dir", str(folder.parent / ".mypy"), *what], folder)
    return [line for line in (done.stdout + done.stderr).splitlines() if line]


def pyright(folder: Path, *what: str) -> list[str]:
    """The faults that pyright finds where it is strictest, as `file:line: message`."""
    program = require_npm_package("pyright") / "index.js"
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps({**STRICT, "include": [str(folder / each) for each in what]}), "utf-8")
    done = run([require_node(), str(program), "-p", str(project), "--outputjson"], folder)
    said = json.loads(done.stdout)
    assert said["summary"]["filesAnalyzed"] > 0, done.stdout
    return [
        f"{Path(each['file']).name}:{each['range']['start']['line'] + 1}: {each['message']}"
        for each in said["generalDiagnostics"]
    ]


def lines_of(faults: Sequence[str], file: str) -> set[int]:
    """The lines of a file that faults are told of."""
    return {int(found[1]) for fault in faults if (found := re.match(rf"{re.escape(file)}:(\d+):", fault))}


def unformatted(folder: Path) -> str:
    """What `ruff format` with its own defaults would change, were it not told to leave the files alone."""
    for path in folder.rglob("*.py"):
        text = path.read_text("utf-8")
        assert text.count("\n# fmt: off\n") == 1, path
        path.write_text(text.replace("# fmt: off\n", ""), "utf-8")
    done = run([sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "."], folder)
    return done.stdout + (done.stderr if done.returncode > 1 else "")


def oldest_python() -> str:
    """An interpreter of Python 3.10."""
    kept = sorted(Path.home().glob(".pyenv/versions/3.10.*/bin/python"))
    found = str(kept[-1]) if kept else shutil.which("python3.10") or ""
    require(found, "Python 3.10", "pyenv install 3.10")
    return found
