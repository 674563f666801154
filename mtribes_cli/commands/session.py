"""`mtribes session`: what somebody is shown, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mtribes_cli.api.models.sessions import ExplainedEntity, ExplainedScenario, SessionExplanation
from mtribes_cli.api.models.tribes import Explanation
from mtribes_cli.api.request import drop_none
from mtribes_cli.context import Context
from mtribes_cli.errors import UsageError
from mtribes_cli.parameters.field_option import read_fields
from mtribes_cli.parameters.options import EnvironmentOption, SpaceOption
from mtribes_cli.terminal.result import Branch, Result, Trees

app = typer.Typer(rich_markup_mode=None, add_completion=False)
MARKS = {"matched": "yes", "not_matched": "no ", "cannot_be_known_here": "?  "}
STEP = "    "
HINT = "Pass the fields that the app sends: --field NAME=VALUE, or NAME=null for a field without a value."


@app.command("explain")
def explain_command(  # noqa: PLR0913 - one parameter an option
    call: typer.Context,
    *,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="User ID.")] = None,
    visitor: Annotated[
        str | None,
        typer.Option("--anonymous-id", "--visitor", metavar="ID", help="Anonymous ID of a visitor, instead of a user."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="Field that the app sends at session start. Repeatable."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Start of the session, as an RFC 3339 timestamp (default: now)."),
    ] = None,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
) -> Result:
    """Explain what a person sees and why: the scenarios of each entity and the filters of their tribes.

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
        raise UsageError("No person specified.", "Pass either --user ID or --anonymous-id ID.")
    asked = drop_none(user_id=wanted.user, anonymous_id=wanted.visitor, fields=read_fields(wanted.fields), at=wanted.at)
    space, environment = context.settings.space(wanted.space), context.settings.environment(wanted.environment)
    explained = context.client.explain_session(space, environment, asked)
    when = f"at {explained.at}" if wanted.at else "now"
    headline = f"{_who(explained)} would see this in {environment} of {space} if a session started {when}:"
    if not explained.entities:
        return Result(asdict(explained), (headline, "Nothing. The Space has no entities."))
    lines = [line for entity in explained.entities for line in _entity(entity)]
    trees = Trees(lines, [_entity_branch(entity) for entity in explained.entities])
    hint = () if all(entity.known for entity in explained.entities) else ("", HINT)
    return Result(asdict(explained), (headline, trees, *hint))


def _who(explained: SessionExplanation) -> str:
    if explained.merged_visitor is None:
        return f"{explained.person}, a {explained.kind},"
    return f"{explained.merged_visitor}, now the {explained.kind} {explained.person},"


def _shown_scenario(entity: ExplainedEntity) -> str:
    scenario = (entity.scenario or "no scenario") if entity.known else "unknown without more fields"
    return f"{entity.entity}: {scenario}{' (disabled)' if entity.enabled is False else ''}"


def _entity(entity: ExplainedEntity) -> Iterator[str]:
    yield ""
    yield _shown_scenario(entity)
    yield f"{STEP}{entity.why}"
    for each in entity.scenarios:
        yield from _scenario(each)


def _scenario(scenario: ExplainedScenario) -> Iterator[str]:
    yield f"{STEP}{'*' if scenario.chosen else '-'} {scenario.name}: {scenario.why}"
    for tribe in scenario.tribes:
        yield from _tribe(tribe)


def _tribe(tribe: Explanation) -> Iterator[str]:
    yield f"{STEP * 2}{_called(tribe)}: {tribe.why}"
    for each in tribe.filters:
        yield f"{STEP * 3}{MARKS.get(each.outcome, '?  ')} {each.why}"


def _called(tribe: Explanation) -> str:
    return tribe.tribe + (f" ({tribe.name})" if tribe.name != tribe.tribe else "")


# The same as a tree


def _entity_branch(entity: ExplainedEntity) -> Branch:
    scenarios = [_scenario_branch(each) for each in entity.scenarios]
    return Branch(_shown_scenario(entity), [Branch(entity.why), *scenarios])


def _scenario_branch(scenario: ExplainedScenario) -> Branch:
    state = "chosen" if scenario.chosen else ""
    return Branch(f"{scenario.name}: {scenario.why}", [_tribe_branch(each) for each in scenario.tribes], state)


def _tribe_branch(tribe: Explanation) -> Branch:
    filters = [Branch(each.why, state=MARKS.get(each.outcome, "?").strip()) for each in tribe.filters]
    return Branch(f"{_called(tribe)}: {tribe.why}", filters)
