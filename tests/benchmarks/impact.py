"""How many people an impact is computed from in its time, how long that takes, and what others notice meanwhile.

    python -m tests.benchmarks.impact [--people 1000000] [--events-each 1] [--database sqlite|postgresql]
        [--folder FOLDER]

All people were seen in the last 30 days. Of each push: seconds until the answer, people evaluated, the largest margin,
the share that was found, the growth of the process's memory, and the median and slowest time of a session meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.scale import ENVIRONMENT, RULES, SPACE, administrator, fill, has_space, measuring
from tests.people import FULL, add_token

HERE = f"/v2/spaces/{SPACE}/environments/{ENVIRONMENT}"
MODEL = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": {"top": {"experience": "hero"}, "low": {"experience": "hero"}}}},
}
PUSHES: Mapping[str, Sequence[str]] = {
    "an attribute": ("attribute",),
    "an attribute and a tag": ("attribute", "tag"),
    "an event": ("event",),
    "all rules": tuple(RULES),
}


def delivery(tribes: Sequence[str]) -> dict[str, Any]:
    """A delivery with a scenario for each tribe."""
    targeted = [{"name": key, "tribes": [key]} for key in tribes]
    return {"published": ["home"], "scenarios": {"home.top": {"targeted": targeted}}}


def furnish(client: httpx.Client) -> None:
    """A model, the tribes and a delivery without scenarios."""
    tribes = {key: {"filters": [rule]} for key, rule in RULES.items()}
    for path, document in (("model", MODEL), ("tribes", {"tribes": tribes})):
        client.put(f"/v2/spaces/{SPACE}/{path}", json=document, headers={"If-Match": "*"}).raise_for_status()
    client.put(f"{HERE}/delivery", json=delivery(()), headers={"If-Match": "*"}).raise_for_status()


def measure(client: httpx.Client, app: httpx.Client, tribes: Sequence[str]) -> str:
    """What one push took and found."""
    before, began = resident_bytes(), time.perf_counter()
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(client.post, f"{HERE}/delivery/impact", json={"document": delivery(tribes)})
        times = list(sessions_until(app, asked.done))
        answer = asked.result().raise_for_status()
    took, (found,) = time.perf_counter() - began, answer.json()["data"]
    changed, sample = found["entities"][0]["changed"], found["sample"]
    return (
        f"{took:5.2f} s  {found['people']:9,} people  {sample['margin'] if sample else 0:6.3f} margin  "
        f"{changed['percent']:7.3f} % ±{changed['margin']:.3f}  {(resident_bytes() - before) / 2**20:6.1f} MiB  "
        f"sessions {1000 * statistics.median(times):5.1f} ms, slowest {1000 * max(times):5.1f} ms"
    )


def resident_bytes() -> int:
    """The memory of this process, of Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sessions_until(app: httpx.Client, is_over: Any) -> Iterator[float]:
    """Seconds that sessions take, one after the other, until something is over; at least one."""
    while True:
        began = time.perf_counter()
        app.post("/api/client/sessions", json={"external_id": "user-00000001"}).raise_for_status()
        yield time.perf_counter() - began
        if is_over():
            return
        time.sleep(0.02)


def run(asked: argparse.Namespace, folder: Path) -> None:
    """Measure each push, and print."""
    with measuring(folder, asked.database) as server:
        began = time.perf_counter()
        if not has_space(server):
            fill(server, asked.people, asked.events_each)
            sys.stderr.write(f"filled in {time.perf_counter() - began:.0f} s\n")
        if asked.database == "postgresql":
            with server.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
        token = add_token(server.database, FULL, account_id=administrator(server).account_id)
        with server.client(Authorization=f"Bearer {token}") as client:
            furnish(client)
            key = client.post(f"{HERE}/keys", json={"name": "impact"}).json()["data"][0]["key"]
            with server.client(Authorization=f"Bearer {key}") as app:
                alone: list[float] = []
                for _ in range(50):
                    alone += sessions_until(app, lambda: True)
                sys.stdout.write(f"sessions alone {1000 * statistics.median(alone):.1f} ms\n")
                for label, tribes in PUSHES.items():
                    sys.stdout.write(f"{label:24} {measure(client, app, tribes)}\n")
                    sys.stdout.flush()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--events-each", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with contextlib.ExitStack() as held:
        run(asked, asked.folder or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="mtribes-impact-"))))


if __name__ == "__main__":
    main()
