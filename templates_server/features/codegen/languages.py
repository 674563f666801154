"""The registry of languages: each is a folder beside this file whose package has a `LANGUAGE`."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from templates_server.features.codegen.naming import ModelNames, Name, NameScope
from templates_server.features.spaces.model import GenerationInput

LANGUAGES = ("typescript", "javascript", "kotlin", "java", "swift", "brightscript", "python")


@dataclass(frozen=True, slots=True)
class Language:
    """A target language of code generation.

    `identifier` returns the member that an app uses; `files` returns path and text of every file, from a model, its
    names, the target's options and the `code_hash`.
    """

    identifier: Callable[[NameScope, Name], str]
    files: Callable[[GenerationInput, ModelNames, Mapping[str, str], str], dict[str, str]]


class UnknownLanguage(ValueError):
    """The error for a language without a generator."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown language {name!r}; there are {', '.join(LANGUAGES)}")


@functools.cache
def language(name: str) -> Language:
    """Return the language with that name; raise UnknownLanguage otherwise."""
    if name not in LANGUAGES:
        raise UnknownLanguage(name)
    found: Language = importlib.import_module(f"templates_server.features.codegen.{name}").LANGUAGE
    return found
