"""Java on disk, and the programs that check and run it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from templates_server.features.codegen.renderer import render
from templates_server.features.spaces.model import GenerationInput
from tests.requirements import require_jdk_program, require_npm_package

PROGRAMS = Path(__file__).with_name("programs")
STRICTEST = ("--release", "8", "-Xlint:all,-options", "-Werror", "-proc:none")
QUICKLY = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
TIMEOUT_SECONDS = 120
_EXPORTED = ("api", "code", "file", "parser", "tree", "util")
COMPILER_INTERNALS = tuple(f"--add-exports=jdk.compiler/com.sun.tools.javac.{name}=ALL-UNNAMED" for name in _EXPORTED)


def write_java(
    folder: Path, given: GenerationInput, options: Mapping[str, str] | None = None, *, linted: bool = False
) -> Path:
    """The code in the folder; `linted`: without what tells the compiler to leave its warnings out."""
    for path, text in render(given, "java", options or {}).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace('@SuppressWarnings("all")\n', "") if linted else text, "utf-8")
    return folder


def compile_java(
    sources: Sequence[Path], classes: Path, *, flags: Sequence[str] = STRICTEST, path: Sequence[Path] = ()
) -> str:
    """What the compiler has to say in an environment that knows ASCII alone: nothing when all is well.

    A folder stands for all sources in it.
    """
    files = [file for each in sources for file in (sorted(each.rglob("*.java")) if each.is_dir() else [each])]
    classes.mkdir(parents=True, exist_ok=True)
    listed = classes.with_suffix(".list")
    listed.write_text("\n".join(f'"{file}"' for file in files), "utf-8")
    javac = [require_jdk_program("javac"), *(f"-J{option}" for option in QUICKLY)]
    command = [*javac, *flags, "-Xmaxerrs", "1000", "-d", str(classes)]
    if path:
        command += ["-cp", os.pathsep.join(map(str, path))]
    done = run([*command, f"@{listed}"], classes, {"LC_ALL": "C"})
    return done.stdout + done.stderr


def errors(said: str) -> dict[str, str]:
    """What the compiler found wrong, by file and line such as `Mistakes.java:5`."""
    return {f"{file}:{line}": text for file, line, text in re.findall(r"(\w+\.java):(\d+): (?:error: )?(.*)", said)}


def run_java(main: str, path: Sequence[Path], *arguments: str, folder: Path | None = None) -> str:
    """What the program prints; it must end well."""
    command = [require_jdk_program("java"), *QUICKLY, "-Dfile.encoding=UTF-8", "-Xmx512m"]
    done = run([*command, "-cp", os.pathsep.join(map(str, path)), main, *arguments], folder or Path.cwd(), {})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unformatted(files: Sequence[Path]) -> list[str]:
    """The files that google-java-format would change."""
    library = require_npm_package("google-java-format") / "lib"
    [jar] = library.glob("google-java-format-*-all-deps.jar")
    command = [require_jdk_program("java"), *QUICKLY, *COMPILER_INTERNALS, "-jar", str(jar), "-n", *map(str, files)]
    done = run(command, Path.cwd(), {})
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What came of the command."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
