"""A thousand streams at one server: who else asks is answered, all are told, and memory stays bounded."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from templates_server.storage.factory import open_database
from tests.environments import AppEnvironment, add_environment, deliver
from tests.server.features.sessions.changes.subscribed_app import GOLD_FIRST, MODEL, TRIBES, changes_of, delivery
from tests.server_processes import ServerProcess, server_process

STREAMS = 1_000
MOST_KIB_A_STREAM = 64
MOST_HEALTH_SECONDS = 1.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc"),
]


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def resident_kib(server: ServerProcess) -> int:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


async def started(client: httpx.AsyncClient, number: int) -> str:
    answer = await client.post("/api/client/sessions", json={"external_id": f"user-{number}"})
    session: str = answer.raise_for_status().json()["session"]
    return session


async def opened(server: ServerProcess, environment: AppEnvironment, session: str) -> Stream:
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"GET {changes_of(session)} HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: text/event-stream\r\n"
    writer.write(f"{head}Authorization: Bearer {environment.key}\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    await reader.readuntil(b"retry: 2000\n\n")
    return reader, writer


async def slowest_health(client: httpx.AsyncClient, until: asyncio.Event) -> float:
    slowest = 0.0
    while not until.is_set():
        began = time.monotonic()
        (await client.get("/healthz")).raise_for_status()
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.05)
    return slowest


async def gathered(works: Iterable[Awaitable[Any]], at_once: int = 50) -> list[Any]:
    turns = asyncio.Semaphore(at_once)

    async def in_turn(work: Awaitable[Any]) -> Any:
        async with turns:
            return await work

    return await asyncio.gather(*(in_turn(work) for work in works))


async def tell_all(server: ServerProcess, environment: AppEnvironment, database: Any) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {environment.key}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=30) as client:
        sessions = await gathered(started(client, number) for number in range(STREAMS))
        before = resident_kib(server)
        streams = await gathered(opened(server, environment, session) for session in sessions)
        await asyncio.sleep(3)  # all have been looked at once
        kib_a_stream = (resident_kib(server) - before) / STREAMS
        over = asyncio.Event()
        health = asyncio.create_task(slowest_health(client, over))
        await asyncio.sleep(2)
        began = time.monotonic()
        await asyncio.to_thread(deliver, database, environment, delivery(title="Everybody"))
        told = await asyncio.gather(*(reader.readuntil(b'"Everybody"') for reader, _ in streams))
        told_seconds = time.monotonic() - began
        over.set()
        assert len(told) == STREAMS
        found = {"kib_a_stream": kib_a_stream, "told_seconds": told_seconds, "health_seconds": await health}
        return {**found, "stop_seconds": await stopped(server, streams)}


async def stopped(server: ServerProcess, streams: list[Stream]) -> float:
    """In how many seconds a server stops that has these streams; each of them ends as a whole answer."""
    began = time.monotonic()
    await asyncio.to_thread(server.stop)
    seconds = time.monotonic() - began
    for reader, writer in streams:
        assert (await reader.read()).endswith(b"0\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    return seconds


def test_a_thousand_streams_are_told_while_others_are_answered(tmp_path: Path, fresh_database_url: str) -> None:
    with server_process(tmp_path, "--rate-limits", "off", "--database", fresh_database_url) as server:
        database = open_database(fresh_database_url, checkpoints=False)
        environment = add_environment(database, model=MODEL, delivery=GOLD_FIRST, tribes=TRIBES)
        measured = asyncio.run(tell_all(server, environment, database))
        database.close()
        assert "Traceback" not in server.said()
    print(json.dumps({name: round(value, 2) for name, value in measured.items()}))  # noqa: T201 - with -s, the record
    assert measured["kib_a_stream"] < MOST_KIB_A_STREAM
    assert measured["health_seconds"] < MOST_HEALTH_SECONDS
    assert measured["told_seconds"] < 20
    assert measured["stop_seconds"] < 15
