"""`mtribes event`: what people do in apps."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mtribes_cli.api.models.resources import EventName
from mtribes_cli.api.request import drop_none
from mtribes_cli.context import Context
from mtribes_cli.errors import DocumentError, NotFoundError, UsageError
from mtribes_cli.export.request import export_request
from mtribes_cli.parameters.documents import STDIN
from mtribes_cli.parameters.options import (
    ColumnsOption,
    EnvironmentOption,
    ExportFormatOption,
    OutputOption,
    RawOption,
    SpaceOption,
)
from mtribes_cli.parameters.people import EnvironmentScope
from mtribes_cli.terminal.result import Result, Table
from mtribes_cli.terminal.sanitize import shorten

app = typer.Typer(rich_markup_mode=None, add_completion=False)
MOST_PAIRS = 3
SIGNATURE = "user_signature"
NAME_COLUMNS = ("NAME", "EVENTS", "MODEL", "LAST", "METADATA")
NAME_WIDTH, KEYS_WIDTH = 24, 13  # with numbers below ten million a line has 80 columns


@app.command("track")
def track_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help='Event name, such as video/completed or "Product Purchased".')
    ],
    *,
    user: Annotated[str, typer.Option("--user", metavar="ID", help="User ID.")],
    meta: Annotated[
        list[str] | None, typer.Option("--meta", metavar="KEY=VALUE", help="Metadata, at most three pairs. Repeatable.")
    ] = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Record an event for a user, as an app would.

    $ mtribes event track video/completed --user ada --meta genre=Sport
    """
    return track_event(call.obj, Track(name, user, _pairs(meta or []), space, environment))


@app.command("names")
def names_command(
    call: typer.Context,
    *,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="TEXT", help="Only names that contain this text (case-insensitive)."),
    ] = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """List the names of recorded events and compare them with the model.

    Long names and keys are shortened. Use --json for the full list.

    $ mtribes event names --environment production
    """
    return list_names(call.obj, EnvironmentScope(space, environment), search)


@app.command("tail")
def tail_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Only events with this name. Excludes sessions.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="ID", help="Only events and sessions of this user.")
    ] = None,
    visitor: Annotated[
        str | None,
        typer.Option("--visitor", metavar="ID", help="Only events and sessions of the visitor with this anonymous ID."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="NUMBER", min=1, help="Stop after this many events and sessions.")
    ] = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Show events and sessions as they arrive, until Ctrl-C.

    With --json, each line is a JSON object whose `kind` is event, session or skipped.

    $ mtribes event tail --name video/completed --environment staging
    """
    if user is not None and visitor is not None:
        raise UsageError("--user and --visitor cannot be used together.", "Pass one of them.")
    query = drop_none(name=name, user=user, anonymous_id=visitor)
    return tail_events(call.obj, EnvironmentScope(space, environment), query, limit)


@app.command("export")
def export_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    output: OutputOption = STDIN,
    format_name: ExportFormatOption = None,
    columns: ColumnsOption = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Only events with this name.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="Only events of this user.")] = None,
    raw: RawOption = False,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Export events to a file or stdout. If interrupted, run the same command to resume.

    $ mtribes event export --env production --output events.csv
    """
    asked = export_request(output, format_name, columns=columns, raw=raw)
    return export_events(call.obj, (space, environment), output, asked | drop_none(name=name, user=user))


@dataclass(frozen=True)
class Track:
    """An event to record."""

    name: str
    user: str
    metadata: Mapping[str, str]
    space: str | None
    environment: str | None

    def as_sent(self, event_id: str) -> dict[str, object]:
        """The event on the wire."""
        pairs = [{"key": key, "value": value} for key, value in self.metadata.items()]
        return {"id": event_id, "name": self.name, "external_id": self.user} | ({"metadata": pairs} if pairs else {})


def _pairs(texts: list[str]) -> Mapping[str, str]:
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key or key in pairs:
            raise UsageError(
                f"Invalid or duplicate metadata: --meta {text!r}.",
                "Use the form --meta genre=Football, with each key once.",
            )
        pairs[key] = value
    if len(pairs) > MOST_PAIRS:
        raise UsageError(f"An event can have at most {MOST_PAIRS} metadata pairs.", "Remove some --meta options.")
    return pairs


def track_event(context: Context, wanted: Track) -> Result:
    """The id that the event got; it is sent by a key that the environment has."""
    space, environment = context.settings.space(wanted.space), context.settings.environment(wanted.environment)
    key = next((one.key for one in context.client.keys(space, environment) if one.revoked is None), None)
    if key is None:
        raise NotFoundError(
            f"No active key in {environment} of {space}.",
            f"Create one: `mtribes env key create --name cli --space {space} --environment {environment}`.",
        )
    event = wanted.as_sent(str(uuid.uuid4()))
    try:
        context.client.track(key, event)
    except DocumentError as error:
        if not any((problem.path or "").endswith(SIGNATURE) for problem in error.problems):
            raise
        secret = context.client.signed_ids(space, environment).secret
        signature = hmac.new(secret.encode(), wanted.user.encode(), hashlib.sha256).hexdigest()
        context.client.track(key, {**event, SIGNATURE: signature})
    data = {"space": space, "environment": environment, "user": wanted.user, "name": wanted.name, "id": event["id"]}
    return Result(data, (f"Recorded {wanted.name} of {wanted.user} in {environment} of {space}.",))


def tail_events(context: Context, place: EnvironmentScope, query: Mapping[str, object], limit: int | None) -> Result:
    """Show what arrives until Ctrl-C, which is how this ends and no failure, or until so many were shown."""
    from mtribes_cli.export.event_tail import EventTail  # noqa: PLC0415 - start-up time
    from mtribes_cli.signals import EndedBySignal  # noqa: PLC0415 - start-up time

    tail = EventTail(context, place.resolve(context), query, limit)
    try:
        with context.console.waiting():
            tail.follow()
    except EndedBySignal:
        raise
    except KeyboardInterrupt:
        context.console.trace("Interrupted.")
    return Result(is_streamed=True)


def list_names(context: Context, place: EnvironmentScope, search: str | None) -> Result:
    """Each name: how often it arrived and when last, with which metadata, and whether that is as the model says."""
    space, environment = place.resolve(context)
    names = context.client.event_names(space, environment, search=search)
    kind = "event with a matching name" if search else "event"
    table = Table(NAME_COLUMNS, [_row(one) for one in names], f"No {kind} in {environment} of {space} yet.")
    return Result([asdict(one) for one in names], (table,))


def _row(name: EventName) -> Sequence[str]:
    differing = f"{name.differing:,} differ" if name.differing else "matches the model"
    return (
        shorten(name.name, NAME_WIDTH),
        f"{name.events:,}",
        differing if name.modelled else "not in the model",
        name.last.partition("T")[0],
        shorten(", ".join(name.metadata_keys), KEYS_WIDTH),
    )


def export_events(
    context: Context, place: tuple[str | None, str | None], output: str, asked: Mapping[str, object]
) -> Result:
    """Where they went."""
    from mtribes_cli.export.job import ExportOptions, export  # noqa: PLC0415 - start-up time

    space, environment = context.settings.space(place[0]), context.settings.environment(place[1])
    return export(context, ExportOptions(space, environment, ("events",), asked, output, "events"))
