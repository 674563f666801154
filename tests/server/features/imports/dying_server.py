"""A server that is killed when it first comes to a point.

Run as `python -m tests.server.features.imports.dying_server POINT start ...`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from templates_server.__main__ import main
from templates_server.features.imports import api, bulk_upsert, parse_worker, store

POINTS: dict[str, tuple[Any, str, bool]] = {  # where, and whether it dies behind it; as an import comes by them
    "when the import is open": (store, "open_import", True),
    "before the part is read": (parse_worker, "read_part", False),
    "in the transaction, before anything": (api, "apply_part", False),
    "when the people are stored": (bulk_upsert, "apply_rows", True),
    "before the counts of tags": (bulk_upsert, "count_tags", False),
    "when the answer is noted": (store, "add_part", True),
    "before the commit": (api, "apply_part", True),
    "after the commit": (api, "to_response", False),
    "when the import is completed": (store, "complete_import", True),
}


def die_at(point: str) -> None:
    """Put the end there."""
    module, name, is_behind = POINTS[point]
    original: Callable[..., Any] = getattr(module, name)

    def last(*arguments: Any, **named: Any) -> Any:
        if is_behind:
            original(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, last)


if __name__ == "__main__":
    die_at(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
