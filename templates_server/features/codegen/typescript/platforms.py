"""Where generated code runs, by the option `platform` of a target: in pages alone, or wherever JavaScript does."""

from __future__ import annotations

BROWSER = "browser"
"""The value of the option with which the code is for pages of browsers alone."""


def for_platform(runtime: str, platform: str | None) -> str:
    """The runtime for that platform: by one constant minifiers leave out what no page needs."""
    if platform != BROWSER:
        return runtime
    before, constant, after = runtime.partition("const EVERYWHERE")
    return before + constant + after.replace("true", "false", 1)
