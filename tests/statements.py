"""Remembers every statement that this process sends to PostgreSQL, by whichever way, each text once.

SQLAlchemy, pipelines and COPY all go by psycopg's cursors. Servers in processes of their own are not heard; they send
what servers in this process send.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg.sql import Composable

WAYS = ("execute", "executemany", "copy", "stream")
LOCK = threading.Lock()
HEARD: list[dict[str, None]] = [{}]
"""The texts; the last of them takes what is sent now."""


def heard() -> list[str]:
    """What was sent so far, but for what was apart."""
    return list(HEARD[0])


@contextlib.contextmanager
def apart() -> Iterator[dict[str, None]]:
    """What is sent within the block, which is not remembered otherwise: it is wrong on purpose."""
    texts: dict[str, None] = {}
    HEARD.append(texts)
    try:
        yield texts
    finally:
        HEARD.remove(texts)


def _remember(query: Any) -> None:
    text = query.as_string() if isinstance(query, Composable) else query
    text = text.decode() if isinstance(text, bytes) else str(text)
    if text not in HEARD[-1]:
        with LOCK:
            HEARD[-1][text] = None


def _overheard(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def send(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        _remember(query)
        return method(cursor, query, *arguments, **options)

    return send


@functools.cache
def listen() -> None:
    """Hear all cursors from now on."""
    for way in WAYS:
        setattr(psycopg.Cursor, way, _overheard(getattr(psycopg.Cursor, way)))
