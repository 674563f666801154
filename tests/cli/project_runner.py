"""A project folder and `mtribes` run in it, for tests of `setup`, `update` and `status`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mtribes_cli.context import Context
from mtribes_cli.files.app_paths import AppPaths
from tests.cli.cli_runner import CliRunner, Outcome
from tests.cli.code_stub import TOKEN


def changes(outcome: Outcome) -> dict[str, str]:
    """Kind of change by path, of a command with `--json`."""
    return {change["path"]: change["change"] for change in outcome.envelope["data"]["changes"]}


@dataclass
class Project(CliRunner):
    """A user whose working folder is a project, with their own folders beside it."""

    environment: dict[str, str] = field(default_factory=lambda: {"MTRIBES_TOKEN": TOKEN})
    failpoint: Callable[[str], None] = lambda _name: None

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.home

    @property
    def folders(self) -> AppPaths:
        """The user's folders."""
        beside = self.home.parent
        return AppPaths(config=beside / "config", state=beside / "state" / "mtribes", server=beside / "server")

    def context(self, streams: Any) -> Context:
        """Their world, in which a crash can happen."""
        return replace(super().context(streams), failpoint=self.failpoint)

    def run(
        self, *argv: str, answers: str | None = None, failpoint: Callable[[str], None] = lambda _name: None
    ) -> Outcome:
        """`mtribes ARGV` in the folder; with `answers` at a terminal where these lines are typed."""
        return replace(self, failpoint=failpoint)(*argv, stdin=answers or "", terminal=answers is not None)

    def trust(self, host: str) -> None:
        """As if the user had been asked about this server before, and had agreed."""
        self.folders.config.mkdir(parents=True, exist_ok=True)
        document = {"version": 1, "hosts": [host]}
        (self.folders.config / "trusted-hosts.json").write_text(json.dumps(document), encoding="utf-8")

    def write_toml(self, host: str, *targets: Mapping[str, str]) -> None:
        """An `mtribes.toml` for these targets (default: TypeScript in src/vod), of a server that the user trusts."""
        self.trust(host)
        lines = [f'host = "{host}"', 'organization = "acme"', 'space = "vod"']
        for target in targets or ({"language": "typescript", "output": "src/vod"},):
            lines += ["[[targets]]", *(f'{name} = "{value}"' for name, value in target.items())]
        self.write("mtribes.toml", "\n".join(lines) + "\n")

    def files(self) -> dict[str, bytes]:
        """Every file below the folder."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }

    def times(self) -> dict[str, int]:
        """The mtime of every file and folder, in nanoseconds."""
        return {path.relative_to(self.root).as_posix(): path.lstat().st_mtime_ns for path in self.root.rglob("*")}
