"""The pictures of the README and the manual, taken of real runs: a terminal, the demo app, and the console.

python -m tests.browser.pictures        needs tmux and chromium
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.browser import console_pictures
from tests.browser.conftest import FLAGS

FOLDER = Path(__file__).parents[2] / ".readme"
WIDTH_CHARACTERS = 100
HEIGHT_LINES = 200
PROMPT = "$"
QUESTION_ENDS = (":", "?")
SETTLE_SECONDS = 1.0
PATIENCE_SECONDS = 120
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


class Terminal:
    """A real terminal, tmux's, in which a shell runs and somebody types."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._environment = environment
        size = ("-x", str(WIDTH_CHARACTERS), "-y", str(HEIGHT_LINES))
        self._tmux("new-session", "-d", *size, "-c", str(folder), f"env PS1='{PROMPT} ' bash --norc --noprofile")
        self._wait()

    def run(self, command: str) -> None:
        """Type a command, and press Enter at each of its questions, which takes what is offered."""
        self._type(command)
        while self._wait() != PROMPT:
            self._type("")

    def text(self) -> str:
        """What the terminal shows, without the prompt at its end."""
        return self._screen().removesuffix(PROMPT).rstrip()

    def close(self) -> None:
        """End the shell."""
        self._tmux("kill-server")

    def _type(self, line: str) -> None:
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def _wait(self) -> str:
        """Return the last line once it is the prompt, or a question, and stays so; RuntimeError when neither comes."""
        until = time.monotonic() + PATIENCE_SECONDS
        before = ""
        while time.monotonic() < until:
            time.sleep(SETTLE_SECONDS)
            screen = self._screen()
            last = screen.rpartition("\n")[2]
            if screen == before and (last == PROMPT or last.endswith(QUESTION_ENDS)):
                return last
            before = screen
        raise RuntimeError(f"neither a prompt nor a question came: {before}")

    def _screen(self) -> str:
        joined = self._tmux("capture-pane", "-p", "-J")  # lines as they were written, not as they were wrapped
        return "\n".join(line.rstrip() for line in joined.splitlines()).rstrip()

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-L", f"pictures-{os.getpid()}", "-f", "/dev/null", *words]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True).stdout


def terminal(folder: Path, environment: dict[str, str]) -> str:
    """Return the page that shows the whole script as a terminal does."""
    shell = Terminal(folder, environment)
    try:
        for command in SCRIPT:
            shell.run(command)
        text = html.escape(shell.text().replace(str(folder.parent), "~"))
    finally:
        shell.close()
    commands = "|".join(re.escape(html.escape(command)) for command in SCRIPT)
    return PAGE.format(text=re.sub(rf"^\$ ({commands})$", r"<b>$</b> \1", text, flags=re.MULTILINE))


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
            "SHELL": "/bin/bash",
            "NO_COLOR": "1",
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
    console_pictures.main()


if __name__ == "__main__":
    main()
