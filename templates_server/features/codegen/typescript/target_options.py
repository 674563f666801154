"""Options of a JavaScript or TypeScript target that change its files: `platform` and `bindings`. No model does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.typescript.modules import TypeScriptModule

BROWSER = "browser"
"""The option value for code that runs only in browser pages."""


def for_platform(runtime: str, platform: str | None) -> str:
    """Return the runtime for that platform: a constant lets minifiers remove the code that pages do not need."""
    if platform != BROWSER:
        return runtime
    before, constant, after = runtime.partition("const EVERYWHERE")
    return before + constant + after.replace("true", "false", 1)


def bindings_modules(options: Mapping[str, str]) -> Iterator[TypeScriptModule]:
    """Return the hooks that read a Space and subscribe to it, for the option `bindings = "react"`."""
    if options.get("bindings") == "react":
        yield TypeScriptModule("react", "react", {})
