"""The manual's page about TypeScript and JavaScript: its code compiles, and what can run alone runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import templates_server
from templates_server.features.codegen.renderer import render
from tests.requirements import require_node
from tests.server.features.codegen.client_api_peer import ClientApiPeer
from tests.server.features.codegen.reference_space import vod
from tests.server.features.codegen.toolchain import compile_tree, run_program, write_tree

pytestmark = pytest.mark.slow

PAGE = (Path(templates_server.__file__).parent / "docs" / "guides" / "javascript.md").read_text("utf-8")
BLOCKS = re.findall(r"^```ts( run)?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OPTIONS = {"lib": ["es2022", "dom"], "target": "es2022"}
CALLS = {
    "export async function handle(": 'return (await handle(new Request("http://app.test"))).json();',
    "export async function page(": 'return page("u1");',
}


def written(folder: Path, peer_url: str) -> list[str]:
    """The blocks as modules beside the generated code."""
    write_tree(folder, {f"mtspace/vod/{path}": text for path, text in code(peer_url).items()})
    names = [f"block{number}.ts" for number in range(len(BLOCKS))]
    for name, (_, text) in zip(names, BLOCKS, strict=True):
        (folder / name).write_text(text, "utf-8")
    return names


def code(host: str) -> dict[str, str]:
    return render(vod(), "typescript", {"host": host})


@pytest.mark.parametrize("compiler", ["typescript", "typescript-5"])
def test_every_block_compiles_under_the_strictest_settings(compiler: str, tmp_path: Path) -> None:
    assert len(BLOCKS) >= 9
    assert compile_tree(tmp_path, compiler, written(tmp_path, "https://mtribes.example.com"), **OPTIONS) == ""


def test_blocks_that_can_run_alone_run_and_nothing_is_sent_without_consent(tmp_path: Path, peer: ClientApiPeer) -> None:
    run_blocks(tmp_path, peer)
    names = {event["name"] for batch in peer.bodies("/events") for event in batch}
    assert names == {"movie/watched", "item/clicked"}


def run_blocks(tmp_path: Path, peer: ClientApiPeer) -> None:
    source, built = tmp_path / "source", tmp_path / "built"
    emitted = OPTIONS | {"noEmit": False, "outDir": str(built), "rootDir": str(source)}
    names = written(source, peer.url)
    assert compile_tree(source, "typescript", names, **emitted) == ""
    write_tree(built, {})
    runnable = [name for name, (run, _) in zip(names, BLOCKS, strict=True) if run]
    assert len(runnable) >= 8
    for name in runnable:
        text = (source / name).read_text("utf-8")
        called = next((call for head, call in CALLS.items() if head in text), "")
        program = built / f"run-{name}.mjs"
        program.write_text(f'import * as all from "./{name[:-3]}.js";\n{calling(called)}', "utf-8")
        output = run_program([require_node(), str(program)], built)
        if called:
            assert "#c9a227" in output, name


def calling(call: str) -> str:
    """A program that prints what an exported function of the block gives."""
    if not call:
        return "void all;\n"
    return (
        "const { handle, page } = all;\n"
        f"const shown = await (async () => {{ {call} }})();\n"
        "process.stdout.write(JSON.stringify(shown));\n"
    )
