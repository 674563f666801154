"""What an environment delivered and delivers: its history, differences, an older revision delivered again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from mtribes_cli.api.models.history import DeliveryAt, DeliveryChange, DeliveryDiff
from mtribes_cli.api.request import drop_none
from mtribes_cli.context import Context
from mtribes_cli.errors import ConflictError, DocumentError
from mtribes_cli.numbers import counted
from mtribes_cli.parameters.history import history
from mtribes_cli.parameters.people import EnvironmentScope
from mtribes_cli.terminal.result import ChangeLine, Result
from mtribes_cli.terminal.sanitize import display_width, sanitize_line, shorten

MAX_LINE_WIDTH = 80
KIND_WIDTH = len("unpublished")
INDENT = "  "
_OF_DOCUMENTS = ("published", "scenarios")


@dataclass(frozen=True)
class DeliverySides:
    """What to compare: revisions, or environments by name, as the user typed them."""

    before: str | None
    after: str | None


@dataclass(frozen=True)
class RestoreDelivery:
    """A revision to deliver again."""

    revision: int
    place: EnvironmentScope
    note: str | None


def delivery_history(context: Context, place: EnvironmentScope, limit: int) -> Result:
    """Return the history of a delivery, the newest revision first."""
    space, environment = place.resolve(context)
    found = context.client.delivery_history(space, environment, limit=limit)
    return history(context, found, limit=limit, empty=f"Nothing has been delivered in {environment} of {space} yet.")


def diff_deliveries(context: Context, place: EnvironmentScope, sides: DeliverySides) -> Result:
    """Return every change from one delivery to another."""
    space, environment = place.resolve(context)
    asked = drop_none(**{"from": sides.before, "to": sides.after})
    diff = context.client.diff_deliveries(space, environment, asked)
    number = counted(len(diff.changes), "change") if diff.changes else "no differences"
    lines = (line for change in diff.changes for line in _change_lines(change))
    return Result(_as_json(space, diff), (f"{_between(space, diff)}: {number}.", *lines))


def restore_delivery(context: Context, wanted: RestoreDelivery) -> Result:
    """Return the new revision of the delivery."""
    space, environment = wanted.place.resolve(context)
    present = context.client.environment(space, environment).revision
    try:
        restored = context.client.restore_delivery(
            space, environment, wanted.revision, instead_of=present, note=wanted.note
        )
    except ConflictError as error:
        raise ConflictError(
            f"{environment} of {space} was changed in the meantime. Nothing was restored.",
            f"Check `mtribes env history --environment {environment}`, then run the command again.",
            problems=error.problems,
        ) from None
    except DocumentError as error:
        if not any((problem.path or "").startswith(_OF_DOCUMENTS) for problem in error.problems):
            raise
        raise DocumentError(
            f"Revision {wanted.revision} of {environment} requires parts that {space} no longer has. Nothing "
            "was restored.",
            "Add the missing parts to the model or the tribes. Or pull that revision, edit it and push "
            f"it: `mtribes env pull --environment {environment} --revision {wanted.revision} --output FILE`.",
            problems=error.problems,
        ) from None
    data = {"space": space, "environment": environment, "restored": wanted.revision, **asdict(restored)}
    said = f"{environment} of {space} is at revision {restored.revision}"
    what = f": restored revision {wanted.revision}." if restored.changed else ". No changes."
    return Result(data, (said + what,))


# Differences


def _as_json(space: str, diff: DeliveryDiff) -> dict[str, object]:
    """Return the data of `--json`, with the names of the server."""
    changes = [asdict(change) for change in diff.changes]
    return {"space": space, "from": diff.before.as_json(), "to": diff.after.as_json(), "changes": changes}


def _between(space: str, diff: DeliveryDiff) -> str:
    before, after = diff.before, diff.after
    if before.environment == after.environment:
        return f"{before.environment} of {space}, from revision {before.revision} to revision {after.revision}"
    return f"From {_named(before)} to {_named(after)} of {space}"


def _named(side: DeliveryAt) -> str:
    return f"{side.environment} (revision {side.revision})"


def _change_lines(change: DeliveryChange) -> Iterator[ChangeLine]:
    """Return what changed, with every value below it."""
    what = change.collection or change.entity or ""
    scenario = f"  {json.dumps(change.scenario, ensure_ascii=False)}" if change.scenario is not None else ""
    line = ChangeLine(f"{change.kind:{KIND_WIDTH}}", f"  {what}{scenario}")
    yield line._replace(lines=(shorten(line.text, MAX_LINE_WIDTH),))
    for value in change.values:
        line = ChangeLine("", value.path, _shown(value.before), _shown(value.after), INDENT)
        yield line._replace(lines=tuple(_value_lines(line)))


def _value_lines(value: ChangeLine) -> Iterator[str]:
    """Return a value before and after in one line, or in three if it is too long."""
    line = value.text
    if display_width(sanitize_line(line)) <= MAX_LINE_WIDTH:
        yield line
        return
    yield shorten(f"{value.indent}{value.what}:", MAX_LINE_WIDTH)
    yield shorten(f"{value.indent * 2}{value.before}", MAX_LINE_WIDTH)
    yield shorten(f"{value.indent * 2}-> {value.after}", MAX_LINE_WIDTH)


def _shown(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
