"""The driver of Swift, which is compiled with the code that it drives where MTRIBES_SWIFTC names a compiler."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.language import DRIVERS, Language
from tests.requirements import require_switch

SWITCH = "MTRIBES_SWIFTC"
SOURCES = ("driver.swift", "entities.swift", "surroundings.swift")


def _make_driver(folder: Path) -> Sequence[str]:
    """The code in the folder and its driver as one program."""
    compiler = require_switch(SWITCH, "compiling Swift")
    for source in SOURCES:
        shutil.copy(DRIVERS / source, folder)
    program = folder / "driver"
    sources = [str(path) for path in sorted(folder.rglob("*.swift"))]
    command = [compiler, "-swift-version", "5", "-suppress-warnings", "-o", str(program), *sources]
    subprocess.run(command, cwd=folder, check=True)
    return [str(program)]


SWIFT = Language("swift", "Swift", "other", "MtribesRuntime.swift", _make_driver, switch=SWITCH)
