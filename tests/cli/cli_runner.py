"""A user at a computer of their own, who types `mtribes` commands. Nothing of the command line is replaced."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtribes_cli.clock import Clock
from mtribes_cli.context import Context
from mtribes_cli.files.app_paths import AppPaths
from mtribes_cli.main import main
from tests import secret_scanner

GIVE_SECRETS = {
    ("token", "create"), ("member", "invite"), ("service-account", "create"), ("env", "signing"), ("open", "home"),
}  # fmt: skip


def is_given_a_secret(argv: Sequence[str]) -> bool:
    """Whether the result of a command is a secret that its user asked for."""
    return any(pair in GIVE_SECRETS for pair in itertools.pairwise(argv))


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """What `--json` printed."""
        envelope: dict[str, Any] = json.loads(self.out)
        return envelope


@dataclass
class QuickClock(Clock):
    """A clock that can be set, and that does not wait."""

    ahead_seconds: float = 0
    pauses: list[float] = field(default_factory=list)

    def now_seconds(self) -> float:
        """The real time, moved."""
        return super().now_seconds() + self.ahead_seconds

    def elapsed_seconds(self) -> float:
        """As much as has really passed, and as was waited."""
        return super().elapsed_seconds() + sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        """Remember, and go on."""
        self.pauses.append(seconds)


_COLORED = re.compile(r"\x1b\[(?:[12]|3[1236]|1;36)m([^\x1b\n]+)\x1b\[0m")


def without_colors(shown: str) -> str:
    """What was shown, less the colors of ours; any other escape stays."""
    return _COLORED.sub(r"\1", shown)


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def no_browser(url: str) -> bool:
    """A browser that nobody should have asked for."""
    raise AssertionError(f"no browser was expected to open {url}")


@dataclass
class CliRunner:
    """A user at a computer of their own."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    clock: QuickClock = field(default_factory=QuickClock)
    browser: Callable[[str], bool] = no_browser

    def __call__(self, *argv: str, stdin: str | bytes = "", terminal: bool = False) -> Outcome:
        """`mtribes ARGV`; at a terminal if so wished."""
        kind = Terminal if terminal else io.TextIOWrapper
        given = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = io.BytesIO(), io.BytesIO()
        streams = (
            kind(io.BytesIO(given), encoding="utf-8"),
            kind(out, encoding="utf-8"),
            kind(err, encoding="utf-8"),
        )
        exit_code = main(argv, self.context(streams))
        for stream in streams[1:]:
            stream.flush()
        outcome = Outcome(exit_code, out.getvalue().decode(), err.getvalue().decode())
        secret_scanner.record_user_secrets(self.environment, self.credentials_file)
        secret_scanner.SAID += [outcome.err, *([] if is_given_a_secret(argv) else [outcome.out])]
        return outcome

    def context(self, streams: Any) -> Context:
        """Their world."""
        return Context(
            environment=self.environment,
            streams=streams,
            started_in=self.home,
            clock=self.clock,
            browser=self.browser,
            own_folders=self.folders,
            system_root=self.home / "system",
        )

    @property
    def folders(self) -> AppPaths:
        """Where files of theirs are kept."""
        return AppPaths(config=self.home / "config", state=self.home / "state", server=self.home / "server")

    @property
    def credentials_file(self) -> Path:
        """The file with sign-ins."""
        return self.folders.config / "credentials.json"

    def stored(self) -> Mapping[str, Any]:
        """What is in it."""
        stored: Mapping[str, Any] = json.loads(self.credentials_file.read_text())
        return stored

    def write(self, name: str, text: str) -> Path:
        """A file in their folder."""
        path = self.home / name
        path.write_text(text, encoding="utf-8")
        return path
