"""The people of the demo by their tribes, and what OpenFeature's providers must say of them: as explanations have it.

What is expected comes from `mtribes session explain` (which scenario, whether enabled) and from a session that starts
for them (the values).
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.programs import command_line_environment, run_mtribes
from tests.browser.watched_page import Demo
from tests.requirements import TOOLCHAINS, require, require_node
from tests.server_processes import server_process

PROGRAMS = TOOLCHAINS / "openfeature"
"""Our programs, beside OpenFeature's packages."""
MODULES = PROGRAMS / "node_modules"
KINDS = {bool: "boolean", str: "string", int: "number", float: "number", dict: "object"}
DEFAULTS: Mapping[str, Any] = {
    "boolean": False,
    "string": "default of the code",
    "number": 7.5,
    "object": {"of": "code"},
}
UNSET_KINDS = {"onboarding.welcome.discount-percent": "number", "onboarding.welcome.ends-at": "string"}
"""Properties that some of these people have no value of."""
Flag = tuple[str, str, Any]


@dataclass(frozen=True)
class Somebody:
    """A user, with what an app says of them, and the tribe that they are here for."""

    tribe: str
    user_id: str
    campaign: str = "autumn"

    @property
    def context(self) -> dict[str, str]:
        """What OpenFeature's evaluation context has."""
        return {"targetingKey": self.user_id, "campaign": self.campaign}


PEOPLE = (
    Somebody("gold-members", "bjork"),
    Somebody("trial-ending", "hannah"),
    Somebody("football-fans", "eleni"),
    Somebody("spring-campaign", "casey", "spring"),
    Somebody("none", "casey"),
)


@dataclass(frozen=True)
class Expected:
    """Of a flag: the value, of which None is left out; the reason and the variant."""

    kind: str
    value: Any
    reason: str
    variant: str


def expect_for(demo: Demo, somebody: Somebody, folder: Path) -> dict[str, Expected]:
    """Every flag of somebody, as an explanation and a session have it."""
    explained = _explained(demo, somebody, folder)
    states = _states(demo, somebody)
    assert [entity["entity"] for entity in explained] == [*states]
    found: dict[str, Expected] = {}
    for entity in explained:
        name, state = entity["entity"], states[entity["entity"]]
        chosen = any(scenario["chosen"] for scenario in entity["scenarios"])
        reason = ("TARGETING_MATCH" if chosen else "STATIC") if entity["enabled"] else "DISABLED"
        told = (reason, entity["scenario"] or "none")
        found[name] = Expected("object", state, *told)
        found[f"{name}.enabled"] = Expected("boolean", entity["enabled"], *told)
        for key, value in state.get("properties", {}).items():
            found[f"{name}.{key}"] = _of_property(f"{name}.{key}", value, told)
    return found


def _of_property(flag: str, value: Any, told: tuple[str, str]) -> Expected:
    if isinstance(value, list):
        return Expected("object", {"values": value} if value else None, *told)
    if value == {"value": None, "opacity": 1}:
        return Expected("object", None, *told)
    return Expected(UNSET_KINDS[flag] if value is None else KINDS[type(value)], value, *told)


def _explained(demo: Demo, somebody: Somebody, folder: Path) -> Sequence[Any]:
    environment = command_line_environment(folder, MTRIBES_TOKEN=demo.facts["token"], MTRIBES_HOST=demo.url)
    asked = (
        "--user",
        somebody.user_id,
        "--field",
        f"campaign={somebody.campaign}",
        "--space",
        "vod",
        "--env",
        "production",
    )
    told = run_mtribes("session", "explain", *asked, "--json", folder=folder, environment=environment)
    found: Sequence[Any] = json.loads(told.stdout)["data"]["entities"]
    return found


def _states(demo: Demo, somebody: Somebody) -> dict[str, Any]:
    started = {"external_id": somebody.user_id, "fields": {"campaign": somebody.campaign}}
    with demo.client() as client:
        client.headers["Authorization"] = f"Bearer {key_of(demo)}"
        states: dict[str, Any] = client.post("/api/client/sessions", json=started).raise_for_status().json()["states"]
    return states


def key_of(demo: Demo) -> str:
    """The public key of production."""
    return str(demo.facts["spaces"]["vod"]["production"])


def flags_of(expected: Mapping[str, Expected]) -> list[Flag]:
    """What is asked for: each flag by its type, with a default of the code."""
    return [(key, one.kind, DEFAULTS[one.kind]) for key, one in expected.items()]


def value_of(one: Expected) -> Any:
    """What an app is to get."""
    return DEFAULTS[one.kind] if one.value is None else one.value


@contextlib.contextmanager
def limited_demo(folder: Path) -> Iterator[Demo]:
    """A demo server at which three requests a minute are possible, also from this machine."""
    options = ("--demo", "--rate-limits", "client=3", "--trusted-proxy", "127.0.0.1")
    with server_process(folder / "limited", *options) as server:
        yield Demo(server, json.loads((server.folder / "demo.json").read_text()))


def require_openfeature() -> Path:
    """The folder of OpenFeature's npm packages."""
    require_node()
    require(MODULES / "@openfeature", "OpenFeature's npm packages", "npm ci --prefix tests/toolchains/openfeature")
    return MODULES


def run_node(program: Path, *arguments: str) -> str:
    """What a program says that stands beside the packages."""
    done = subprocess.run(
        [require_node(), str(program), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
