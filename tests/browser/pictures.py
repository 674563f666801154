"""The pictures of the README, taken of a real run: a terminal and the demo app.

python -m tests.browser.pictures
"""

from __future__ import annotations

import html
import os
import pty
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.browser.conftest import FLAGS

FOLDER = Path(__file__).parents[2] / ".readme"
WIDTH_CHARACTERS = 100
SCRIPT = (
    "mtribes setup --local",
    "mtribes update --check",
    "mtribes space pull --output space.yaml",
    "sed -i 's/title-ids:/titles:/' space.yaml",
    "mtribes space diff space.yaml",
)
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 28px; background: #e9e7f2; width: max-content }}
pre {{ margin: 0; padding: 22px 26px; border-radius: 10px; background: #16141f; color: #e6e3f1;
  font: 14px/1.5 "DejaVu Sans Mono", monospace; box-shadow: 0 12px 36px rgb(20 16 40 / .3) }}
b {{ color: #a995ff; font-weight: 600 }}
</style><pre>{text}</pre>"""


def run_in_terminal(command: str, folder: Path, environment: dict[str, str]) -> str:
    """What a command shows in a terminal; RuntimeError when it fails for another reason than its answer."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    if process.wait() not in {0, 3}:
        raise RuntimeError(f"{command} ended with {process.returncode}: {shown.decode()}")
    return shown.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


def terminal(folder: Path, environment: dict[str, str]) -> str:
    """The page that shows the whole script with its output."""
    parts = []
    for command in SCRIPT:
        shown = (
            run_in_terminal(command, folder, environment).replace(f"{folder}/", "").replace(f"{folder.parent}/", "~/")
        )
        parts.append(f"<b>$</b> {html.escape(command)}\n{html.escape(shown)}")
    return PAGE.format(text="\n".join(parts).rstrip())


def take(page: Any, url: str) -> None:
    """Both pictures."""
    page.screenshot(path=FOLDER / "terminal.png", full_page=True)
    page.set_viewport_size({"width": 1180, "height": 820})
    page.goto(f"{url}/demo")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / "demo.png")


def main() -> None:
    """Run the script in an empty home, and photograph."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not everybody has it

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        home = Path(name)
        project = home / "shop"
        project.mkdir()
        programs = Path(sys.executable).parent
        environment = {
            "HOME": name,
            "PATH": f"{programs}:/usr/bin:/bin",
            "MTRIBES_DATA": str(home / "server"),
            "COLUMNS": str(WIDTH_CHARACTERS),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
        }
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 900, "height": 200})
        try:
            page.set_content(terminal(project, environment))
            take(page, "http://127.0.0.1:8674")
        finally:
            subprocess.run([programs / "mtribes-server", "stop"], env=environment, check=True, capture_output=True)
            browser.close()


if __name__ == "__main__":
    main()
