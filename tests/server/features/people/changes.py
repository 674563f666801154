"""Changes as the API reads them, for tests that work on the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from templates_server.features.people.apply_changes import UserChange
from templates_server.features.people.profile_parser import read_user


def change(sent: Mapping[str, Any], path: str = "") -> UserChange:
    """The change that a user as sent asks for."""
    user_id, asked, problems = read_user(dict(sent), path)
    assert problems == [], problems
    return UserChange(user_id, asked, path)
