"""Options that several commands share, so that they read the same everywhere."""

from enum import StrEnum
from typing import Annotated, Literal

import typer

OrganizationOption = Annotated[
    str | None, typer.Option("--organization", metavar="KEY", help="The organization; else mtribes.toml's.")
]
SpaceOption = Annotated[str | None, typer.Option("--space", metavar="KEY", help="The Space; else mtribes.toml's.")]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment", metavar="NAME", help="production, staging or development; else mtribes.toml's. No default."
    ),
]
FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A YAML or JSON file, or - for stdin.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what is there, whoever changed it.")]
NoteOption = Annotated[
    str | None,
    typer.Option("--note", metavar="TEXT", help="Why, for the history: one line, at most 200 characters."),
]
OldRevisionOption = Annotated[
    int | None, typer.Option("--revision", metavar="N", min=0, help="An older revision instead of the present one.")
]
MAX_LISTED_REVISIONS = 100_000
HistoryLimitOption = Annotated[
    int,
    typer.Option("--limit", metavar="NUMBER", min=1, max=MAX_LISTED_REVISIONS, help="List at most this many."),
]
OutputOption = Annotated[str, typer.Option("--output", metavar="FILE", help="Write it to this file instead of stdout.")]
FormatOption = Annotated[
    Literal["yaml", "json"] | None, typer.Option("--format", help="Else by the file's extension; YAML on stdout.")
]
ExportFormatOption = Annotated[
    Literal["csv", "ndjson", "json"] | None,
    typer.Option("--format", help="Else by the extension of --output; CSV on stdout."),
]
ColumnsOption = Annotated[
    str | None, typer.Option("--columns", metavar="A,B", help="Of CSV: which columns, separated by commas.")
]
RawOption = Annotated[bool, typer.Option("--raw", help="Leave cells as they are that a spreadsheet would run.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class TokenScope(StrEnum):
    """What tokens may do."""

    SPACES_READ = "spaces:read"
    SPACES_WRITE = "spaces:write"
    CODE_READ = "code:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    TRIBES_READ = "tribes:read"
    TRIBES_WRITE = "tribes:write"
    EVENTS_READ = "events:read"


ScopesOption = Annotated[
    list[TokenScope] | None, typer.Option("--scope", help="What it may do; repeat for more. All that you may, if none.")
]
