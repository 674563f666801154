"""Requests without credentials, retried with growing pauses where that is safe."""

from __future__ import annotations

import random
from http import HTTPStatus

from mtribes_cli.api.request import Request
from mtribes_cli.api.response import TRY_LATER_STATUSES, ApiResponse, retry_after_seconds
from mtribes_cli.api.transport import Transport, TransportError
from mtribes_cli.clock import Clock
from mtribes_cli.terminal.console import Console

MAX_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.25
MAX_PAUSE_SECONDS = 20.0


class Session:
    """The connection to one server, for one command."""

    def __init__(self, base_url: str, *, console: Console, clock: Clock) -> None:
        self.base_url = base_url
        self.transport = Transport(base_url, console)
        self._console = console
        self._clock = clock

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def _pause(self, attempt: int, asked_seconds: float | None) -> None:
        grown = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
        seconds = asked_seconds if asked_seconds is not None else grown * random.uniform(0.5, 1.5)  # noqa: S311 - spread
        self._console.trace(f"Retrying in {seconds:.1f} s (attempt {attempt + 1}).")
        self._clock.sleep(seconds)

    def _is_to_be_repeated(self, request: Request, answer: ApiResponse) -> bool:
        asked_seconds = retry_after_seconds(answer)
        still_runs = answer.status == HTTPStatus.CONFLICT and asked_seconds is not None  # its own first sending
        waits = (asked_seconds or 0) <= MAX_PAUSE_SECONDS
        return request.may_repeat and waits and (still_runs or answer.status in TRY_LATER_STATUSES)

    def send_with_retries(self, request: Request, *, token: str | None) -> ApiResponse:
        """Send a request; retry it if it did not reach the server, or may arrive twice."""
        attempts = MAX_ATTEMPTS if request.is_retried else 1
        for attempt in range(1, attempts + 1):
            is_last = attempt == attempts
            try:
                answer = self.transport.send(request, token=token)
            except TransportError as failure:
                may_repeat = failure.transient and (request.may_repeat or failure.unsent)
                if is_last or not may_repeat:
                    raise failure.error from failure
                self._pause(attempt, None)
                continue
            if is_last or not self._is_to_be_repeated(request, answer):
                return answer
            self._pause(attempt, retry_after_seconds(answer))
        raise AssertionError("the last attempt returns or raises")
