"""Which generator this is: its number, and a digest of all that decides what is written.

The number is for people. The digest makes sure that nobody keeps files of an older generator because a number was not
raised: apps ask with the `code_hash` that they have, and this is part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from templates_server.codegen.registry import LANGUAGES

NUMBER = 1
DIGEST_CHARACTERS = 12
FOLDER = Path(__file__).parent
SHARED = ("fingerprint.py", "model.py", "naming.py", "pieces.py", "registry.py", "render.py", "templates.py")


def generator_version(folder: Path = FOLDER) -> str:
    """Such as `1.0a1b2c3d4e5f`: the same for the same files, wherever they are installed."""
    digest = hashlib.sha256()
    for path in sorted(_sources(folder)):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return f"{NUMBER}.{digest.hexdigest()[:DIGEST_CHARACTERS]}"


def _sources(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in SHARED)
    for language in LANGUAGES:
        yield from (
            path for path in (folder / language).rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )


GENERATOR = generator_version()
"""Changes with everything that could give other files for the same model."""
