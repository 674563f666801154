"""Options that several commands share, so that they read the same everywhere."""

from enum import StrEnum
from typing import Annotated, Literal

import typer

OrganizationOption = Annotated[
    str | None, typer.Option("--organization", metavar="KEY", help="Organization (default: the one in mtribes.toml).")
]
SpaceOption = Annotated[
    str | None, typer.Option("--space", metavar="KEY", help="Space (default: the one in mtribes.toml).")
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment", metavar="NAME", help="production, staging or development. Required unless set in mtribes.toml."
    ),
]
FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="YAML or JSON file, or - for stdin.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite changes made since you pulled.")]
NoteOption = Annotated[
    str | None,
    typer.Option("--note", metavar="TEXT", help="Reason for the history: one line, at most 200 characters."),
]
OldRevisionOption = Annotated[int | None, typer.Option("--revision", metavar="N", min=0, help="Use an older revision.")]
MAX_LISTED_REVISIONS = 100_000
HistoryLimitOption = Annotated[
    int,
    typer.Option("--limit", metavar="NUMBER", min=1, max=MAX_LISTED_REVISIONS, help="Maximum number to list."),
]
OutputOption = Annotated[str, typer.Option("--output", metavar="FILE", help="Write to this file instead of stdout.")]
FormatOption = Annotated[
    Literal["yaml", "json"] | None,
    typer.Option("--format", help="Output format (default: by the file's extension, YAML on stdout)."),
]
ExportFormatOption = Annotated[
    Literal["csv", "ndjson", "json"] | None,
    typer.Option("--format", help="Output format (default: by the extension of --output, CSV on stdout)."),
]
ColumnsOption = Annotated[
    str | None, typer.Option("--columns", metavar="A,B", help="Columns of the CSV, separated by commas.")
]
RawOption = Annotated[bool, typer.Option("--raw", help="Do not escape cells that a spreadsheet would run as formulas.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Skip the confirmation prompt.")]


class TokenScope(StrEnum):
    """What a token may do."""

    SPACES_READ = "spaces:read"
    SPACES_WRITE = "spaces:write"
    CODE_READ = "code:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    TRIBES_READ = "tribes:read"
    TRIBES_WRITE = "tribes:write"
    EVENTS_READ = "events:read"


ScopesOption = Annotated[
    list[TokenScope] | None, typer.Option("--scope", help="Scope to grant. Repeatable (default: all of your scopes).")
]
