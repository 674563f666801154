"""A project folder and `mtribes` run in it, for tests of `setup`, `update` and `status`."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtribes_cli.context import Context, Folders
from mtribes_cli.main import main
from tests.cli.code_peer import TOKEN


@dataclass(frozen=True)
class Outcome:
    """What a command told the shell."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """The `--json` envelope."""
        envelope: dict[str, Any] = json.loads(self.out)
        return envelope

    @property
    def changes(self) -> dict[str, str]:
        """Kind of change by path."""
        return {change["path"]: change["change"] for change in self.envelope["data"]["changes"]}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@dataclass
class Project:
    """A folder with an `mtribes.toml`, and a user's own folders beside it."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"MTRIBES_TOKEN": TOKEN})

    def run(
        self, *argv: str, answers: str | None = None, at_crash_point: Callable[[str], None] | None = None
    ) -> Outcome:
        """`mtribes ARGV` in the folder; with `answers` at a terminal where these lines are typed."""
        kind = io.StringIO if answers is None else Terminal
        streams = (kind(answers or ""), io.StringIO(), kind())
        context = Context(
            environment=self.environment,
            streams=streams,
            started_in=self.root,
            own_folders=self.folders,
            at_crash_point=at_crash_point or (lambda _name: None),
        )
        code = main(argv, context)
        return Outcome(code, streams[1].getvalue(), streams[2].getvalue())

    @property
    def folders(self) -> Folders:
        """The user's folders."""
        beside = self.root.parent
        return Folders(config=beside / "config", state=beside / "state", server=beside / "server")

    def write_toml(self, host: str, *targets: Mapping[str, str]) -> None:
        """An `mtribes.toml` for these targets (default: TypeScript in src/vod)."""
        lines = [f'host = "{host}"', 'organization = "acme"', 'space = "vod"']
        for target in targets or ({"language": "typescript", "output": "src/vod"},):
            lines += ["[[targets]]", *(f'{name} = "{value}"' for name, value in target.items())]
        (self.root / "mtribes.toml").write_text("\n".join(lines) + "\n")

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
