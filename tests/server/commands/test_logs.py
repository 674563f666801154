"""The log while the server runs: put aside when it is large, by several processes too, followed, and never filled."""

from __future__ import annotations

import io
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from logging.config import dictConfig
from pathlib import Path

import pytest

from templates_server.__main__ import main
from templates_server.commands import logs as logs_command
from templates_server.commands.log_file import REPEATED_SECONDS, LogLine, RepeatedFailures, SharedLogFile, rotated_path
from templates_server.server import log_config
from tests.server_processes import server_process, status_of
from tests.servers import PostgresServer
from tests.unhandled_exceptions import UNHANDLED

LINE_BYTES = 100
pytestmark = pytest.mark.slow
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and terminals")


def wait_for(is_so: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def line(number: int) -> str:
    return f"line {number} ".ljust(LINE_BYTES - 1, ".")


def new_logger() -> logging.Logger:
    return logging.Logger("test")  # noqa: LOG001 - one of its own, which hands nothing on


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.log"


@pytest.fixture
def logger(path: Path) -> Iterator[logging.Logger]:
    handler, logger = SharedLogFile(str(path), max_bytes=10 * LINE_BYTES), new_logger()
    logger.addHandler(handler)
    yield logger
    handler.close()


def test_a_large_log_is_put_aside_while_it_is_written(path: Path, logger: logging.Logger) -> None:
    for number in range(25):
        logger.info(line(number))
    assert rotated_path(path).read_text() == "".join(line(number) + "\n" for number in range(10, 20))
    assert path.read_text() == "".join(line(number) + "\n" for number in range(20, 25))
    assert {entry.name for entry in path.parent.iterdir()} == {"server.log", "server.log.1"}


def test_a_log_that_another_program_put_aside_is_made_anew(path: Path, logger: logging.Logger) -> None:
    logger.info("one")
    path.rename(path.with_name("server.log.old"))
    logger.info("two")
    path.unlink()
    logger.info("three")
    assert (path.with_name("server.log.old").read_text(), path.read_text()) == ("one\n", "three\n")


def test_of_two_that_find_the_log_large_one_puts_it_aside(path: Path) -> None:
    first, second = (SharedLogFile(str(path), max_bytes=LINE_BYTES) for _ in range(2))
    path.write_text(line(1) + "\n")
    first._put_aside()
    second._put_aside()  # it saw the size before the first was done
    assert (rotated_path(path).read_text(), path.read_text()) == (line(1) + "\n", "")
    for handler in (first, second):
        handler.emit(logging.makeLogRecord({"msg": "after"}))
        handler.close()
    assert path.read_text() == "after\nafter\n"


WRITER = """
import logging, sys
from templates_server.commands.log_file import SharedLogFile
logger = logging.Logger("test")
logger.addHandler(SharedLogFile(sys.argv[1], max_bytes=100_000))
for number in range(1_000):
    logger.info("%s %04d" + "." * 40, sys.argv[2], number)
"""


def test_nothing_of_several_processes_is_lost_when_the_log_is_put_aside(path: Path) -> None:
    names = [f"writer{number}" for number in range(3)]
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in names]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    before, after = rotated_path(path).read_text().splitlines(), path.read_text().splitlines()
    assert sorted(before + after) == sorted(f"{name} {n:04d}" + "." * 40 for name in names for n in range(1_000))
    assert 100_000 <= rotated_path(path).stat().st_size < 110_000


def test_stderr_goes_on_in_the_new_file_where_it_is_the_log(path: Path) -> None:
    code = (
        "import logging, os, sys\nfrom templates_server.commands.log_file import SharedLogFile\n"
        "logger = logging.Logger('test')\nlogger.addHandler(SharedLogFile(sys.argv[1], max_bytes=20))\n"
        "logger.info('a' * 30)\nlogger.info('b')\nos.write(2, b'a traceback')"
    )
    with path.open("ab") as output:
        subprocess.run([sys.executable, "-c", code, str(path)], stderr=output, check=True)
    assert (rotated_path(path).read_text(), path.read_text()) == ("a" * 30 + "\n", "b\na traceback")


# Failures that repeat


