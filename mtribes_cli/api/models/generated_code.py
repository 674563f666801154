"""Generated code: the requested targets, and the files in the response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtribes_cli.api.decoding import Model


@dataclass(frozen=True)
class CodeTarget:
    """A target to render, as it is sent."""

    language: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GeneratedFile(Model):
    """A file of generated code as the server sends it; the reader must check its path and hash."""

    path: str
    content: str
    sha256: str


@dataclass(frozen=True)
class GeneratedTarget(Model):
    """All files of one language."""

    language: str
    options: Mapping[str, str]
    files: tuple[GeneratedFile, ...]


@dataclass(frozen=True)
class GeneratedCode(Model):
    """The response to a code request; without targets if `unchanged`."""

    revision: int
    code_hash: str
    generator: str
    unchanged: bool
    targets: tuple[GeneratedTarget, ...]
