"""The manual's page about events: its code compiles, but for the mistakes that it shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import templates_server
from templates_server.features.codegen.renderer import render
from templates_server.features.spaces.model import GenerationInput
from templates_server.features.spaces.parser import read_model, to_document
from templates_server.primitives.yaml_json import read_yaml
from tests.server.features.codegen.reference_space import vod
from tests.server.features.codegen.toolchain import compile_tree, write_tree

pytestmark = pytest.mark.slow

PAGE = (Path(templates_server.__file__).parent / "docs" / "guides" / "events.md").read_text("utf-8")
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


def modelled() -> GenerationInput:
    """The reference Space with the events and fields of the page."""
    [text] = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    document: dict[str, Any] = to_document(vod().model) | read_yaml(text.encode(), max_depth=32)
    return GenerationInput(read_model(document, space="vod", name="VOD store"), vod().fallbacks)


@pytest.mark.parametrize("compiler", ["typescript", "typescript-5"])
@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_of_the_modelled_events_and_fields_what_the_page_says_compiles_and_what_it_says_does_not(
    language: str, compiler: str, tmp_path: Path
) -> None:
    [block] = re.findall(r"^```ts modelled\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    expected = {number for number, line in enumerate(block.splitlines(), 1) if "// does not compile" in line}
    assert len(expected) == 5
    write_tree(tmp_path, {f"mtspace/vod/{path}": text for path, text in render(modelled(), language, {}).items()})
    write_tree(tmp_path, {"app.ts": block})
    said = compile_tree(tmp_path, compiler, ["app.ts"], target="es2022")
    assert {int(number) for number in re.findall(r"app\.ts\((\d+),", said)} == expected, said
