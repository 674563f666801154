"""Version filters in documents: their operators and the compared version. Pure."""

from __future__ import annotations

from typing import Any

from templates_server.features.people.app_versions import VERSION_RULE
from templates_server.features.tribes.model import (
    OF_VERSIONS,
    VERSION_FIELDS,
    Operator,
    Origin,
    Source,
    VersionValue,
    read_version,
)
from templates_server.primitives.validation import Reader
from templates_server.primitives.yaml_json import quote_text

MAX_VERSION_CHARACTERS = 256
OF_ANY_VALUE = (Operator.EXISTS, Operator.NOT_EXISTS)
TAKEN = ", ".join((*sorted(OF_VERSIONS), *OF_ANY_VALUE))


def fits(reader: Reader, source: Source, operator: Operator, path: str) -> bool:
    """Return whether an operator applies to a source: versions have their own; any other combination is rejected."""
    if source.origin is Origin.VERSION and operator not in {*OF_VERSIONS, *OF_ANY_VALUE}:
        reader.refuse(path, f"does not compare versions; {source.path} supports {TAKEN}")
        return False
    if source.origin is not Origin.VERSION and operator in OF_VERSIONS:
        reader.refuse(path, f"compares versions and applies to {' and '.join(VERSION_FIELDS)} only, not {source.path}")
        return False
    return True


def read_version_value(reader: Reader, value: Any, path: str) -> VersionValue | None:
    """Return the version of a text; None when it is invalid."""
    text = reader.text(value, path, at_most=MAX_VERSION_CHARACTERS)
    version = None if text is None else read_version(text)
    if text is not None and version is None:
        reader.refuse(path, f"{quote_text(text)} {VERSION_RULE}")
    return version
