"""`mtribes session`: what somebody is shown, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mtribes_cli.context import Context
from mtribes_cli.contextual_fields import read_fields
from mtribes_cli.errors import UsageError
from mtribes_cli.options import EnvironmentOption, SpaceOption
from mtribes_cli.request import given
from mtribes_cli.result import Result
from mtribes_cli.wire_sessions import ExplainedEntity, ExplainedScenario, SessionExplanation
from mtribes_cli.wire_tribes import Explanation

app = typer.Typer(rich_markup_mode=None, add_completion=False)
MARKS = {"matched": "yes", "not_matched": "no ", "cannot_be_known_here": "?  "}
STEP = "    "
HINT = "Say what the app says: --field NAME=VALUE, or NAME=null where it says nothing."


@app.command("explain")
def explain_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="Whom to explain.")] = None,
    visitor: Annotated[
        str | None,
        typer.Option("--anonymous-id", "--visitor", metavar="ID", help="In place of a user: somebody's anonymous id."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="What an app would say at session start; repeat for more."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="When the session would start: RFC 3339, by default now."),
    ] = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Say what somebody is shown and why: for each entity, its scenarios, and the filters of their tribes.

    $ mtribes session explain --user ada --field campaign=spring
    """
    return explain_session(call.obj, ExplainSession(user, visitor, field, at, space, environment))


@dataclass(frozen=True)
class ExplainSession:
    """Whom to explain, where, and what an app would say."""

    user: str | None
    visitor: str | None
    fields: list[str] | None
    at: str | None
    space: str | None
    environment: str | None


def explain_session(context: Context, wanted: ExplainSession) -> Result:
    """What a session that starts now would show."""
    if bool(wanted.user) == bool(wanted.visitor):
        raise UsageError("Who is meant is not said.", "Give --user ID, or --anonymous-id ID: one of them.")
    asked = given(user_id=wanted.user, anonymous_id=wanted.visitor, fields=read_fields(wanted.fields), at=wanted.at)
    space, environment = context.settings.space(wanted.space), context.settings.environment(wanted.environment)
    explained = context.client.explain_session(space, environment, asked)
    when = f"at {explained.at}" if wanted.at else "now"
    headline = f"{_who(explained)} would be shown this in {environment} of {space} by a session that starts {when}:"
    lines = [line for entity in explained.entities for line in _entity(entity)]
    if not all(entity.known for entity in explained.entities):
        lines += ["", HINT]
    return Result(asdict(explained), (headline, *(lines or ["Nothing: the Space has no entities."])))


def _who(explained: SessionExplanation) -> str:
    if explained.merged_visitor is None:
        return f"{explained.person}, a {explained.kind},"
    return f"{explained.merged_visitor}, who is the {explained.kind} {explained.person} now,"


def _entity(entity: ExplainedEntity) -> Iterator[str]:
    scenario = (entity.scenario or "no scenario") if entity.known else "cannot be known here"
    yield ""
    yield f"{entity.entity}: {scenario}{' (disabled)' if entity.enabled is False else ''}"
    yield f"{STEP}{entity.why}"
    for each in entity.scenarios:
        yield from _scenario(each)


def _scenario(scenario: ExplainedScenario) -> Iterator[str]:
    yield f"{STEP}{'*' if scenario.chosen else '-'} {scenario.name}: {scenario.why}"
    for tribe in scenario.tribes:
        yield from _tribe(tribe)


def _tribe(tribe: Explanation) -> Iterator[str]:
    called = tribe.tribe + (f" ({tribe.name})" if tribe.name != tribe.tribe else "")
    yield f"{STEP * 2}{called}: {tribe.why}"
    for each in tribe.filters:
        yield f"{STEP * 3}{MARKS.get(each.outcome, '?  ')} {each.why}"
