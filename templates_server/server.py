"""Runs the application (`app.py`) under uvicorn until a signal stops it; `commands` starts it."""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import math
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from templates_server.app import Application, create_app
from templates_server.http.connection_limits import ConnectionLimiter
from templates_server.http.protocol import BoundedHttpProtocol
from templates_server.settings import Settings

LOGGER = logging.getLogger("templates_server")
STOP_TIMEOUT_SECONDS = 20
ALLOCATIONS_BEFORE_A_LOOK = 20_000
LOOKS_BEFORE_A_DEEPER_ONE = (20, 20)
BACKLOG = 2048
FILES_BESIDES_CONNECTIONS = 256
LOG_FILES = "templates_server.commands.log_file"
HANDLED = {"formatter": "line", "filters": ["repeated"]}
HANG_UP = getattr(signal, "SIGHUP", None)  # there is none on Windows
STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))


class StoppableServer(uvicorn.Server):
    """A server that finishes and returns when a signal stops it, so that the process can clean up."""

    stopped_by: int | None = None

    def __init__(self, config: uvicorn.Config, hang_up: HangUpHandler) -> None:
        super().__init__(config)
        self._hang_up = hang_up

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while serving; in a thread, which cannot handle any, only serve."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def on_tick(self, counter: int) -> bool:
        """Check every tenth of a second whether to go on."""
        if self._hang_up.asks_to_stop():
            self.should_exit = True
        return await super().on_tick(counter)

    def _stop(self, number: int, _frame: object) -> None:
        self.force_exit = self.should_exit and number == signal.SIGINT  # the second Ctrl-C means it
        self.should_exit = True
        self.stopped_by = number


class Supervisor(Multiprocess):
    """Several workers, which are not replaced on SIGHUP: it is for the log."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], hang_up: HangUpHandler) -> None:
        heard = signal.getsignal(HANG_UP) if HANG_UP else None
        super().__init__(config, sockets)
        if HANG_UP:
            signal.signal(HANG_UP, heard)  # uvicorn would have it replace the workers
        self._hang_up = hang_up

    def init_processes(self) -> None:
        """Start the workers."""
        with _holding_hang_ups():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have ended."""
        with _holding_hang_ups():
            super().keep_subprocess_alive()

    def handle_signals(self) -> None:
        """Handle the signals that have arrived since the last time."""
        super().handle_signals()
        if self._hang_up.asks_to_stop():
            self.should_exit.set()


class HangUpHandler:
    """Hears SIGHUP, unless whoever started us has it ignored (`nohup`).

    It means that the terminal is gone, which ends a server that was started at it; or, where that cannot be meant, that
    the log was put aside by another program. The log itself follows without being told, before its next line.
    """

    def __init__(self) -> None:
        self._came = False
        self._at_terminal = _is_terminal()
        if HANG_UP and signal.getsignal(HANG_UP) is not signal.SIG_IGN:
            signal.signal(HANG_UP, self._hear)

    def asks_to_stop(self) -> bool:
        """Return whether the terminal is gone. Any other hang-up is logged, in the file that has its name now."""
        if not self._came:
            return False
        self._came = False
        if self._at_terminal and not _is_terminal():
            LOGGER.info("terminal closed (SIGHUP): stopping")
            return True
        LOGGER.info("log reopened (SIGHUP)")
        return False

    def _hear(self, _number: int, _frame: object) -> None:
        self._came = True


@contextlib.contextmanager
def _holding_hang_ups() -> Iterator[None]:
    """Deliver a hang-up when the block ends; processes started in it never receive one (POSIX, `execve`)."""
    if HANG_UP is None:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {HANG_UP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _is_terminal() -> bool:
    """Return whether messages go to a terminal; False if it was closed."""
    try:
        return os.isatty(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False


def configure(
    app: Callable[..., Any], settings: Settings, *, factory: bool = False, workers: int = 1, log: Any = None
) -> uvicorn.Config:
    """Return the configuration of uvicorn: with our protocol, and without trust in any header."""
    connections = ConnectionLimiter(settings.connection_limits, proxies=settings.trusted_proxies)
    return uvicorn.Config(
        app,
        factory=factory,
        workers=workers,
        http=functools.partial(BoundedHttpProtocol, connections),  # type: ignore[arg-type]  # uvicorn only calls it
        ws="none",
        lifespan="on",
        log_config=log,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=math.ceil(settings.connection_limits.idle_timeout_seconds),
        timeout_graceful_shutdown=STOP_TIMEOUT_SECONDS,
    )


def serve(settings: Settings, listening: socket.socket, *, workers: int, log_file: Path) -> bool:
    """Serve on a listening socket until stopped; return whether Ctrl-C stopped it."""
    hang_up = HangUpHandler()
    allow_open_files(settings.connection_limits.max_connections + FILES_BESIDES_CONNECTIONS)
    make_app = functools.partial(_make_app, settings)
    config = configure(make_app, settings, factory=True, workers=workers, log=log_config(log_file))
    demo = f"; the demo: {settings.public_url}/demo" if settings.demo else ""
    LOGGER.info("mtribes-server %s is running at %s%s", version("mtribes"), settings.public_url, demo)
    if settings.secure and not settings.trusted_proxies:
        LOGGER.warning("--trusted-proxy is not set: failed sign-ins cannot be limited by client address")
    interrupted = _run(config, listening, hang_up)
    LOGGER.info("stopped")
    return interrupted


def _make_app(settings: Settings) -> Application:
    """Return the application, with a garbage collector that skips permanent objects and runs less often.

    A request leaves hardly any cycles; looking for them took a seventh of the time.
    """
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_BEFORE_A_LOOK, *LOOKS_BEFORE_A_DEEPER_ONE)
    return app


def allow_open_files(wanted: int) -> None:
    """Raise the limit on open files, of which each connection is one; warn if the system refuses."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - there is none on Windows

    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY or allowed >= wanted:
        return
    granted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, granted), most))
    if granted < wanted:
        LOGGER.warning("the limit of open files is %d (`ulimit -Hn`): further connections have to wait", granted)


def _run(config: uvicorn.Config, listening: socket.socket, hang_up: HangUpHandler) -> bool:
    if config.workers > 1:
        Supervisor(config, [listening], hang_up).run()
        return False
    server = StoppableServer(config, hang_up)
    server.run([listening])
    return server.stopped_by == signal.SIGINT


def log_config(log_file: Path) -> dict[str, Any]:
    """Return the logging configuration (for `dictConfig`): stderr and the file, once if both are the same."""
    handlers: dict[str, Mapping[str, Any]] = {
        "file": {"()": f"{LOG_FILES}.SharedLogFile", "filename": str(log_file), **HANDLED}
    }
    if not _is_stderr(log_file):
        handlers["stderr"] = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", **HANDLED}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"repeated": {"()": f"{LOG_FILES}.RepeatedFailures"}},
        "formatters": {
            "line": {
                "class": f"{LOG_FILES}.LogLine",
                "format": "%(asctime)s %(levelname)s %(name)s[%(process)d] %(message)s",
            }
        },
        "handlers": handlers,
        "root": {"level": "INFO", "handlers": list(handlers)},
        "loggers": {
            **{name: {"level": "WARNING"} for name in ("alembic", "authlib", "asyncio")},
            "uvicorn": {"level": "ERROR"},  # it warns of each malformed request: anybody could fill the disk
        },
    }


def _is_stderr(log_file: Path) -> bool:
    """Return whether stderr is written to that very file, as when the server was started detached."""
    try:
        return os.path.samestat(os.fstat(sys.stderr.fileno()), log_file.stat())
    except (OSError, ValueError, AttributeError):
        return False
