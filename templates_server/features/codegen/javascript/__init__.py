"""JavaScript: the same modules as TypeScript's, each as `.js` and `.d.ts`.

`runtime.js` and `runtime.d.ts` are built from TypeScript's runtime:
`python -m tests.server.features.codegen.javascript_runtime`.
"""

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

DECLARATIONS = ("d.ts",)
ENDINGS = ("js", *DECLARATIONS)
PACKAGE = '{\n  "type": "module",\n  "sideEffects": false\n}\n'
"""Marks the files as ES modules regardless of the app's `package.json`, and as safe for tree shaking."""

TEMPLATES = Templates("javascript", "typescript")


def files(
    generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str], code_hash: str
) -> dict[str, str]:
    """Return every file of the output, by path."""
    extension = {"extension": extension_of(options)}
    written = {
        f"{module.stem}.{ending}": with_header(
            HEADER, TEMPLATES.body(f"{module.template}.{ending}.jinja", {**module.values, **extension})
        )
        for module in space_modules(generation_input, names, options, code_hash)
        for ending in (DECLARATIONS if module.is_types else ENDINGS)
    }
    others = {".gitattributes": with_header(GIT_ATTRIBUTES, GENERATED), "package.json": PACKAGE}
    return written | runtime(options.get("platform")) | others


@functools.cache
def runtime(platform: str | None = None) -> dict[str, str]:
    """Return the runtime for that platform, which is the same for every Space."""
    texts = {ending: (FOLDER / "javascript" / f"runtime.{ending}").read_text("utf-8") for ending in ENDINGS}
    return {
        f"runtime.{ending}": with_header(HEADER, for_platform(text, platform) if ending == "js" else text)
        for ending, text in texts.items()
    }


LANGUAGE = Language(identifier=identifier, files=files)
