"""Which environment and server an app talks to, and how its sessions behave."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from .limits import LONGEST_KEY, WAIT_TIME_MSEC
from .log import Log, Logger
from .monitor import Monitor
from .reading import ensure_length, scalar_text
from .transport import Transport, urllib_transport
from .values import is_number, is_text

if TYPE_CHECKING:
    from .storage import Storage


class Changes:
    """What is called after a part of the client was changed, with the lock held."""

    def __init__(self) -> None:
        self.key: Callable[[], None] = _nothing
        self.lock: Callable[[], None] = _nothing
        self.tracking: Callable[[], None] = _nothing
        self.network: Callable[[], None] = _nothing


class Client:
    """Which environment and server, and how sessions behave: may be set at any time."""

    def __init__(self, host: str, monitor: Monitor, log: Log, changes: Changes) -> None:
        self._monitor = monitor
        self._log = log
        self._changes = changes
        self._host = host
        self._api_key = ""
        self._wait_time_msec: float = WAIT_TIME_MSEC
        self._session_lock = True
        self._tracking = True
        self.app_version = ""
        """The version of your app, such as `2.3.1`; "": none."""
        self.app_build = ""
        """The build of that version; "": none."""
        self.storage: Storage | None = None
        """Where the anonymous id of one person is kept; None: in memory."""
        self.transport: Transport = urllib_transport
        """Sends requests; by default with urllib."""

    @property
    def api_key(self) -> str:
        """The public key `pk_...` of an environment. "": fallbacks are served."""
        return self._api_key

    @api_key.setter
    def api_key(self, key: str) -> None:
        with self._monitor:
            self._api_key = key.strip() if is_text(key) else ""
            self._changes.key()

    @property
    def host(self) -> str:
        """Where the server is."""
        return self._host

    @host.setter
    def host(self, url: str) -> None:
        with self._monitor:
            if is_text(url):
                self._host = url.rstrip("/")
            else:
                self._log("client.host must be a URL")

    @property
    def wait_time_msec(self) -> float:
        """How long the start of a session waits before it goes on with fallbacks."""
        return self._wait_time_msec

    @wait_time_msec.setter
    def wait_time_msec(self, milliseconds: float) -> None:
        with self._monitor:
            if is_number(milliseconds) and milliseconds >= 0:
                self._wait_time_msec = milliseconds
            else:
                self._log("client.wait_time_msec must be a number of milliseconds")

    @property
    def session_lock(self) -> bool:
        """True: what was read stays for the session. False: what comes later shows."""
        return self._session_lock

    @session_lock.setter
    def session_lock(self, lock: bool) -> None:
        with self._monitor:
            self._session_lock = lock is True
            self._changes.lock()

    @property
    def tracking(self) -> bool:
        """Whether people agree to be tracked. False: nothing is recorded or stored."""
        return self._tracking

    @tracking.setter
    def tracking(self, on: bool) -> None:
        with self._monitor:
            if self._tracking is not (on is True):
                self._tracking = on is True
                self._changes.tracking()

    @property
    def logger(self) -> Logger | None:
        """Gets each message; None: the logger `mtribes` of `logging`."""
        return self._log.logger

    @logger.setter
    def logger(self, logger: Logger | None) -> None:
        self._log.logger = logger

    @property
    def executor(self) -> Executor | None:
        """Where listeners are called; None: on the thread that learns of the change."""
        return self._monitor.executor

    @executor.setter
    def executor(self, executor: Executor | None) -> None:
        self._monitor.executor = executor

    def network_is_back(self) -> None:
        """What waits for the network is tried again at once."""
        with self._monitor:
            self._changes.network()


def _nothing() -> None:
    """Do nothing: what is called is not there yet."""


def read_app(client: Client, log: Log) -> dict[str, str | None]:
    """What an app says of itself, as far as that can be sent."""

    def read(name: str) -> str | None:
        what = f"client.{name} is left out"
        text = log.attempt(
            what, lambda: ensure_length(scalar_text(getattr(client, name)), LONGEST_KEY)
        )
        return text or None

    return {
        "version": read("app_version"),
        "build": read("app_build"),
        "platform": "server",
    }
