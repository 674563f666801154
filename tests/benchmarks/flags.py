"""OFREP's answers against `POST /api/client/sessions` for the same people:  python -m tests.benchmarks.flags

All flags, all flags that the client has already (304), and one flag: each in turn with sessions, on the same server.
`--database sqlite` or `postgresql` is for one of them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.benchmarks.http_load import Load, post
from tests.benchmarks.serving import DATABASES, compare, demo_server, own_postgres

PEOPLE = 500
ALL_FLAGS = "/ofrep/v1/evaluate/flags"
FIELDS = {"campaign": "spring"}


def main() -> None:
    """Print the ratios, on SQLite and on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=DATABASES, action="append")
    asked = parser.parse_args()
    os.sched_setaffinity(0, {1})
    for database in asked.database or DATABASES:
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            options = ("--database", stack.enter_context(own_postgres())) if database == "postgresql" else ()
            server = stack.enter_context(demo_server(Path(name) / "server", *options))
            key = json.loads((server.folder / "demo.json").read_text())["spaces"]["vod"]["production"]
            _measure(database, server.url, key)


def _measure(database: str, url: str, key: str) -> None:
    users = [f"user-{number}" for number in range(PEOPLE)]
    started = [json.dumps({"external_id": user, "fields": FIELDS}).encode() for user in users]
    asked = [json.dumps({"context": {"targetingKey": user, **FIELDS}}).encode() for user in users]
    _make_known(url, key, users)
    sessions = Load(url, [post("/api/client/sessions", body, bearer=key) for body in started])
    tags = _tags(url, key, asked)
    for what, requests, status in (
        ("all flags", [post(ALL_FLAGS, body, bearer=key) for body in asked], b"200"),
        ("all flags, unchanged", [_unless(tag, body, key) for tag, body in zip(tags, asked, strict=True)], b"304"),
        ("one flag", [post(f"{ALL_FLAGS}/homepage.header.sticky", body, bearer=key) for body in asked], b"200"),
    ):
        flags = Load(url, requests, expected_status=status)
        compare(f"{database}: {what} a second against sessions", flags.per_second, sessions.per_second, 1)


def _make_known(url: str, key: str, users: Sequence[str]) -> None:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
        for number, user in enumerate(users):
            plan = ("gold", "silver")[number % 2]
            told = {"external_id": user, "data": {"subscription": plan}}
            client.post("/api/client/identify", json=told).raise_for_status()


def _tags(url: str, key: str, asked: Sequence[bytes]) -> list[str]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers) as client:
        return [client.post(ALL_FLAGS, content=body).headers["ETag"] for body in asked]


def _unless(tag: str, body: bytes, key: str) -> bytes:
    """The question of a client that has the answer with that tag."""
    head, _, rest = post(ALL_FLAGS, body, bearer=key).partition(b"\r\n")
    return b"%b\r\nIf-None-Match: %b\r\n%b" % (head, tag.encode(), rest)


if __name__ == "__main__":
    main()
