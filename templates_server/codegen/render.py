"""The way in: a model and a language in, `{path: text}` out. What is written is in `codegen/<language>/`."""

from __future__ import annotations

from collections.abc import Mapping

from templates_server.codegen import registry
from templates_server.codegen.generator import generator_version
from templates_server.codegen.model import GenerationInput
from templates_server.codegen.naming import name_model

GENERATOR = generator_version()
"""Changes with everything that could give other files for the same model."""

UnknownLanguage = registry.UnknownLanguage
LANGUAGES = registry.LANGUAGES


def render(generation_input: GenerationInput, language: str, options: Mapping[str, str]) -> dict[str, str]:
    """All files of a target, by path relative to its output folder, in order of path.

    `options["host"]` is where an app finds the server; without it, at the page's own origin. Raises
    `UnknownLanguage`.
    """
    files = registry.language(language).files(generation_input, name_model(generation_input.model), options)
    return dict(sorted(files.items()))
