"""Makes JavaScript's runtime of TypeScript's, and writes it.

Run as `python -m tests.server.features.codegen.javascript_runtime`.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from templates_server.features.codegen.templates import FOLDER
from templates_server.features.codegen.typescript import runtime_body
from tests.requirements import TOOLCHAINS

JAVASCRIPT = FOLDER / "javascript"


def make() -> dict[str, str]:
    """`runtime.js` and `runtime.d.ts`, without their headers."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "runtime.ts"
        source.write_text(runtime_body(), "utf-8")
        program = str(TOOLCHAINS / "javascript_runtime.mjs")
        done = subprocess.run(["node", program, str(source)], capture_output=True, text=True, check=True)
    made: dict[str, str] = json.loads(done.stdout)
    return made


if __name__ == "__main__":
    for name, text in make().items():
        (JAVASCRIPT / name).write_text(text, "utf-8")
