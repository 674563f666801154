"""What schemathesis is told in code: how lines of JSON are written. It loads this by SCHEMATHESIS_HOOKS."""

from __future__ import annotations

import json
from typing import Any

import schemathesis

NDJSON = "application/x-ndjson"


@schemathesis.serializer(NDJSON)
def written_as_lines(_context: Any, value: Any) -> bytes:
    """A list as lines of JSON; what is no list (wrong on purpose) as it is."""
    if isinstance(value, bytes):
        return value
    rows = value if isinstance(value, list) else [value]
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


@schemathesis.hook
def before_load_schema(_context: Any, raw_schema: dict[str, Any]) -> None:
    """Have rows made from the schema of a row, where the description says `contentSchema` of a text."""
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {}).get(NDJSON)
            if content and "contentSchema" in content["schema"]:
                content["schema"] = {"type": "array", "items": content["schema"]["contentSchema"], "minItems": 1}
                content.pop("example", None)
