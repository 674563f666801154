"""TypeScript, for browsers and Node: ES modules without third-party dependencies."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from templates_server.features.codegen.languages import Language
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.templates import FOLDER, Templates, with_header
from templates_server.features.codegen.typescript.modules import extension_of
from templates_server.features.codegen.typescript.names import identifier
from templates_server.features.codegen.typescript.space_modules import GENERATED, GIT_ATTRIBUTES, HEADER, space_modules
from templates_server.features.codegen.typescript.target_options import for_platform
from templates_server.features.spaces.model import GenerationInput

RUNTIME_PARTS = (
    "limits", "callers", "values", "entities", "storage", "unknown", "identity", "input", "options", "space", "kept",
    "layers", "runner", "tabs", "follower", "events", "transport", "retry", "platform", "recording", "session",
    "client", "ending",
)  # fmt: skip
"""The runtime is a single file in the output, and one file per subject in the source.

The limits come first, since minifiers inline constants only after their definition; the order of the others is one
that compresses well.
"""

TEMPLATES = Templates("typescript")


def files(
    generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str], code_hash: str
) -> dict[str, str]:
    """Return every file of the output, by path."""
    extension = {"extension": extension_of(options)}
    written = {
        f"{module.stem}.ts": with_header(
            HEADER, TEMPLATES.body(f"{module.template}.ts.jinja", {**module.values, **extension})
        )
        for module in space_modules(generation_input, names, options, code_hash)
    }
    others = {"runtime.ts": runtime(options.get("platform")), ".gitattributes": with_header(GIT_ATTRIBUTES, GENERATED)}
    return written | others


@functools.cache
def runtime(platform: str | None = None) -> str:
    """Return the runtime for that platform, which is the same for every Space."""
    return with_header(HEADER, for_platform(runtime_body(), platform))


def runtime_body() -> str:
    """Return the runtime without its header."""
    folder = FOLDER / "typescript" / "runtime"
    return "\n".join((folder / f"{part}.ts").read_text("utf-8") for part in RUNTIME_PARTS)


LANGUAGE = Language(identifier=identifier, files=files)
