"""What a file becomes: the rows that would be sent, and those that are rejected here. Nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtribes_cli.ingest.batch import Reject
from mtribes_cli.ingest.csv_header import column_settings
from mtribes_cli.ingest.reader import Format, Input, read
from mtribes_cli.terminal.console import standard_streams
from tests.cli.cli_runner import CliRunner


@dataclass
class Read:
    """All rows of a file in order, each with its line."""

    rows: list[tuple[int, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def users(self) -> list[Any]:
        """The rows alone."""
        return [row for _, row in self.rows]

    @property
    def reasons(self) -> dict[int, str]:
        """Why rows were rejected, by line."""
        return {reject.line: reject.reason for reject in self.rejects}


def rows_of(mtribes: CliRunner, content: bytes | str, name: str = "users.csv", **options: Any) -> Read:
    """What `content` becomes; options as on the command line: `format`, `delimiter`, `becomes`, `types`,
    `encoding`."""
    path = mtribes.home / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = Read()
    with opened(mtribes, path, **options) as reading:
        for batch in reading.rows.batches():
            lines = [json.loads(line) for line in batch.body.split(b"\n")[:-1]]
            assert len(lines) == len(batch.lines)
            rows = enumerate(zip(batch.lines, lines, strict=True), 1)
            found.rows += [row for number, row in rows if number not in batch.faults]
            assert all(lines[number - 1]["_error"] == "" for number in batch.faults)
            found.rejects += batch.all_rejects
            found.bodies.append(batch.body)
    return found


@contextmanager
def opened(mtribes: CliRunner, path: Path, **options: Any) -> Iterator[Any]:
    """A file that is being read."""
    context = mtribes.context(standard_streams())
    kind: Format | None = options.get("format")
    columns = column_settings(options.get("becomes", ()), options.get("types", ()))
    wanted = Input(
        str(path),
        kind,
        options.get("delimiter"),
        columns,
        is_checked=options.get("is_checked", False),
        encoding=options.get("encoding"),
    )
    with context.resources:
        yield read(context, wanted)
