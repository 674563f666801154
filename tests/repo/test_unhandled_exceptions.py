"""What servers of the tests did not handle fails tests: planted failures are found."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from templates_server.http.context import Call
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from tests.servers import running_server
from tests.unhandled_exceptions import TRACEBACK, UNHANDLED


async def fail(_call: Call) -> None:
    raise RuntimeError("planted")


def test_a_planted_failure_of_a_server_is_found(tmp_path: Path) -> None:
    route = Route("GET", "/broken", fail, Surface.SYSTEM, "A route with a bug.")  # type: ignore[arg-type]  # it never answers
    with running_server(tmp_path, routes=(*ROUTES, route)) as server, server.client() as client:
        assert client.get("/broken").status_code == 500
    assert ["planted" in traceback for traceback in UNHANDLED.take()] == [True]


def test_a_traceback_in_the_output_of_a_process_is_found() -> None:
    UNHANDLED.note_output("started\nstopped\n")
    assert UNHANDLED.take() == []
    UNHANDLED.note_output(f"started\n{TRACEBACK}\n  planted\n")
    assert UNHANDLED.take() == [f"{TRACEBACK}\n  planted\n"]


@pytest.mark.parametrize(("logger", "is_noted"), [("uvicorn.error", True), ("asyncio", True), ("httpx", False)])
def test_failures_of_servers_alone_are_noted(logger: str, is_noted: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    logging.getLogger(logger).error("failed", exc_info=RuntimeError("planted"))
    assert bool(UNHANDLED.take()) is is_noted
