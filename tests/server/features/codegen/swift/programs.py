"""Swift on disk, and the compiler that MTRIBES_SWIFTC names."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.requirements import require, require_switch
from tests.server.features.codegen.toolchain import write_tree

MODES = ("5", "6")
"""The language modes in which generated code compiles without a warning."""
TIMEOUT_SECONDS = 800


def swift_tree(folder: Path, files: Mapping[str, str]) -> Path:
    """The Swift files below the folder."""
    return write_tree(folder, {path: text for path, text in files.items() if path.endswith(".swift")})


def compile_swift(folder: Path, *options: str, mode: str = "5") -> str:
    """What the compiler says of all files below the folder: nothing when all is well."""
    compiler = require_switch("MTRIBES_SWIFTC", "compiling Swift")
    sources = [str(path) for path in sorted(folder.rglob("*.swift"))]
    command = [compiler, "-wmo", "-swift-version", mode, *(options or ["-typecheck", "-warnings-as-errors"]), *sources]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False
    )
    assert (done.returncode == 0) == ("error:" not in done.stderr), done.stderr
    return done.stderr


def run_swift(folder: Path, *arguments: str, mode: str = "5") -> str:
    """What the files below the folder print, as a program; they must compile, and it must end well."""
    program = folder / "program"
    assert compile_swift(folder, "-warnings-as-errors", "-o", str(program), mode=mode) == ""
    return run([str(program), *arguments], folder)


def run(command: Sequence[str], folder: Path) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def unformatted(folder: Path) -> list[str]:
    """The files below the folder that swift-format, which stands beside the compiler, would change."""
    program = Path(require_switch("MTRIBES_SWIFTC", "formatting Swift")).parent / "swift-format"
    require(program, "swift-format beside the compiler", "a toolchain of Swift 6")
    found = []
    for path in sorted(folder.rglob("*.swift")):
        text = path.read_text("utf-8").replace("// swift-format-ignore-file\n", "")
        path.write_text(text, "utf-8")
        if run([str(program), "format", str(path)], folder) != text:
            found.append(path.relative_to(folder).as_posix())
    return found
