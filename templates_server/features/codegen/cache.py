"""A cache of rendered file sets, each rendered once and stored as response JSON, within a byte limit."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from templates_server.features.codegen.renderer import render
from templates_server.features.codegen.schemas import File
from templates_server.features.spaces.model import GenerationInput
from templates_server.primitives.memory_size import measure_bytes

MAX_CACHED_BYTES = 128 * 1024 * 1024
BYTES_OF_AN_ENTRY = 250


@dataclass(frozen=True)
class FileSetKey:
    """The inputs of a file set; `options` are in order of name."""

    code_hash: str
    language: str
    options: tuple[tuple[str, str], ...]


class FileSetCache:
    """A least-recently-used cache of rendered file sets. For the event loop only."""

    def __init__(self, max_bytes: int = MAX_CACHED_BYTES) -> None:
        self._max_bytes = max_bytes
        self.bytes = 0
        """Set the memory limit of the sets, including their keys."""
        self._sets: OrderedDict[FileSetKey, bytes] = OrderedDict()
        self._rendering: dict[FileSetKey, asyncio.Task[bytes]] = {}

    async def find(self, key: FileSetKey, load: Callable[[], Awaitable[GenerationInput]]) -> bytes:
        """Return the files of a set as JSON; if not cached, render them in a thread from the result of `load`.

        Concurrent calls for the same set wait for one rendering.
        """
        if key in self._sets:
            self._sets.move_to_end(key)
            return self._sets[key]
        task = self._rendering.get(key)
        if task is None:
            task = self._rendering[key] = asyncio.create_task(self._render(key, load))
            task.add_done_callback(lambda _: self._rendering.pop(key))
        return await asyncio.shield(task)

    async def _render(self, key: FileSetKey, load: Callable[[], Awaitable[GenerationInput]]) -> bytes:
        generation_input = await load()
        encoded = await asyncio.to_thread(render_encoded, generation_input, key.language, dict(key.options))
        self._keep(key, encoded)
        return encoded

    def _keep(self, key: FileSetKey, encoded: bytes) -> None:
        self._sets[key] = encoded
        self.bytes += size_of_set(key, encoded)
        while self.bytes > self._max_bytes:
            self.bytes -= size_of_set(*self._sets.popitem(last=False))


def size_of_set(key: FileSetKey, encoded: bytes) -> int:
    """Return the bytes of memory of a set; the keys dominate in small ones."""
    return measure_bytes(key) + measure_bytes(encoded) + BYTES_OF_AN_ENTRY


def render_encoded(generation_input: GenerationInput, language: str, options: Mapping[str, str]) -> bytes:
    """Render a file set as the JSON array of the response."""
    files = render(generation_input, language, options)
    return msgspec.json.encode(
        [File(path, content, hashlib.sha256(content.encode()).hexdigest()) for path, content in files.items()]
    )
