"""JavaScript's runtime is made of TypeScript's, and is in step with it."""

from __future__ import annotations

import pytest

from tests.requirements import require_npm_package
from tests.server.features.codegen.javascript_runtime import JAVASCRIPT, make


@pytest.mark.slow
def test_the_committed_runtime_is_what_typescripts_runtime_gives() -> None:
    require_npm_package("typescript-5")
    require_npm_package("prettier")
    kept = {name: (JAVASCRIPT / name).read_text("utf-8") for name in ("runtime.js", "runtime.d.ts")}
    assert kept == make()
