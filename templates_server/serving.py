"""Running the application under uvicorn until a signal asks to stop. What is run is `app.py`; `commands` starts it."""

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
from templates_server.connections import Connections
from templates_server.http_protocol import BoundedHttpProtocol
from templates_server.settings import Settings

LOGGER = logging.getLogger("templates_server")
STOP_TIMEOUT_SECONDS = 20
ALLOCATIONS_BEFORE_A_LOOK = 20_000
LOOKS_BEFORE_A_DEEPER_ONE = (20, 20)
BACKLOG = 2048
FILES_BESIDES_CONNECTIONS = 256
MAX_LOG_BYTES = 10 * 1024 * 1024
STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))


class StoppableServer(uvicorn.Server):
    """A server that, told to stop by a signal, finishes and returns: the process goes on to tidy up behind it."""

    stopped_by: int | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear signals while serving; in a thread, where none can be heard, only serve."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, _frame: object) -> None:
        self.force_exit = self.should_exit and number == signal.SIGINT  # the second Ctrl-C means it
        self.should_exit = True
        self.stopped_by = number


def configured(
    app: Callable[..., Any], settings: Settings, *, factory: bool = False, workers: int = 1, log: Any = None
) -> uvicorn.Config:
    """How an application, or what makes it, is run: by our protocol, and with nothing that believes a header."""
    connections = Connections(settings.connection_limits, proxies=settings.trusted_proxies)
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
    """Serve on a listening socket until told to stop; whether it was Ctrl-C that told."""
    allow_open_files(settings.connection_limits.max_connections + FILES_BESIDES_CONNECTIONS)
    make_app = functools.partial(_make_app, settings)
    config = configured(make_app, settings, factory=True, workers=workers, log=log_config(log_file))
    demo = f"; the demo: {settings.public_url}/demo" if settings.demo else ""
    LOGGER.info("mtribes-server %s is at %s%s", version("mtribes"), settings.public_url, demo)
    if settings.secure and not settings.trusted_proxies:
        LOGGER.warning("no --trusted-proxy is given: who guesses passwords is not told apart by address")
    interrupted = _run(config, listening)
    LOGGER.info("stopped")
    return interrupted


def _make_app(settings: Settings) -> Application:
    """The application, with a collector of cycles that leaves alone what will stay, and looks less often.

    A request leaves hardly any cycles; looking for them took a seventh of the time.
    """
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_BEFORE_A_LOOK, *LOOKS_BEFORE_A_DEEPER_ONE)
    return app


def allow_open_files(wanted: int) -> None:
    """Have the system allow so many open files, of which a connection is one; say so when it does not."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - there is none on Windows

    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY or allowed >= wanted:
        return
    granted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, granted), most))
    if granted < wanted:
        LOGGER.warning("only %d files may be open (`ulimit -Hn`): beyond as many connections, new ones wait", granted)


def _run(config: uvicorn.Config, listening: socket.socket) -> bool:
    if config.workers > 1:
        Multiprocess(config, [listening]).run()
        return False
    server = StoppableServer(config)
    server.run([listening])
    return server.stopped_by == signal.SIGINT


def log_config(log_file: Path) -> dict[str, Any]:
    """Where the log goes, for `logging.config.dictConfig`: stderr and the file, once where they are the same."""
    handlers: dict[str, Mapping[str, Any]] = {
        "file": {"class": "logging.FileHandler", "filename": str(log_file), "formatter": "line", "encoding": "utf-8"}
    }
    if not _is_stderr(log_file):
        handlers["stderr"] = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s[%(process)d] %(message)s"}},
        "handlers": handlers,
        "root": {"level": "INFO", "handlers": list(handlers)},
        "loggers": {
            **{name: {"level": "WARNING"} for name in ("alembic", "authlib", "asyncio")},
            "uvicorn": {"level": "ERROR"},  # it warns of each malformed request: anybody could fill the disk
        },
    }


def turn_over(log_file: Path) -> None:
    """Put a log that has grown large aside, in the place of the one before."""
    with contextlib.suppress(FileNotFoundError):
        if log_file.stat().st_size > MAX_LOG_BYTES and not _is_stderr(log_file):
            log_file.replace(log_file.with_name(f"{log_file.name}.1"))


def _is_stderr(log_file: Path) -> bool:
    """Whether stderr is written into that very file, as when somebody started us detached."""
    try:
        return os.path.samestat(os.fstat(sys.stderr.fileno()), log_file.stat())
    except (OSError, ValueError, AttributeError):
        return False
