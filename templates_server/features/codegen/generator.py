"""The version of the generator: a number, and a digest of everything that determines its output.

The number is for people. The digest prevents stale files if a number was not increased: apps send the `code_hash` of
their code, and the digest is part of it.
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
    """Return a version such as `1.0a1b2c3d4e5f`: the same for the same files, wherever they are installed."""
    digest = hashlib.sha256()
    for name, path in sorted(_sources(folder)):
        digest.update(name.encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return f"{NUMBER}.{digest.hexdigest()[:DIGEST_CHARACTERS]}"


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    """Return every file that determines the output, with its path in the digest."""
    yield MODEL.name, MODEL
    yield from ((name, folder / name) for name in SHARED)
    for language in LANGUAGES:
        for path in (folder / language).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(folder).as_posix(), path


GENERATOR = generator_version()
"""The digest of everything that can change the files of a model."""
