"""What a push would change, for whom: asked of the server before it, and told as tables. Nothing is pushed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from mtribes_cli.api.models.impact import AffectedPerson, EntityImpact, Impact, PeopleShare, ScenarioImpact
from mtribes_cli.api.request import SentDocument
from mtribes_cli.context import Context
from mtribes_cli.errors import UsageError
from mtribes_cli.parameters.documents import LocalDocument
from mtribes_cli.terminal.result import Block, Kind, Result, Table

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Check the document and count the people that it affects. Push nothing.")
]
ImpactOption = Annotated[bool, typer.Option("--impact", help="With --dry-run: show who gains and loses each scenario.")]
DAYS = 30
COLUMNS = ("ENTITY", "SCENARIO", "GAIN", "LOSE")
KINDS = (Kind.ID, Kind.TEXT, Kind.NUMBER, Kind.NUMBER)
NO_SCENARIO = "no scenario"


def check_impact_options(*, dry_run: bool, impact: bool) -> None:
    """Raise UsageError for `--impact` without `--dry-run`: who adds it may expect that nothing is pushed."""
    if impact and not dry_run:
        raise UsageError("--impact requires --dry-run.", "Pass both, or neither to push the document.")


def delivery_impact(
    context: Context, document: LocalDocument, place: tuple[str, str], *, show_scenarios: bool
) -> Result:
    """Return what pushing a delivery would change."""
    space, environment = place
    found = context.client.delivery_impact(space, environment, _sent(document))
    return _result(context, document, space, (found,), show_scenarios=show_scenarios)


def tribes_impact(context: Context, document: LocalDocument, space: str) -> Result:
    """Return what pushing all tribes would change, in each environment."""
    found = context.client.tribes_impact(space, _sent(document))
    return _result(context, document, space, found, show_scenarios=True)


def _sent(document: LocalDocument) -> SentDocument:
    return document.to_send(force=False, note=None)


def _result(
    context: Context, document: LocalDocument, space: str, found: Sequence[Impact], *, show_scenarios: bool
) -> Result:
    _warn_outdated(context, document, found)
    blocks = [block for impact in found for block in _blocks(space, impact, show_scenarios=show_scenarios)]
    data = {"space": space, "dry_run": True, "environments": [asdict(impact) for impact in found]}
    return Result(data, ("Nothing was pushed. The document is valid.", *blocks))


def _warn_outdated(context: Context, document: LocalDocument, found: Sequence[Impact]) -> None:
    """Say where the push itself would be refused, since the document is based on another revision."""
    own = document.keys.get("revision")
    present = {str(impact.revision) for impact in found}
    if own is not None and present and own not in present:
        context.console.notice(
            f"{document.name} is based on revision {own}, but the current one is {', '.join(sorted(present))}. "
            "Pull again before you push, or pass --force."
        )


def _blocks(space: str, impact: Impact, *, show_scenarios: bool) -> Iterator[Block]:
    people = "1 person" if impact.people == 1 else f"{impact.people:,} people"
    yield ""
    yield f"{impact.environment} of {space}: evaluated {people} seen in the last {DAYS} days."
    if impact.sample is not None:
        yield (
            "They are a random sample. Margins are in percentage points, with 95% confidence; the largest is "
            f"{impact.sample.margin:.2f}."
        )
    if not impact.entities:
        yield "Nobody would get another scenario or other content."
        return
    yield from (_sentence(entity) for entity in impact.entities)
    if show_scenarios:
        yield from _scenarios(space, impact)


def _sentence(entity: EntityImpact) -> str:
    parts = (
        (entity.changed, "would get another scenario"),
        (entity.edited, "would keep their scenario, with other content"),
        (entity.cannot_be_known, "unknown, as the scenario depends on fields that the app sends"),
    )
    return f"{entity.entity}: {'; '.join(f'{_share(share)} {words}' for share, words in parts if share.people)}."


def _scenarios(space: str, impact: Impact) -> Iterator[Block]:
    rows = [(entity.entity, scenario) for entity in impact.entities for scenario in entity.scenarios]
    if not rows:
        return
    cells = [(entity, _named(one), _share(one.gains), _share(one.losses)) for entity, one in rows]
    yield ""
    yield Table(COLUMNS, cells, "", KINDS)
    yield ""
    yield "Examples:"
    for entity, one in rows:
        yield from _examples(f"{entity}, {_named(one)}", one)
    yield f"To see why, run `mtribes session explain --user ID --space {space} --environment {impact.environment}`."


def _examples(what: str, scenario: ScenarioImpact) -> Iterator[str]:
    for verb, people in (("gain", scenario.gain_examples), ("lose", scenario.loss_examples)):
        if people:
            yield f"  {what}, {verb}: {', '.join(map(_person, people))}"


def _person(person: AffectedPerson) -> str:
    return f"visitor {person.id}" if person.kind == "visitor" else person.id


def _named(scenario: ScenarioImpact) -> str:
    return NO_SCENARIO if scenario.scenario is None else scenario.scenario


def _share(share: PeopleShare) -> str:
    """Return a share such as `612 (1.22%)`, of a sample with its margin."""
    margin = f" ±{share.margin:.2f}" if share.margin else ""
    return f"{share.people:,} ({share.percent:.2f}%{margin})"
