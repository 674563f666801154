"""Generated code over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import msgspec

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.codegen.cache import FileSetCache, FileSetKey
from templates_server.features.codegen.code_hash_recorder import record_rendering
from templates_server.features.codegen.generator import GENERATOR
from templates_server.features.codegen.loader import CodeHashCache, InputVersion, load_input
from templates_server.features.codegen.schemas import Code, CodeRequest, RenderedTarget, Target
from templates_server.features.codegen.targets import check_targets
from templates_server.features.spaces.model import GenerationInput
from templates_server.http.conditional_requests import LARGEST_REVISION
from templates_server.http.context import Call
from templates_server.http.response import ApiResult

Load = Callable[[], Coroutine[Any, Any, GenerationInput]]


class CodeServices(Protocol):
    """The services that the handlers here need."""

    @property
    def code_hash_cache(self) -> CodeHashCache:
        """Models with the hashes of their code, cached."""

    @property
    def file_set_cache(self) -> FileSetCache:
        """Rendered sets of files, cached."""


async def generate(call: Call[CodeServices]) -> ApiResult:
    """Return the code of all targets; nothing is rendered if the caller's copy is current."""
    wanted: CodeRequest = call.body
    check_targets(wanted.targets)
    if wanted.revision is not None and not 0 <= wanted.revision <= LARGEST_REVISION:
        raise ValidationFailed([ErrorDetail("revision", "must be a whole number, 0 or more")])
    version, code_hash = await call.features.code_hash_cache.find(call.space_id, wanted.revision)
    unchanged = wanted.if_code_hash == code_hash
    targets = [] if unchanged else await _render(call, version, code_hash)
    await record_rendering(call.database, version, code_hash, now=call.now)
    return ApiResult([Code(version.model_revision, code_hash, GENERATOR, unchanged, targets)], "code")


async def _render(call: Call[CodeServices], version: InputVersion, code_hash: str) -> list[RenderedTarget]:
    wanted: CodeRequest = call.body
    sets, load = call.features.file_set_cache, _once(call, version)
    return [
        RenderedTarget(target.language, target.options, msgspec.Raw(await sets.find(_key(target, code_hash), load)))
        for target in wanted.targets
    ]


def _key(target: Target, code_hash: str) -> FileSetKey:
    return FileSetKey(code_hash, target.language, tuple(sorted(target.options.items())))


def _once(call: Call, version: InputVersion) -> Load:
    """Load the input on first use, and reuse it for the other targets of the request."""
    loaded: list[GenerationInput] = []

    async def load() -> GenerationInput:
        if not loaded:
            loaded.append(await call.database.read_in_thread(lambda connection: load_input(connection, version)))
        return loaded[0]

    return load
