"""`code_hash`: a digest of everything that generated code depends on. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from templates_server.features.codegen.generator import GENERATOR
from templates_server.features.spaces.model import GenerationInput


def code_hash(generation_input: GenerationInput, generator: str = GENERATOR) -> str:
    """Return the SHA-256 of canonical JSON of only the generator's version, the model and production's fallbacks."""
    whole = [generator, generation_input.model, generation_input.fallbacks]
    text = json.dumps(
        whole, default=_members, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _members(value: Any) -> Mapping[str, Any]:
    """Convert a value of the model that JSON does not support: an object with every field by name."""
    if isinstance(value, Mapping):
        return dict(value)
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
