"""How long the command line takes to start, against a bare Python. Run it with the Python of an installed wheel:

python -m tests.benchmarks.startup

A pip older than 24 writes a `mtribes` that imports `re` before anything of ours runs, which costs half a bare Python.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.paired import Command, compare

FILES = 100
PROJECT = """\
host = "https://mtribes.example.com"
organization = "acme"
space = "vod"

[[targets]]
language = "typescript"
output = "src/mtspace/vod"
"""


def write_project(folder: Path) -> None:
    """A project whose 100 generated files are what its lock says."""
    output = folder / "src" / "mtspace" / "vod"
    output.mkdir(parents=True)
    files = {}
    for number in range(FILES):
        text = f"export const number{number} = {number};\n" * 40
        (output / f"file{number:03}.ts").write_text(text, encoding="utf-8", newline="\n")
        files[f"file{number:03}.ts"] = hashlib.sha256(text.encode()).hexdigest()
    lock = {
        "version": 1,
        "host": "https://mtribes.example.com",
        "space": "vod",
        "revision": 1,
        "code_hash": "0" * 64,
        "generator": "1",
        "targets": [
            {
                "language": "typescript",
                "output": "src/mtspace/vod",
                "options": {"host": "https://mtribes.example.com"},
                "files": files,
            }
        ],
    }
    (folder / "mtribes.lock").write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")
    (folder / "mtribes.toml").write_text(PROJECT, encoding="utf-8")


def main() -> None:
    """Print the ratio of each everyday start."""
    program = shutil.which("mtribes", path=str(Path(sys.executable).parent))
    if program is None:
        raise SystemExit("There is no `mtribes` beside this Python: install the wheel first.")
    bare = Command("python -c pass", [sys.executable, "-c", "pass"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder)
        compare(Command("mtribes --version", [program, "--version"]), bare, 1.3)
        tab = [program, "__complete", "2", "mtribes", "space", "pu"]
        compare(Command("completing a word", tab), bare, 2)
        compare(Command("mtribes --help", [program, "--help"]), bare, 8)
        check = [program, "update", "--check", "--offline"]
        compare(Command("mtribes update --check --offline, 100 files", check, folder), bare, 8)


if __name__ == "__main__":
    main()
