"""The way in: a model and a language in, `{path: text}` out. What is written is in `codegen/<language>/`."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.features.codegen import languages
from templates_server.features.codegen.code_hash import code_hash
from templates_server.features.codegen.generator import GENERATOR
from templates_server.features.codegen.naming import name_model
from templates_server.features.spaces.model import GenerationInput

UnknownLanguage = languages.UnknownLanguage
LANGUAGES = languages.LANGUAGES


def render(
    generation_input: GenerationInput, language: str, options: Mapping[str, str], *, generator: str = GENERATOR
) -> dict[str, str]:
    """All files of a target, by path relative to its output folder, in order of path.

    `options["host"]` is where an app finds the server; without it, at the page's own origin. The
    `code_hash` that the files carry is that of the input and `generator`. Raises `UnknownLanguage`.
    """
    write, names = languages.language(language).files, name_model(generation_input.model)
    files = write(generation_input, names, options, code_hash(generation_input, generator))
    return dict(sorted(files.items()))
