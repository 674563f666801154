"""The pictures of the README and the manual, taken of real runs: a terminal, the demo app, and the console.

python -m tests.browser.pictures [readme | console]        needs tmux and chromium
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.browser import console_pictures
from tests.browser.conftest import FLAGS

FOLDER = Path(__file__).parents[2] / ".readme"
WIDTH_CHARACTERS = 100
HEIGHT_LINES = 200
PROMPT = "$"
LOOK_AGAIN_SECONDS = 0.37  # no multiple of the period of a spinner
SETTLED_LOOKS = 4
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
</style><pre>{text}</pre>"""
THEME = TerminalTheme(
    (22, 20, 31),
    (230, 227, 241),
    [
        (90, 86, 110),
        (255, 122, 144),
        (126, 217, 150),
        (240, 200, 110),
        (122, 162, 255),
        (200, 150, 255),
        (105, 210, 231),
        (230, 227, 241),
    ],
)


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
        """What the terminal shows, with escapes for colors, and without the prompt at its end."""
        return self._screen("-e").removesuffix(PROMPT).rstrip()

    def close(self) -> None:
        """End the shell."""
        self._tmux("kill-server")

    def _type(self, line: str) -> None:
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def _wait(self) -> str:
        """Return the last line once the screen stays the same: at the prompt or, within a command, at a question."""
        until = time.monotonic() + PATIENCE_SECONDS
        screens: deque[str] = deque(maxlen=SETTLED_LOOKS)
        while time.monotonic() < until:
            time.sleep(LOOK_AGAIN_SECONDS)
            screens.append(self._screen())
            if screens[-1] and screens.count(screens[-1]) == SETTLED_LOOKS:
                return screens[-1].rpartition("\n")[2]
        raise RuntimeError(f"neither a prompt nor a question came: {screens[-1]}")

    def _screen(self, *options: str) -> str:
        joined = self._tmux(
            "capture-pane", "-p", "-J", *options
        )  # lines as they were written, not as they were wrapped
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
        text = shell.text().replace(str(folder.parent), "~")
    finally:
        shell.close()
    return PAGE.format(text=_as_html(text))


def _as_html(text: str) -> str:
    """Return text with escapes for colors as HTML, with the prompts of commands in bold."""
    shown = Text.from_ansi(text)
    shown.highlight_regex(re.compile(rf"^{re.escape(PROMPT)} .*", re.MULTILINE), "bold")
    console = Console(
        record=True, width=WIDTH_CHARACTERS, file=io.StringIO(), color_system="standard", force_terminal=True
    )
    console.print(shown, soft_wrap=True)
    return console.export_html(theme=THEME, code_format="{code}", inline_styles=True)


def take(page: Any, url: str) -> None:
    """Both pictures."""
    page.screenshot(path=FOLDER / "terminal.png", full_page=True)
    page.set_viewport_size({"width": 1180, "height": 820})
    page.goto(f"{url}/demo")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / "demo.png")


def take_readme_pictures() -> None:
    """Run the script in an empty home, and take the pictures of the README."""
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


def main(wanted: list[str]) -> None:
    """Take the pictures that are wanted, or all."""
    if "readme" in wanted or not wanted:
        take_readme_pictures()
    if "console" in wanted or not wanted:
        console_pictures.main()


if __name__ == "__main__":
    main(sys.argv[1:])
