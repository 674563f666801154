"""`code_hash`: all that generated code depends on, as one text. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from templates_server.features.codegen.generator import GENERATOR
from templates_server.features.spaces.model import GenerationInput


def code_hash(generation_input: GenerationInput, generator: str = GENERATOR) -> str:
    """SHA-256 over canonical JSON of the generator's version, the model and production's fallbacks; nothing else."""
    whole = [generator, generation_input.model, generation_input.fallbacks]
    text = json.dumps(
        whole, default=_members, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _members(value: Any) -> Mapping[str, Any]:
    """What JSON has no form for: a value of the model as an object, every field of it by name."""
    if isinstance(value, Mapping):
        return dict(value)
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
