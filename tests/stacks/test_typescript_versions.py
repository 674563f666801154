"""TypeScript 5.0, 5.9 and 7 with every strict flag, as bundlers and as Node resolve modules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from templates_server.features.codegen.renderer import render
from tests.requirements import require_node, require_npm_package
from tests.server.features.codegen.reference_space import tracked_vod
from tests.server.features.codegen.toolchain import STRICTEST, TRACKING_OPTIONS, tracking_consumer, write_tree
from tests.stacks.projects import PACKAGES, project, require_stack_package, run

pytestmark = pytest.mark.slow

COMPILERS = {"5.0": "typescript-5-0", "5.9": "typescript", "7": ""}
"""npm packages of tests/toolchains/stacks; TypeScript 7 is that of tests/toolchains."""
RESOLUTIONS = {
    "bundler": {"module": "esnext", "moduleResolution": "bundler"},
    "nodenext": {"module": "nodenext", "moduleResolution": "nodenext"},
}
MORE_FLAGS = {
    "target": "es2022",
    "lib": ["es2022", "dom"],
    "jsx": "react-jsx",
    "noImplicitReturns": True,
    "noFallthroughCasesInSwitch": True,
    "noPropertyAccessFromIndexSignature": True,
    "allowUnreachableCode": False,
    "allowUnusedLabels": False,
    "skipLibCheck": False,
}

VIEW = """\
import { createSpace } from "./index.js";
import { SpaceProvider, useExperience, useSection, useSpace } from "./react.js";

const space = createSpace({ states: { "homepage.header": { properties: { sticky: true } } } });

export function Page() {
  const { session, collections } = useSpace();
  const { properties } = useExperience(collections.homepage.header);
  const { items } = useSection(collections.homepage.body);
  const watched = () => session.track("video/completed", { title: String(items.length) });
  items[0]?.track("search/done", { results: 5 });
  // @ts-expect-error  a key that is misspelt
  items[0]?.track("search/done", { result: 5 });
  // @ts-expect-error  of the session too
  session.track("video/completed", { titel: "Parasite" });
  return (
    <SpaceProvider space={space}>
      <button onClick={watched}>{String(properties.sticky)}</button>
    </SpaceProvider>
  );
}
"""


def check(app: Path, version: str, resolution: str) -> None:
    """The app compiles."""
    package = COMPILERS[version]
    compiler = require_stack_package(package) if package else require_npm_package("typescript")
    options = STRICTEST | MORE_FLAGS | RESOLUTIONS[resolution]
    if version == "5.0":
        del options["erasableSyntaxOnly"]  # since 5.8
    project_file = {"compilerOptions": options, "files": ["app.tsx"]}
    (app / "tsconfig.json").write_text(json.dumps(project_file), "utf-8")
    (app / "package.json").write_text('{"type": "module"}\n', "utf-8")
    run([require_node(), str(compiler / "bin" / "tsc"), "-p", ".", "--pretty", "false"], app)


@pytest.mark.parametrize("language", ["typescript", "javascript"])
@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("version", COMPILERS)
def test_an_app_compiles(version: str, resolution: str, language: str, tmp_path: Path) -> None:
    app = project("consumer", tmp_path / "app", host="http://app.test", language=language, bindings="react")
    check(app, version, resolution)


@pytest.mark.parametrize("version", COMPILERS)
def test_an_app_compiles_whose_imports_have_no_extension(version: str, tmp_path: Path) -> None:
    app = project("consumer", tmp_path / "app", host="http://app.test", import_extension="none", bindings="react")
    check(app, version, "bundler")


@pytest.mark.parametrize("mode", TRACKING_OPTIONS)
@pytest.mark.parametrize("language", ["typescript", "javascript"])
@pytest.mark.parametrize("version", COMPILERS)
def test_modelled_events_and_fields_compile_and_typos_in_them_do_not(
    version: str, language: str, mode: str, tmp_path: Path
) -> None:
    require_stack_package(".")
    options = TRACKING_OPTIONS[mode]
    app = write_tree(tmp_path, render(tracked_vod(), language, {**options, "bindings": "react"}))
    write_tree(app, {"app.tsx": tracking_consumer(options) + 'import "./view.js";\n', "view.tsx": VIEW})
    (app / "node_modules").symlink_to(PACKAGES)
    check(app, version, "nodenext")
