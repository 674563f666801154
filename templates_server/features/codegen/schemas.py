"""What the code route reads and gives."""

from __future__ import annotations

import msgspec


class Target(msgspec.Struct, frozen=True):
    """A language, and options such as `host`."""

    language: str
    options: dict[str, str] = {}


class CodeRequest(msgspec.Struct, frozen=True):
    """A request for the code of a revision (default: the current one), unless the caller has it already."""

    targets: list[Target]
    revision: int | None = None
    if_code_hash: str | None = None


class File(msgspec.Struct, frozen=True):
    """A generated file: its path in the target's output folder, its text, and the SHA-256 of that."""

    path: str
    content: str
    sha256: str


class RenderedTarget(msgspec.Struct, frozen=True):
    """The files of a target; as JSON already when they go out."""

    language: str
    options: dict[str, str]
    files: list[File] | msgspec.Raw


class Code(msgspec.Struct, frozen=True):
    """The code of all targets; empty if `unchanged`."""

    revision: int
    code_hash: str
    generator: str
    unchanged: bool
    targets: list[RenderedTarget]
