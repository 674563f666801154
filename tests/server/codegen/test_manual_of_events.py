"""The manual's page about events: its code compiles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import templates_server
from templates_server.codegen.render import render
from tests.server.codegen.reference_space import vod
from tests.server.codegen.toolchain import compile_tree, write_tree

pytestmark = pytest.mark.slow

PAGE = (Path(templates_server.__file__).parent / "docs" / "events.md").read_text("utf-8")
NODE = """declare module "node:fs" {
  export function existsSync(path: string): boolean;
  export function mkdirSync(path: string, options: { recursive: boolean }): void;
  export function readFileSync(path: string, encoding: "utf8"): string;
  export function renameSync(from: string, to: string): void;
  export function rmSync(path: string, options: { force: boolean }): void;
  export function writeFileSync(path: string, text: string): void;
}
"""


@pytest.mark.parametrize("compiler", ["typescript", "typescript-5"])
def test_every_block_compiles_under_the_strictest_settings(compiler: str, tmp_path: Path) -> None:
    blocks = re.findall(r"^```ts\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    write_tree(tmp_path, {f"mtspace/vod/{path}": text for path, text in render(vod(), "typescript", {}).items()})
    files = {f"block{at}.ts": text for at, text in enumerate(blocks)} | {"node.d.ts": NODE}
    write_tree(tmp_path, files)
    assert compile_tree(tmp_path, compiler, list(files)) == ""
