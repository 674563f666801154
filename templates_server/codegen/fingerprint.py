"""`code_hash`: all that generated code depends on, as one text. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from templates_server.codegen.generator import GENERATOR
from templates_server.codegen.model import GenerationInput


def code_hash(generation_input: GenerationInput, generator: str = GENERATOR) -> str:
    """SHA-256 over canonical JSON of the generator's version, the model and production's fallbacks; nothing else."""
    whole = [generator, _plain(generation_input.model), _plain(generation_input.fallbacks)]
    text = json.dumps(whole, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A value of the model as JSON has it: every field of it, by name."""
    if isinstance(value, str):  # nearly all of them, and quick to tell
        return value
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
