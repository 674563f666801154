"""Hostile content for tests: changes of sound bytes and of sound JSON, the same ones for a seed."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import zstandard

LONG = 20_000
TEXTS: Sequence[str] = (
    "", " ", "\t", "\0", "a\0b", "\ud800", "\ufeff", "\u202e", "\u200b", "..", ".", "../../etc/passwd", "/", "\\",
    "a/b/c/d/e", "'; DROP TABLE persons; --", "%00", "%s%n", "{{7*7}}", "[/red]", "\x1b[2J", "=1+1", "é" * 300,
    "a" * LONG, "9" * 5_000, "-1", "1e999", "NaN", "0x10", "1_000", "٣", "null", "true", "pk_", "mtp_" + "F" * 36,
    "usr_0123456789abcdefghijkl", "2026-11-29T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "0000-00-00",
    "+999999-01-01", "1970-01-01T00:00:00+99:99",
)  # fmt: skip
VALUES: Sequence[Callable[[], Any]] = (
    lambda: None, lambda: True, lambda: 0, lambda: -1, lambda: 2**31, lambda: 2**63, lambda: -(2**63) - 1,
    lambda: 10**400, lambda: 1e308, lambda: -0.0, lambda: 5e-324, list, dict, lambda: [[]] * 50,
    lambda: [None] * 1_100, lambda: [{}] * 1_100, lambda: {"": 1}, lambda: {"a\0": 1},
    lambda: {f"k{number}": number for number in range(300)}, lambda: nested(60),
)  # fmt: skip
INSERTED: Sequence[bytes] = (
    b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\x1a", b"\x85", b'"', b"\\", b"'", b"[" * 3_000,
    b"{" * 3_000, b'"' + b"\\" * 999, b"9" * 5_000, b",", b";", b"\t", b"#", b"&a *a", b"!!python/object:os.system",
    b"\\ud800", b"\\u0000", b" " * 5_000, b"\n" * 2_000, b"- " * 1_500, b"a: " * 500, b"e9999", b"<<: *x",
)  # fmt: skip
CODINGS: Sequence[tuple[str, Callable[[bytes], bytes]]] = (
    ("gzip", gzip.compress),
    ("gzip", lambda content: gzip.compress(content) * 2),
    ("gzip", lambda content: gzip.compress(content) + b"trailing"),
    ("gzip", lambda content: gzip.compress(content)[:-5]),
    ("zstd", zstandard.compress),
    ("zstd", lambda content: zstandard.compress(content) + zstandard.compress(b"")),
    ("zstd", lambda content: zstandard.compress(content)[:-1]),
    ("br", bytes),
    ("gzip, zstd", bytes),
)


def nested(depth: int) -> Any:
    """Return lists in lists."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def hostile_text(chance: Random) -> str:
    """Return a text that somebody might not expect."""
    text = chance.choice(TEXTS)
    return text + chance.choice(TEXTS) if chance.random() < 0.2 else text


def hostile_value(chance: Random) -> Any:
    """Return a value of JSON that somebody might not expect."""
    return hostile_text(chance) if chance.random() < 0.5 else chance.choice(VALUES)()


def changed_value(value: Any, chance: Random) -> Any:
    """Return a copy of a value with one part replaced, removed or added."""
    changed = copy.deepcopy(value)
    places = [*_places(changed)]
    if not places or chance.random() < 0.05:
        return hostile_value(chance)
    container, key = chance.choice(places)
    match chance.randrange(4):
        case 0 if isinstance(container, dict):
            container[hostile_text(chance)] = hostile_value(chance)
        case 1:
            del container[key]
        case _:
            container[key] = hostile_value(chance)
    return changed


def _places(value: Any) -> Any:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(item)


def changed_bytes(content: bytes, chance: Random) -> bytes:
    """Return bytes with a few of them changed: cut, doubled, replaced or with others between them."""
    for _ in range(chance.randint(1, 3)):
        start, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
        match chance.randrange(6):
            case 0:
                content = content[:end]
            case 1:
                content = content[:start] + content[end:]
            case 2:
                content = content[:end] + content[start:end] + content[end:]
            case 3:
                content = content[:start] + bytes([chance.randrange(256)]) + content[start + 1 :]
            case _:
                content = content[:start] + chance.choice(INSERTED) + content[start:]
    return content


def hostile_json(sound: Any, chance: Random) -> bytes:
    """Return a body that resembles sound JSON: it, JSON with other parts, or JSON no longer."""
    value = sound
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        value = changed_value(value, chance)
    content = json.dumps(value, ensure_ascii=True).encode()
    return changed_bytes(content, chance) if chance.random() < 0.2 else content
