"""The module of the option `bindings = "react"`: hooks that read and follow a Space. No model changes its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.typescript.modules import Module


def bindings_modules(options: Mapping[str, str]) -> Iterator[Module]:
    """The hooks, if they are wanted."""
    if options.get("bindings") == "react":
        yield Module("react", "react", {})
