"""Generated code: the targets that are sent, and the files that come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtribes_cli.api.decoding import Model


@dataclass(frozen=True)
class CodeTarget:
    """What to render: sent."""

    language: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GeneratedFile(Model):
    """One file of generated code, as the server claims it; whether to trust path and hash is the reader's to check."""

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
    """The answer to a code request; without targets where `unchanged`."""

    revision: int
    code_hash: str
    generator: str
    unchanged: bool
    targets: tuple[GeneratedTarget, ...]
