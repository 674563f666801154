"""The Jinja templates of a language, compiled once, and the digest in each generated file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import jinja2

from templates_server.features.codegen.safe_fragments import finalize

FOLDER = Path(__file__).parent
DIGEST_CHARACTERS = 32


class Templates:
    """The templates in the folders of some languages, searched in that order."""

    def __init__(self, *languages: str) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([FOLDER / language for language in languages]),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701  nothing here is HTML, and `finalize` lets only encoded pieces through
            finalize=finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )

    def body(self, template: str, values: Mapping[str, object]) -> str:
        """Render the template with the values."""
        return self._environment.get_template(template).render(values)


def with_header(header: str, body: str) -> str:
    """Return the file: `header` with the digest of the body, then the body.

    The body contains all effects of its inputs, so the digest changes only with them.
    """
    digest = hashlib.sha256(body.encode("utf-8")).hexdigest()[:DIGEST_CHARACTERS]
    return header.format(digest=digest) + body
