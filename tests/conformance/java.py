"""The driver of Java: compiled together with the generated code, and run by a JVM."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.language import DRIVERS, Language
from tests.requirements import require_jdk_program

QUICKLY = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


def _make_driver(folder: Path) -> Sequence[str]:
    """The code in the folder and its driver as classes, and the program that loads them for each case."""
    classes, program = folder / "classes", folder / "program"
    driver = [DRIVERS / "java" / name for name in ("Driver.java", "Around.java")]
    sources = list(folder.rglob("*.java"))
    _compile([*sources, *driver], classes)
    _compile([DRIVERS / "java" / "Main.java"], program)
    return [require_jdk_program("java"), *QUICKLY, "-cp", str(program), "Main", str(classes)]


def _compile(sources: Sequence[Path], classes: Path) -> None:
    javac = [require_jdk_program("javac"), *(f"-J{option}" for option in QUICKLY)]
    options = ["--release", "17", "-encoding", "UTF-8", "-proc:none", "-d", str(classes)]
    subprocess.run([*javac, *options, *map(str, sources)], check=True)


JAVA = Language("java", "Java", "android", "runtime/SessionRunner.java", _make_driver)
