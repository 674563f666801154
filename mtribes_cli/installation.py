"""How this program was installed, and so how a newer one is."""

import sys
from pathlib import Path


def upgrade_advice() -> str:
    """One line: how it was installed, and the command that brings the newest."""
    parts = Path(sys.prefix).parts
    if "pipx" in parts:
        return "Installed with pipx: run `pipx upgrade mtribes`."
    if "uv" in parts and "tools" in parts:
        return "Installed with uv: run `uv tool upgrade mtribes`."
    return f"Installed with pip: run `{sys.executable} -m pip install --upgrade mtribes`."
