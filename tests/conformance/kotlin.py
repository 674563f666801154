"""The driver of Kotlin: the code and the program that drives it in one archive, which a machine of Java runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.conformance.language import DRIVERS, Language
from tests.requirements import require_jdk_program
from tests.server.features.codegen.kotlin.compiler import FAST_START, compile_program

SOURCES = ("Driver.kt", "World.kt")


def _make_driver(folder: Path) -> Sequence[str]:
    archive = compile_program([folder, *(DRIVERS / source for source in SOURCES)], folder / "driver.jar")
    return [require_jdk_program("java"), *FAST_START, "-cp", str(archive), "conformance.DriverKt"]


KOTLIN = Language("kotlin", "Kotlin", "android", "runtime/Runner.kt", _make_driver)