class Now:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def told(now: Now) -> tuple[logging.Logger, io.StringIO]:
    """A logger of two handlers that share the filter, as the server's does, and what one of them writes."""
    repeated, stream = RepeatedFailures(clock=now), io.StringIO()
    logger = new_logger()
    for handler in (logging.StreamHandler(io.StringIO()), logging.StreamHandler(stream)):
        handler.addFilter(repeated)
        handler.setFormatter(LogLine("%(message)s"))
        logger.addHandler(handler)
    return logger, stream


QUOTING = "duplicate key\nDETAIL:  Key (email)=(ada@example.com) already exists.\nCONTEXT:  portal $1 = 'x'"


def break_here(text: str) -> None:
    raise ValueError(text)


def break_there(text: str) -> None:
    raise ValueError(text)


def fail(logger: logging.Logger, number: int, *, at: Callable[[str], None] = break_here) -> None:
    try:
        at(f"secret {number}")
    except ValueError:
        logger.exception("GET %s failed (err_%d)", "/", number)


def test_a_failure_that_repeats_is_told_in_a_line_that_counts(told: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = told
    for number in range(4):
        fail(logger, number)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "GET / failed (err_0)"
    assert (lines[1], stream.getvalue().count("Traceback"), lines[-4]) == (
        "Traceback (most recent call last):",
        1,
        "ValueError: secret 0",
    )
    for number, text in enumerate(lines[-3:], start=1):
        assert text.startswith(f"GET / failed (err_{number}): ValueError at {__file__}:")
        assert text.endswith(f" again, {number} since the last traceback")
    assert "secret 1" not in stream.getvalue()


def test_each_place_has_its_traceback_once_a_minute(told: tuple[logging.Logger, io.StringIO], now: Now) -> None:
    logger, stream = told
    for _ in range(3):
        fail(logger, 1)
        fail(logger, 2, at=break_there)
    assert stream.getvalue().count("Traceback") == 2
    now.seconds = REPEATED_SECONDS - 0.001
    fail(logger, 3)
    assert stream.getvalue().count("Traceback") == 2
    now.seconds = REPEATED_SECONDS
    fail(logger, 3)
    assert stream.getvalue().count("Traceback") == 3
    fail(logger, 4)
    assert stream.getvalue().endswith(" again, 1 since the last traceback\n")


def test_failures_of_ever_new_places_are_told_and_forgotten(told: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = told
    for number in range(300):
        try:
            eval(compile("\n" * number + "missing", "made up", "eval"))  # noqa: S307 - a line of its own for each
        except NameError:
            logger.exception("failed")
    assert stream.getvalue().count("Traceback") == 300
    (repeated,) = logger.handlers[0].filters
    assert len(repeated._places) == 256  # type: ignore[union-attr]


def test_what_postgresql_quotes_of_values_is_left_out(told: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = told
    try:
        break_here(QUOTING)
    except ValueError:
        logger.exception("failed")
    assert "ada@example.com" not in stream.getvalue()
    assert "duplicate key\nDETAIL: (not logged)\nCONTEXT: (not logged)\n" in stream.getvalue()


@pytest.fixture
def configured_as_a_server_does(path: Path) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    dictConfig(log_config(path))
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("configured_as_a_server_does")
def test_a_server_logs_so(path: Path) -> None:
    logger = logging.getLogger("templates_server")
    for number in range(3):
        fail(logger, number)
    assert path.read_text().count("Traceback") == 1
    assert path.read_text().count("since the last traceback") == 2
    assert any(isinstance(handler, SharedLogFile) for handler in logging.getLogger().handlers)
    UNHANDLED.take()


# Reading it


def test_logs_shows_the_end_of_what_was_put_aside_too(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rotated_path(path).write_text("one\ntwo\nthree\n")
    path.write_text("four\nfive\n")
    for lines, expected in ((2, "four\nfive\n"), (4, "two\nthree\nfour\nfive\n"), (9, "one\ntwo\nthree\nfour\nfive\n")):
        assert main(["logs", "--data", str(path.parent), "--lines", str(lines)]) == 0
        assert capsys.readouterr().out == expected
    path.unlink()
    assert main(["logs", "--data", str(path.parent), "--lines", "1"]) == 0
    assert capsys.readouterr().out == "three\n"


def test_logs_without_a_log_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "--data", str(tmp_path)]) == 1
    assert "No log at" in capsys.readouterr().err


@pytest.fixture
def following(path: Path) -> Iterator[Callable[[], str]]:
    """`logs --follow` in a process of its own, and what it has printed."""
    path.write_text("before\n")
    command = [sys.executable, "-m", "templates_server", "logs", "--follow", "--data", str(path.parent)]
    output = path.parent / "output"
    with output.open("wb") as file, subprocess.Popen(command, stdout=file) as process:
        wait_for(lambda: output.read_text() == "before\n")
        yield output.read_text
        process.kill()


def test_follow_goes_on_over_rotations_and_truncations(path: Path, following: Callable[[], str]) -> None:
    expected = "before\n"

    def said(text: str) -> bool:
        return following() == expected + text

    with path.open("a") as file:
        file.write("one\n")
        file.flush()
        wait_for(lambda: said("one\n"))
        file.write("two\n")
        path.replace(rotated_path(path))
        file.write("three\n")
    path.write_text("four\n")
    wait_for(lambda: said("one\ntwo\nthree\nfour\n"))
    path.unlink()
    time.sleep(2 * logs_command.PAUSE_SECONDS)
    path.write_text("five\n")
    wait_for(lambda: said("one\ntwo\nthree\nfour\nfive\n"))
    with path.open("r+") as file:
        file.truncate()
    time.sleep(2 * logs_command.PAUSE_SECONDS)
    with path.open("a") as file:
        file.write("six\n")
    wait_for(lambda: said("one\ntwo\nthree\nfour\nfive\nsix\n"))


# Signals


@posix
def test_a_hang_up_opens_the_log_anew_and_ends_nothing(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        log = server.folder / "server.log"
        log.rename(server.folder / "server.log.old")
        server.process.send_signal(signal.SIGHUP)
        wait_for(log.exists)
        wait_for(lambda: "log reopened (SIGHUP)" in log.read_text())
        assert status_of(f"{server.url}/healthz") == 200
        assert " is running at " in (server.folder / "server.log.old").read_text()
        assert server.stop() == 0
        assert "stopped" in log.read_text()


@posix
def test_a_terminal_that_is_closed_ends_the_server_with_a_word(tmp_path: Path) -> None:
    import pty  # noqa: PLC0415 - there is none on Windows

    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "templates_server", "start", "--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True) as process:
        os.close(terminal)
        log = tmp_path / "server.log"
        wait_for(lambda: log.exists() and " is running at " in log.read_text(), seconds=60)
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "log reopened" in log.read_text())
        os.close(controller)
        process.send_signal(signal.SIGHUP)  # as the system does to those for whom it is the controlling terminal
        assert process.wait(30) == 0
    assert "terminal closed (SIGHUP): stopping" in log.read_text()
    assert log.read_text().rstrip().endswith("stopped")


@posix
def test_who_started_it_may_have_hang_ups_ignored(tmp_path: Path) -> None:
    with server_process(tmp_path, program=("-c", IGNORING)) as server:
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert status_of(f"{server.url}/healthz") == 200
        assert "SIGHUP" not in (server.folder / "server.log").read_text()


IGNORING = """
import runpy, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
runpy.run_module("templates_server", run_name="__main__", alter_sys=True)
"""


@posix
def test_a_hang_up_ends_no_worker(postgres: PostgresServer, tmp_path: Path) -> None:
    options = ["--database", postgres.new_database_url(), "--workers", "2"]
    with server_process(tmp_path, *options) as server:
        log = server.folder / "server.log"

        def workers() -> set[str]:
            command = ["ps", "-o", "pid=", "--ppid", str(server.process.pid)]
            found = subprocess.run(command, capture_output=True, text=True, check=True)
            return set(found.stdout.split())

        wait_for(lambda: len(workers()) >= 3)  # two, and what Python itself starts
        before = workers()
        for pid in (*map(int, before), server.process.pid):
            os.kill(pid, signal.SIGHUP)
        wait_for(lambda: "log reopened (SIGHUP)" in log.read_text())
        time.sleep(1)
        assert workers() == before, log.read_text() + server.said()
        assert status_of(f"{server.url}/readyz") == 200
