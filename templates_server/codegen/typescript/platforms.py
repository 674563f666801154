"""Where generated code runs, by the option `platform` of a target: in pages of browsers alone, or wherever JavaScript does."""

from __future__ import annotations

BROWSER = "browser"
"""The value of the option with which the code is for pages of browsers alone."""


def for_platform(runtime: str, platform: str | None) -> str:
    """The runtime for that platform: one constant decides, by which minifiers leave out what is for other places alone."""
    if platform != BROWSER:
        return runtime
    before, constant, after = runtime.partition("const EVERYWHERE")
    return before + constant + after.replace("true", "false", 1)
