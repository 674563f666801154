"""Many who ask for the same at the same moment, over connections that are open; and the person who allows it."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from tests.server.features.auth.flows import answered, authorization, hidden_fields

RACERS = 32
CLIENT_ID = "mtribes-cli"


@dataclass(frozen=True)
class Finish:
    """How one of them fared."""

    status: int
    body: Mapping[str, Any]


class Race:
    """Racers at the token endpoint of one server."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self._line = threading.Barrier(RACERS, timeout=60)
        self._own = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._threads = ThreadPoolExecutor(RACERS)

    def run(self, **fields: str) -> Sequence[Finish]:
        """What each of them got."""
        body = urlencode({"client_id": CLIENT_ID, **fields})
        return list(self._threads.map(lambda _: self._ask(body), range(RACERS)))

    def _ask(self, body: str) -> Finish:
        connection = self._connection()
        self._line.wait()
        connection.request("POST", "/oauth/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return Finish(answer.status, json.loads(answer.read()))

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection(self._address, timeout=60)
            self._own.connection.connect()
            self._connections.append(self._own.connection)
        connection: http.client.HTTPConnection = self._own.connection
        return connection

    def close(self) -> None:
        """Let them go."""
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()


@dataclass
class Person:
    """Somebody who is signed in in a browser, and allows whatever is asked."""

    url: str
    browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.browser = httpx.Client(base_url=self.url, headers={"Origin": self.url}, timeout=60, trust_env=False)

    def sign_in(self, email: str, password: str) -> None:
        """Fill in the form."""
        self._submit("/sign-in", self.browser.get("/sign-in"), email=email, password=password)

    def allowed_code(self) -> str:
        """An authorization code."""
        path = f"/oauth/authorize?{urlencode(authorization())}"
        redirect = self._submit(path, self.browser.get(path), decision="allow")
        return answered(redirect.headers["location"])["code"]

    def allowed_device_code(self) -> str:
        """A device code whose user code was entered and allowed."""
        codes = (
            self.browser.post("/oauth/device_authorization", data={"client_id": CLIENT_ID}).raise_for_status().json()
        )
        question = self.browser.post(
            "/device", data={**hidden_fields(self.browser.get("/device").text), "user_code": codes["user_code"]}
        )
        self._submit("/device/decision", question, decision="allow")
        return str(codes["device_code"])

    def _submit(self, path: str, page: httpx.Response, **fields: str) -> httpx.Response:
        answer = self.browser.post(path, data={**hidden_fields(page.text), **fields})
        assert answer.status_code == 303, answer.text
        return answer

    def is_alive(self, access_token: str) -> bool:
        """Whether a token opens anything."""
        answer = self.browser.get("/v2/me", headers={"Authorization": f"Bearer {access_token}"})
        assert answer.status_code in {200, 401}, answer.text
        return answer.is_success


def describe_race(finishes: Sequence[Finish]) -> Counter[str]:
    """How many won (`200`), and what the others were told."""
    return Counter(finish.body.get("error", str(finish.status)) for finish in finishes)


def find_winner(finishes: Sequence[Finish]) -> Mapping[str, Any]:
    """What the only winner got."""
    (won,) = [finish.body for finish in finishes if finish.status == http.client.OK]
    return won
