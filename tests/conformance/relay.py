"""What becomes of a request at the relay: a scripted answer, or the server's, held back until its virtual time."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

NUMBER_HEADER = "Conformance-Request"
NOT_PASSED_ON = {NUMBER_HEADER.lower(), "host", "connection", "content-length", "accept-encoding", "transfer-encoding"}
CHANGES = re.compile(r"/sessions/[^/]+/changes$")
WAIT = re.compile(r"(?<=[?&]wait=)(\d+)")
STORM = 2000
"""More requests than any case needs: what sends more would do so for ever."""


@dataclass
class Request:
    """One that arrived, when in virtual milliseconds, and what became of it."""

    number: int
    kind: str
    method: str
    target: str
    body: Any
    headers: Mapping[str, str]
    at: float
    answered: str = "not answered"


@dataclass(frozen=True)
class Plan:
    """What happens to a request of a kind: without a status it is passed on to the server.

    `cut`: "before" the server sees it, "after" it did, or in the "middle" of the answer. `change` alters the answer.
    """

    status: int | None = None
    body: Any = None
    raw: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    delay: float = 0
    cut: str | None = None
    change: Callable[[Any], Any] | None = None


PASS_ON = Plan()
LOST = Plan(cut="before")


@dataclass(frozen=True)
class ApiResult:
    """What is sent back."""

    status: int
    payload: bytes
    headers: Mapping[str, str]


@dataclass
class Held:
    """An answer that waits for its time, or a long poll for news."""

    due: float
    released: threading.Event = field(default_factory=threading.Event)
    is_gone: bool = False


class Relay:
    """Listens at `url`. The runner sets the time, and takes `requests`."""

    def __init__(self, server_url: str, client: httpx.Client) -> None:
        self.url = ""
        self._server_url = server_url
        self._client = client
        self._lock = threading.Lock()
        self.begin(0)

    def begin(self, now: float) -> None:
        """Forget everything: a new case."""
        with self._lock:
            for held in getattr(self, "held", {}).values():
                held.is_gone = True
                held.released.set()
            self.now = now
            self.requests: list[Request] = []
            self.plans: dict[str, list[Plan]] = {}
            self.held: dict[int, Held] = {}
            self.is_network_lost = False
            self.faults: list[str] = []

    # What the runner does

    def plan(self, kind: str, plans: Collection[Plan]) -> None:
        """What becomes of the next requests of that kind, one after the other."""
        with self._lock:
            self.plans.setdefault(kind, []).extend(plans)

    def due(self) -> float:
        """When the next answer is to be sent."""
        with self._lock:
            return min((held.due for held in self.held.values()), default=math.inf)

    def are_held(self, numbers: Collection[int]) -> bool:
        """Whether all of these requests arrived and wait for their time; what others waited for is given up."""
        with self._lock:
            for number in [number for number in self.held if number not in numbers]:
                self._release(number, is_gone=True)
            return all(number in self.held for number in numbers)

    def release_due(self) -> None:
        """Send what is due."""
        with self._lock:
            for number in [number for number, held in self.held.items() if held.due <= self.now]:
                self._release(number)

    def wake_polls(self) -> None:
        """Something was published: those who wait for news look again."""
        with self._lock:
            polls = {request.number for request in self.requests if request.kind == "changes"}
            for number in [number for number in self.held if number in polls]:
                self._release(number)

    def lose_network(self) -> None:
        """End whatever is under way, and refuse what comes."""
        with self._lock:
            self.is_network_lost = True
            for number in list(self.held):
                self._release(number, is_gone=True)

    def find_network(self) -> None:
        """The end of it."""
        with self._lock:
            self.is_network_lost = False

    def _release(self, number: int, *, is_gone: bool = False) -> None:
        held = self.held.pop(number)
        held.is_gone = is_gone
        held.released.set()

    # What becomes of a request

    def take(self, request: Request) -> Plan:
        """Note that it arrived."""
        with self._lock:
            request.at = self.now
            self.requests.append(request)
            planned = self.plans.get(request.kind, [])
            if self.is_network_lost or len(self.requests) > STORM:
                return LOST
            return planned.pop(0) if planned else PASS_ON

    def answer(self, request: Request, plan: Plan) -> ApiResult | None:
        """The answer, once it is due; None where there is none."""
        try:
            return self._answer(request, plan)
        except (httpx.HTTPError, LookupError, TypeError, ValueError, AttributeError) as error:
            self.faults.append(f"{request.method} {request.target}: {error!r}")  # for which the case fails
            return None

    def _answer(self, request: Request, plan: Plan) -> ApiResult | None:
        if plan.cut == "before":
            return None
        due = request.at + plan.delay * 1000
        answer = self._planned(plan) if plan.status is not None else self._pass_on(request, plan)
        if due > self.now and answer is not None and not self._wait(request, due):
            return None
        return None if plan.cut == "after" else answer

    def _planned(self, plan: Plan) -> ApiResult:
        text = plan.raw if plan.raw is not None else json.dumps(plan.body)
        headers = {name: str(value) for name, value in plan.headers.items()}
        return ApiResult(plan.status or 200, text.encode(), {"Content-Type": "application/json", **headers})

    def _wait(self, request: Request, due: float) -> bool:
        """Whether the app still waits for the answer when it is due."""
        held = Held(due)
        with self._lock:
            self.held[request.number] = held
        held.released.wait()
        return not held.is_gone

    def _pass_on(self, request: Request, plan: Plan) -> ApiResult | None:
        wait = WAIT.search(request.target) if request.kind == "changes" else None
        until = request.at + (int(wait[1]) if wait else 0) * 1000
        while True:
            answer = self._ask_server(request)
            if answer.status != 204 or self.now >= until:
                return self._changed(answer, plan)
            if not self._wait(request, until):
                return None

    def _ask_server(self, request: Request) -> ApiResult:
        """What the server says now: no long poll waits there, since its time is not ours."""
        headers = {name: text for name, text in request.headers.items() if name.lower() not in NOT_PASSED_ON}
        content = None if request.body is None else json.dumps(request.body)
        target = WAIT.sub("0", request.target)
        answer = self._client.request(request.method, self._server_url + target, content=content, headers=headers)
        sent_on = {name: answer.headers[name] for name in ("Content-Type", "Retry-After") if name in answer.headers}
        return ApiResult(answer.status_code, answer.content, sent_on)

    @staticmethod
    def _changed(answer: ApiResult, plan: Plan) -> ApiResult:
        if plan.change is None or answer.status != 200:
            return answer
        return ApiResult(answer.status, json.dumps(plan.change(json.loads(answer.payload))).encode(), answer.headers)


def kind_of(path: str) -> str:
    """`sessions`, `changes` or `events`; any other path is called by itself."""
    if CHANGES.search(path):
        return "changes"
    return path.removeprefix("/api/client/")
