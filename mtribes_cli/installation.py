"""How this program was installed, and how to upgrade it."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path
from shlex import quote
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

DISTRIBUTION = "mtribes"


class Installation(NamedTuple):
    """The installer, and the command that installs the newest version."""

    by: str
    upgrade: str


def installation() -> Installation:
    """Return the installation of the running program."""
    source = _editable_source()
    if source:
        return Installation(f"from the source in {source} (editable)", f"git -C {quote(source)} pull")
    parts = Path(sys.prefix).parts
    if "pipx" in parts:
        return Installation("with pipx", "pipx upgrade mtribes")
    if "uv" in parts and "tools" in parts:
        return Installation("with uv tool", "uv tool upgrade mtribes")
    if (_recorded("INSTALLER") or "").strip() == "uv":
        return Installation("with uv", f"uv pip install --python {sys.executable} --upgrade mtribes")
    return Installation("with pip", f"{sys.executable} -m pip install --upgrade mtribes")


def upgrade_advice() -> str:
    """Return one line: how the program was installed, and what to run."""
    found = installation()
    return f"It was installed {found.by}. Upgrade it with `{found.upgrade}`."


def _editable_source() -> str | None:
    """Return the folder of an editable installation (PEP 610)."""
    try:
        record = json.loads(_recorded("direct_url.json") or "{}")
        is_editable = record["dir_info"].get("editable") is True
        return url2pathname(urlsplit(record["url"]).path) if is_editable else None
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None


def _recorded(name: str) -> str | None:
    """Return a file that the installer left beside the package."""
    try:
        return metadata.distribution(DISTRIBUTION).read_text(name)
    except metadata.PackageNotFoundError:
        return None
