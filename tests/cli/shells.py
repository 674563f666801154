"""Real shells that complete `mtribes`: bash and zsh at a terminal of their own, with keys; fish by its own answer."""

from __future__ import annotations

import fcntl
import os
import pty
import shlex
import shutil
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.requirements import require

COMPLETIONS = Path(__file__).parents[2] / "completions"
INSERT_ALL = "\x18i"  # Control-X i: as many of the candidates as there are, into the line
SHOW_LINE = "\x18d"
TAB = "\t"
PATIENCE_SECONDS = 20
ROWS_AND_COLUMNS = (50, 400)

BASH_KEYS = r"""
PS1='$ '
bind '"\C-xi": insert-completions'
bind 'set completion-query-items 0'
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
bind -x '"\C-xd": printf "%s" "$READLINE_LINE" >"$ANSWER.new"; mv "$ANSWER.new" "$ANSWER"; READLINE_LINE='
"""
ZSH_KEYS = r"""
PS1='$ '
unsetopt zle_bracketed_paste beep 2>/dev/null
zmodload zsh/complist
zle -C all-matches complete-word _generic
zstyle ':completion:all-matches::::' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert true
bindkey '^Xi' all-matches
show-line() { print -rn -- "$BUFFER" >"$ANSWER.new"; command mv "$ANSWER.new" "$ANSWER"; BUFFER= }
zle -N show-line
bindkey '^Xd' show-line
"""


class Shell(Protocol):
    """Something that completes."""

    def candidates(self, typed: str) -> set[str]:
        """The words that may stand at the end of the line `typed`; folders with a slash."""


@dataclass(frozen=True)
class Terminal:
    """A shell with a line editor, behind a terminal."""

    master: int
    answer: Path
    said: bytearray

    def line_after(self, typed: str, key: str = TAB) -> str:
        """The line that stands there when `typed` has been typed and `key` pressed."""
        self.answer.unlink(missing_ok=True)
        os.write(self.master, (typed + key).encode())
        os.write(self.master, SHOW_LINE.encode())
        limit = time.monotonic() + PATIENCE_SECONDS
        while not self.answer.exists():
            assert time.monotonic() < limit, f"no answer to {typed!r}; on the screen: {bytes(self.said)!r}"
            time.sleep(0.005)
        return self.answer.read_text(encoding="utf-8")

    def candidates(self, typed: str) -> set[str]:
        """All words that the shell puts in the place of the last one of `typed`."""
        line = self.line_after(typed, INSERT_ALL)
        kept = len(_words(typed)) - (not typed.endswith(" "))
        return set() if line == typed else set(_words(line)[kept:])


def _words(line: str) -> list[str]:
    """The words of a line whose last quote may be open."""
    try:
        return shlex.split(line)
    except ValueError:
        return shlex.split(line + '"')


@dataclass(frozen=True)
class Fish:
    """Fish, which says its candidates when asked."""

    folder: Path
    environment: Mapping[str, str]
    setup: str = f"source {COMPLETIONS / 'mtribes.fish'}"

    def candidates(self, typed: str) -> set[str]:
        """What fish offers for the end of the line `typed`."""
        program = f"{self.setup}; complete -C {shlex.quote(typed)}"
        done = subprocess.run(
            ["fish", "--no-config", "-c", program],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return {line.partition("\t")[0] for line in done.stdout.splitlines()}


def shell_environment(home: Path) -> dict[str, str]:
    """A user's environment in which `mtribes` is the one under test."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"HOME": str(home), "PATH": path, "TERM": "xterm", "LC_ALL": "C.UTF-8", "ANSWER": str(home / "answer")}


@contextmanager
def bash(folder: Path, home: Path, settings: str) -> Iterator[Terminal]:
    """Bash in `folder`, with `settings` instead of the user's own."""
    require(shutil.which("bash"), "bash", "your system's package bash")
    (home / "bashrc").write_text(settings + BASH_KEYS, encoding="utf-8")
    with _at_a_terminal(["bash", "--noprofile", "--rcfile", str(home / "bashrc"), "-i"], folder, home) as terminal:
        yield terminal


@contextmanager
def zsh(folder: Path, home: Path, settings: str) -> Iterator[Terminal]:
    """Zsh in `folder`, with `settings` instead of the user's own."""
    require(shutil.which("zsh"), "zsh", "your system's package zsh")
    (home / ".zshrc").write_text(settings + ZSH_KEYS, encoding="utf-8")
    with _at_a_terminal(["zsh", "-d", "-i"], folder, home) as terminal:  # -d: without the system's settings
        yield terminal


def fish(folder: Path, home: Path) -> Fish:
    """Fish in `folder`."""
    require(shutil.which("fish"), "fish", "your system's package fish")
    return Fish(folder, shell_environment(home))


@contextmanager
def _at_a_terminal(argv: list[str], folder: Path, home: Path) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *ROWS_AND_COLUMNS, 0, 0))
    process = subprocess.Popen(
        argv, cwd=folder, env=shell_environment(home), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    said = bytearray()
    reader = threading.Thread(target=_read_all, args=(master, said), daemon=True)
    reader.start()
    try:
        yield Terminal(master, home / "answer", said)
    finally:
        process.kill()
        process.wait()
        reader.join(PATIENCE_SECONDS)
        os.close(master)


def _read_all(master: int, said: bytearray) -> None:
    """What the shell says, until it has gone; unread it would stand still."""
    while True:
        try:
            said += os.read(master, 4096)
        except OSError:  # how Linux says that the other side is closed
            return
