"""Writes the answers of `setup` into the text of `mtribes.toml`; comments, order and other content stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """A target to add."""

    language: str
    output: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetupAnswers:
    """The answers of `setup`."""

    host: str
    organization: str
    space: str
    targets: tuple[TargetAnswer, ...]


def project_text(before: str | None, answers: SetupAnswers) -> str:
    """Return `before` (None: there is no file yet) with `answers`; the same text if it has all of them.

    Targets are added, or given another language or options by their output; none is removed.
    """
    if before is None:
        return _new_text(answers)
    has_crlf = "\r\n" in before
    document = tomlkit.parse(before.replace("\r\n", "\n"))
    for name in ("host", "organization", "space"):
        if document.get(name) != getattr(answers, name):
            document[name] = getattr(answers, name)
    _set_targets(document, answers.targets)
    text = tomlkit.dumps(document)
    return text.replace("\n", "\r\n") if has_crlf else text


def _new_text(answers: SetupAnswers) -> str:
    document = tomlkit.document()
    document.add(tomlkit.comment("What `mtribes update` generates. Commit this file and mtribes.lock."))
    for name in ("host", "organization", "space"):
        document[name] = getattr(answers, name)
    _set_targets(document, answers.targets)
    return tomlkit.dumps(document)


def _set_targets(document: tomlkit.TOMLDocument, targets: Sequence[TargetAnswer]) -> None:
    stated: Any = document.get("targets")
    known = {str(table["output"]).removeprefix("./").rstrip("/"): table for table in stated or ()}
    for target in targets:
        table = known.get(target.output)
        if table is None:
            stated = _appended(document, stated, target)
            continue
        if table["language"] != target.language:
            table["language"] = target.language
        _set_options(table, target.options)


def _set_options(table: Any, options: Mapping[str, str]) -> None:
    if options and "options" not in table:
        table["options"] = options
    for name, value in options.items():
        if table["options"].get(name) != value:
            table["options"][name] = value


def _appended(document: tomlkit.TOMLDocument, stated: Any, target: TargetAnswer) -> Any:
    if isinstance(stated, Array):
        inline = tomlkit.inline_table()
        inline.update(_stated(target))
        stated.append(inline)
        return stated
    table = tomlkit.table()
    table.update(_stated(target))
    if not isinstance(stated, AoT):
        stated = tomlkit.aot()
        stated.append(table)
        document["targets"] = stated
        return document["targets"]
    table.trivia.indent = "\n"
    stated.append(table)
    return stated


def _stated(target: TargetAnswer) -> Mapping[str, Any]:
    options = {"options": dict(target.options)} if target.options else {}
    return {"language": target.language, "output": target.output, **options}
