"""Options of a JavaScript or TypeScript target that change its files, `platform` and `bindings`. No model does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.typescript.modules import TypeScriptModule

BROWSER = "browser"
"""The value of the option with which the code is for pages of browsers alone."""


def for_platform(runtime: str, platform: str | None) -> str:
    """The runtime for that platform: by one constant minifiers leave out what no page needs."""
    if platform != BROWSER:
        return runtime
    before, constant, after = runtime.partition("const EVERYWHERE")
    return before + constant + after.replace("true", "false", 1)


def bindings_modules(options: Mapping[str, str]) -> Iterator[TypeScriptModule]:
    """The hooks that read and follow a Space, if they are wanted (`bindings = "react"`)."""
    if options.get("bindings") == "react":
        yield TypeScriptModule("react", "react", {})
