"""Which generator this is: its number, and a digest of all that decides what is written.

The number is for people. The digest makes sure that nobody keeps files of an older generator because a number was not
raised: apps ask with the `code_hash` that they have, and this is part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from templates_server.features.codegen.languages import LANGUAGES

NUMBER = 1
DIGEST_CHARACTERS = 12
FOLDER = Path(__file__).parent
MODEL = FOLDER.parent / "spaces" / "model.py"
SHARED = ("code_hash.py", "languages.py", "naming.py", "renderer.py", "safe_fragments.py", "templates.py")


def generator_version(folder: Path = FOLDER) -> str:
    """Such as `1.0a1b2c3d4e5f`: the same for the same files, wherever they are installed."""
    digest = hashlib.sha256()
    for name, path in sorted(_sources(folder)):
        digest.update(name.encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return f"{NUMBER}.{digest.hexdigest()[:DIGEST_CHARACTERS]}"


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file that decides what is written, with its path as it counts."""
    yield MODEL.name, MODEL
    yield from ((name, folder / name) for name in SHARED)
    for language in LANGUAGES:
        for path in (folder / language).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(folder).as_posix(), path


GENERATOR = generator_version()
"""Changes with everything that could give other files for the same model."""
