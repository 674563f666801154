"""Generated code under its compilers, its formatter and a bundler."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.renderer import LANGUAGES, UnknownLanguage, render
from templates_server.features.spaces.model import GenerationInput, SpaceModel
from tests.requirements import require_npm_package
from tests.server.features.codegen.reference_space import tracked_vod, vod
from tests.server.features.codegen.space_builder import build_space
from tests.server.features.codegen.toolchain import (
    TRACKING_OPTIONS,
    compile_tree,
    tracking_consumer,
    unformatted,
    write_tree,
)

pytestmark = pytest.mark.slow

CONSUMER = Path(__file__).with_name("consumer.ts.txt").read_text("utf-8")
COMPILERS = ["typescript", "typescript-5"]
NOTHING = GenerationInput(SpaceModel("empty"), {})


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_an_app_that_uses_everything_compiles_and_mistakes_do_not(
    language: str, compiler: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(request.getfixturevalue(language), tmp_path / "app"))
    (folder / "consumer.ts").write_text(CONSUMER, "utf-8")
    assert compile_tree(folder, compiler, ["consumer.ts"]) == ""


@pytest.mark.parametrize("mode", TRACKING_OPTIONS)
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_modelled_events_and_fields_compile_and_typos_in_them_do_not(
    language: str, compiler: str, mode: str, tmp_path: Path
) -> None:
    options = TRACKING_OPTIONS[mode]
    folder = write_tree(tmp_path, render(tracked_vod(), language, options))
    (folder / "consumer.ts").write_text(tracking_consumer(options), "utf-8")
    assert compile_tree(folder, compiler, ["consumer.ts"]) == ""


CALLS = {
    'track("video/completed", { title: "Parasite" })': "",
    'track("video/completed", { titel: "Parasite" })': "'titel' does not exist",
    'track("video/completed", { title: "Parasite", genre: "Dramma" })': """Did you mean '"Drama"'?""",
    'track("video/completed", { pair1: { key: "title", value: "Parasite" } })': "",
    'start({ fields: { campaign: "spring" } })': "",
    'start({ fields: { campain: "spring" } })': "'campain' does not exist",
}


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_typo_is_told_by_name_in_javascript_that_is_checked(compiler: str, tmp_path: Path) -> None:
    folder = write_tree(tmp_path, render(tracked_vod(), "javascript", {}))
    lines = ['import { session } from "./index.js";', *(f"session.{call};" for call in CALLS)]
    (folder / "app.js").write_text("\n".join(lines) + "\n", "utf-8")
    said = compile_tree(folder, compiler, ["app.js"], allowJs=True, checkJs=True, noImplicitAny=False)
    for number, expected in enumerate(CALLS.values(), start=2):
        [*found] = [line for line in said.splitlines() if f"app.js({number}," in line]
        assert len(found) == bool(expected), said
        assert all(expected in line for line in found), said


@pytest.mark.parametrize("bindings", [{}, {"bindings": "react"}], ids=["alone", "react"])
@pytest.mark.parametrize("mode", TRACKING_OPTIONS)
@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_modelled_events_and_fields_are_written_as_the_formatter_has_it(
    language: str, mode: str, bindings: dict[str, str], tmp_path: Path
) -> None:
    options = {**TRACKING_OPTIONS[mode], **bindings}
    assert unformatted(write_tree(tmp_path, render(tracked_vod(), language, options))) == ""


@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_a_space_without_events_in_which_they_alone_may_be_tracked_compiles(language: str, tmp_path: Path) -> None:
    folder = write_tree(tmp_path, render(vod(), language, {"events": "modelled"}))
    app = [
        'import { session } from "./index.js";',
        "// @ts-expect-error  nothing is modelled",
        'session.track("item/clicked");',
        'session.start({ fields: { anything: "goes" } });',
    ]
    (folder / "consumer.ts").write_text("\n".join(app) + "\n", "utf-8")
    assert compile_tree(folder, "typescript", ["consumer.ts"]) == ""
    (folder / "consumer.ts").unlink()
    assert unformatted(folder) == ""


def test_the_exhaustive_switch_fails_to_compile_when_a_kind_is_left_out(typescript: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(typescript, tmp_path / "app"))
    case = '    case "carousel":\n      return item.properties.titleIds.join(item.id);\n'
    assert case in CONSUMER
    (folder / "consumer.ts").write_text(CONSUMER.replace(case, ""), "utf-8")
    assert "is not assignable to type 'never'" in compile_tree(folder, "typescript", ["consumer.ts"])


def test_deprecated_calls_are_marked_for_editors(typescript: Path, javascript: Path) -> None:
    for runtime in (typescript / "runtime.ts", javascript / "runtime.d.ts"):
        text = runtime.read_text("utf-8")
        assert text.count("@deprecated Until 1.0") == 3
        assert "/** @deprecated Until 1.0. Use `start({ userId, fields })`. */\n  readonly identify:" in text


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_javascript_itself_is_checked(compiler: str, javascript: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(javascript, tmp_path / "app"))
    modules = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.js"))]
    # Parameters have no types in JavaScript; the declarations beside it carry them.
    options = {"allowJs": True, "checkJs": True, "noImplicitAny": False}
    assert compile_tree(folder, compiler, modules, **options) == ""


@pytest.mark.parametrize("lib", [["es2020", "dom"], ["esnext", "dom", "dom.iterable"]], ids=["dom", "newest"])
def test_it_compiles_beside_the_types_of_a_browser(lib: list[str], typescript: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(typescript, tmp_path / "app"))
    (folder / "consumer.ts").write_text(
        'import { client } from "./index.js";\nclient.fetch = fetch;\nclient.storage = localStorage;\n', "utf-8"
    )
    options = {"lib": lib, "target": lib[0], "module": "esnext", "moduleResolution": "bundler"}
    assert compile_tree(folder, "typescript", ["consumer.ts"], **options) == ""


NODENEXT = {"module": "nodenext"}
BUNDLER = {"module": "esnext", "moduleResolution": "bundler"}
IMPORTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "typescript, js": ("typescript", "js", NODENEXT),
    "typescript, js, bundler": ("typescript", "js", BUNDLER),
    "typescript, ts": ("typescript", "ts", NODENEXT | {"allowImportingTsExtensions": True}),
    "typescript, ts, bundler": ("typescript", "ts", BUNDLER | {"allowImportingTsExtensions": True}),
    "typescript, ts, rewritten": ("typescript", "ts", NODENEXT | {"rewriteRelativeImportExtensions": True}),
    "typescript, none": ("typescript", "none", BUNDLER),
    "javascript, js": ("javascript", "js", NODENEXT),
    "javascript, none": ("javascript", "none", BUNDLER),
}


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("kind", IMPORTS)
def test_imports_end_as_the_target_says_and_every_form_compiles(kind: str, compiler: str, tmp_path: Path) -> None:
    language, extension, options = IMPORTS[kind]
    files = render(vod(), language, {"import_extension": extension})
    ending = {"js": ".js", "ts": ".ts", "none": ""}[extension]
    imported = {path for text in files.values() for path in re.findall(r'from "(\.[^"]*)"', text)}
    assert imported
    assert all(path.endswith(ending) and "." not in path.removesuffix(ending).lstrip("./") for path in imported)
    folder = write_tree(tmp_path, files)
    (folder / "consumer.ts").write_text(CONSUMER.replace('"./index.js"', f'"./index{ending}"'), "utf-8")
    assert compile_tree(folder, compiler, ["consumer.ts"], **options) == ""
    (folder / "consumer.ts").unlink()
    assert unformatted(folder) == ""


@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_the_formatter_would_change_nothing(language: str, request: pytest.FixtureRequest) -> None:
    assert unformatted(request.getfixturevalue(language)) == ""


@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_the_formatter_would_change_nothing_where_names_and_texts_are_longer(language: str, tmp_path: Path) -> None:
    texts = {
        "a": "short",
        "hero": 'It\'s a "title"',
        "carousel": "a somewhat longer text that goes on",
        "homepage-body": "long " * 12 + "text",
        "hero-banner-tile": "longer " * 20 + "text",
        "homepage-promotion-tile": "it is 'quoted' \"twice\"",
        "homepage-promotion-carousel-tile": "Ünïcode: ホームページ",
    }
    space = build_space(list(texts), list(texts.values()))
    assert unformatted(write_tree(tmp_path, render(space, language, {}))) == ""


@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_a_bundler_resolves_it_without_a_warning(language: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    program = require_npm_package("esbuild").parent / ".bin" / "esbuild"
    folder: Path = request.getfixturevalue(language)
    entry = folder / ("index.ts" if language == "typescript" else "index.js")
    bundle = tmp_path / "bundle.mjs"
    command = [
        str(program),
        str(entry),
        "--bundle",
        "--format=esm",
        "--target=es2020",
        f"--outfile={bundle}",
        "--log-level=info",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "warning" not in done.stderr.lower()
    asks = f'import {{ collections }} from "{bundle}"; console.log(collections.homepage.body.items.length);'
    ran = subprocess.run(["node", "--input-type=module", "-e", asks], capture_output=True, text=True, check=True)
    assert ran.stdout == "3\n"


@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_an_import_that_is_not_used_costs_nothing(
    language: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    program = require_npm_package("esbuild").parent / ".bin" / "esbuild"
    index = request.getfixturevalue(language) / ("index.ts" if language == "typescript" else "index.js")
    entry = tmp_path / "entry.js"
    entry.write_text(f'import {{ client, collections, createSpace, session }} from "{index}";\nconsole.log(1);\n')
    command = [str(program), str(entry), "--bundle", "--minify", "--format=esm", "--target=es2020"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "console.log(1);\n"


@pytest.mark.parametrize("kind", ["commonjs", "module"])
def test_the_javascript_is_imported_whatever_the_apps_own_package_says(kind: str, tmp_path: Path) -> None:
    files = {f"mtspace/vod/{path}": text for path, text in render(vod(), "javascript", {}).items()}
    folder = write_tree(tmp_path, files | {"package.json": json.dumps({"type": kind})})
    shown = "({ collections }) => console.log(collections.homepage.body.items.length)"
    load = f'import("./mtspace/vod/index.js").then({shown});'
    (folder / "app.js").write_text(load, "utf-8")
    ran = subprocess.run(["node", str(folder / "app.js")], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("3\n", "")


@pytest.mark.parametrize("language", ["typescript", "javascript"])
def test_a_space_with_nothing_in_it_compiles_and_is_clean(language: str, tmp_path: Path) -> None:
    folder = write_tree(tmp_path, render(NOTHING, language, {}))
    assert compile_tree(folder, "typescript", ["index.ts" if language == "typescript" else "index.d.ts"]) == ""
    assert unformatted(folder) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_says_first_that_it_is_generated_and_ends_in_one_newline(language: str) -> None:
    for path, text in render(vod(), language, {}).items():
        if path == "package.json":  # JSON has no comments
            continue
        first, second, *_ = text.split("\n")
        assert first.removesuffix(" -->").endswith("Code generated by mtribes. DO NOT EDIT."), path
        assert "@generated " in second, path
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path
        assert "\r" not in text, path
        assert "@ts-nocheck" not in text, path


def test_the_host_of_the_options_is_where_the_code_looks_for_the_server() -> None:
    assert (
        '"https://other.example.com/m"'
        in render(vod(), "typescript", {"host": "https://other.example.com/m/"})["index.ts"]
    )


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(UnknownLanguage, match="unknown language 'cobol'; there are typescript"):
        render(vod(), "cobol", {})
