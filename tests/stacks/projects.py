"""Small projects of tests/stacks on disk, with generated code and npm packages, and what builds and runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from templates_server.features.codegen.renderer import render
from tests.requirements import TOOLCHAINS, require, require_node, require_npm_package
from tests.server.features.codegen.reference_space import vod

HERE = Path(__file__).parent
PACKAGES = TOOLCHAINS / "stacks" / "node_modules"
TIMEOUT_SECONDS = 300


def project(
    name: str, folder: Path, *, host: str, language: str = "typescript", code: str = "mtspace/vod", **options: str
) -> Path:
    """A copy of the project of that name, the demo Space's code in the folder `code` of it."""
    require_stack_package(".")
    shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
    write_code(folder / code, language, {"host": host, **options})
    (folder / "node_modules").symlink_to(PACKAGES)
    return folder


def write_code(folder: Path, language: str, options: Mapping[str, str]) -> None:
    """Generated code of the demo Space."""
    for path, text in render(vod(), language, options).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode("utf-8"))


def require_stack_package(name: str) -> Path:
    """The folder of an npm package of tests/toolchains/stacks."""
    folder = PACKAGES / name
    require(folder, f"the npm package {name}", "npm ci --prefix tests/toolchains/stacks")
    return folder


def run_package(program: str, *arguments: str, folder: Path, node: str | None = None, **environment: str) -> str:
    """What a program of an npm package prints; it must end well."""
    return run([*command_of(program, node), *arguments], folder, **environment)


def command_of(program: str, node: str | None = None) -> list[str]:
    """How a program of an npm package is started, such as `vite` or `typescript/bin/tsc`."""
    path = PACKAGES / program if "/" in program else PACKAGES / ".bin" / program
    require(path, f"the npm program {program}", "npm ci --prefix tests/toolchains/stacks")
    return [node or require_node(), str(path)]


def esbuild(*arguments: str, folder: Path) -> str:
    """What esbuild prints: its warnings."""
    program = require_npm_package("esbuild") / "bin" / "esbuild"
    return run([str(program), *arguments, "--log-level=warning"], folder)


def run(command: Sequence[str], folder: Path, **environment: str) -> str:
    """What a program prints, errors too; it must end well."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment_of(command[0], **environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def environment_of(node: str, **more: str) -> dict[str, str]:
    """The environment of a program, in which `node` is that one and nothing is told to anybody."""
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    quiet = {"NEXT_TELEMETRY_DISABLED": "1", "CI": "1", "NO_COLOR": "1", "FORCE_COLOR": "0"}
    return os.environ | {"PATH": path} | quiet | more
