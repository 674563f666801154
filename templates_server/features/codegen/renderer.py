"""The entry point: from a model and a language to `{path: text}`. The generators are in `codegen/<language>/`."""

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
    """Return all files of a target, by path relative to its output folder, in order of path.

    `options["host"]` is the server's URL for an app; the default is the page's own origin. The files contain the
    `code_hash` of the input and `generator`. Raises `UnknownLanguage`.
    """
    write, names = languages.language(language).files, name_model(generation_input.model)
    files = write(generation_input, names, options, code_hash(generation_input, generator))
    return dict(sorted(files.items()))
