"""The module of the option `bindings = "react"`: hooks that read and follow a Space. No model changes its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.typescript.modules import TypeScriptModule


def bindings_modules(options: Mapping[str, str]) -> Iterator[TypeScriptModule]:
    """The hooks, if they are wanted."""
    if options.get("bindings") == "react":
        yield TypeScriptModule("react", "react", {})
