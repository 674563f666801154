"""Talks to the Client API: one request, one reply, within its time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from .client import Client
from .clock import after, seam
from .limits import JOIN_SECONDS, TIMEOUT_MSEC
from .monitor import Monitor
from .retry import read_retry_after_msec
from .transport import HttpRequest

TOO_LARGE = 413


@dataclass(frozen=True)
class Reply:
    """What came back; status 0: no network, or no time."""

    status: int
    text: str = ""
    retry_after_msec: float = 0

    @property
    def is_refusal(self) -> bool:
        """Whether the server cannot take it; what is in between counts for nothing."""
        is_ours = self.text.lstrip().startswith("{")
        return self.status == TOO_LARGE or (self.status in {400, 422} and is_ours)

    @property
    def is_success(self) -> bool:
        """Whether it arrived: a page of HTML comes from something in between."""
        is_page = self.text.lstrip().startswith("<")
        return 200 <= self.status < 300 and not is_page  # noqa: PLR2004


NO_ANSWER = Reply(0)
Answered = Callable[[Reply], None]


class Sender:
    """Sends the requests of a space, each on a thread of its own."""

    def __init__(self, client: Client, monitor: Monitor) -> None:
        self.is_muted = False
        """There is no server: states of a test are served."""
        self._client = client
        self._monitor = monitor
        self._threads: set[threading.Thread] = set()

    @property
    def destination(self) -> str:
        """The api key and host to which it would send now; "": there is no key."""
        if self.is_muted or not self._client.api_key:
            return ""
        return f"{self._client.api_key} {self._client.host}"

    def post(self, path: str, body: str, answered: Answered) -> HttpRequest:
        """Send it; `answered` is called once, on some thread, whatever happens."""
        seconds = max(TIMEOUT_MSEC, self._client.wait_time_msec) / 1000
        request = self._request(path, body, seconds)
        is_over = threading.Event()

        def finish(reply: Reply) -> None:
            with self._monitor:
                if is_over.is_set():
                    return
                is_over.set()
            timer.cancel()
            answered(reply)

        def cut() -> None:
            finish(NO_ANSWER)
            request.cancel()

        timer = after(seconds * 1000, cut)
        self._spawn(lambda: finish(self.exchange(request)))
        return request

    def post_now(self, path: str, body: str, seconds: float) -> Reply:
        """Send it from this thread, and wait."""
        return self.exchange(self._request(path, body, seconds))

    def exchange(self, request: HttpRequest) -> Reply:
        """The reply; no answer where anything fails."""
        try:
            answer = self._client.transport(request)
            headers = {name.lower(): text for name, text in answer.headers.items()}
            text = answer.body.decode("utf-8", "replace")
            after_msec = read_retry_after_msec(headers.get("retry-after"))
            return Reply(int(answer.status), text, after_msec)
        except Exception:  # noqa: BLE001  of a transport's failures all are the same
            return NO_ANSWER

    def join(self) -> None:
        """Wait until no thread is left, but not for ever."""
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(JOIN_SECONDS)

    def _spawn(self, job: Callable[[], None]) -> None:
        def run() -> None:
            try:
                job()
            finally:
                self._threads.discard(threading.current_thread())

        with self._monitor:
            self._threads.add(seam.clock.spawn(run))

    def _request(self, path: str, body: str, seconds: float) -> HttpRequest:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self._client.api_key}",
            "Content-Type": "application/json",
            "User-Agent": "mtribes",
        }
        url = f"{self._client.host}/api/client{path}"
        return HttpRequest("POST", url, headers, body.encode("utf-8"), seconds)
