"""The Jinja templates of a language, compiled once, and the digest that each generated file carries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import jinja2

from templates_server.features.codegen.safe_fragments import finalize

FOLDER = Path(__file__).parent
DIGEST_CHARACTERS = 32


class Templates:
    """The templates in the folders of some languages, looked for in that order."""

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
        """What the template gives for the values."""
        return self._environment.get_template(template).render(values)


def with_header(header: str, body: str) -> str:
    """The file: `header` with the digest of what the body says, then the body.

    The body is all that its inputs come to, so the digest changes with them and with nothing else.
    """
    digest = hashlib.sha256(body.encode("utf-8")).hexdigest()[:DIGEST_CHARACTERS]
    return header.format(digest=digest) + body
