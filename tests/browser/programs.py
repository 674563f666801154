"""The command line as a person starts it: `mtribes` in a process of its own, with a home folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.server_processes import ENVIRONMENT


def command_line_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment in which `mtribes` keeps everything below `home`, and starts no browser."""
    home.mkdir(exist_ok=True)
    folders = {name: str(home / name) for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    own = {"HOME": str(home), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "BROWSER": "true"}
    return {**ENVIRONMENT, **folders, **own, **more}


def run_mtribes(*arguments: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What came of a command; it has ended well."""
    done = subprocess.run(
        [sys.executable, "-m", "mtribes_cli", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done
