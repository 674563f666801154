"""The driver of Python, which the interpreter of the tests runs, or another that a test names."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.language import DRIVERS, Language


def driver_command(folder: Path, interpreter: str = sys.executable) -> Sequence[str]:
    """The program that drives the code in the folder."""
    return [interpreter, str(DRIVERS / "driver.py"), str(folder)]


PYTHON = Language("python", "Python", "server", "runtime/session.py", driver_command)
