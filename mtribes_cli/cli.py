"""From arguments to a command, and from its result to an exit code. The commands themselves are in `commands`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mtribes_cli.commands import WORDS, CommandSpec
from mtribes_cli.context import Context
from mtribes_cli.crash_report import as_mtribes_error, nearest
from mtribes_cli.errors import MtribesError, UsageError
from mtribes_cli.global_options import Arguments, extract_global_options
from mtribes_cli.help import command_help, program_help
from mtribes_cli.terminal.result import Document, Result

PROGRAM = "mtribes"
HELP = "help"
VARIABLE_PREFIX = "MTRIBES_"
QUOTES = frozenset("\"'")
SHORTEST_QUOTED = 2


def dispatch(argv: Sequence[str], context: Context | None) -> int:
    """Run one command; report every way in which it can end, and return the exit code."""
    world = context or Context()
    arguments = Arguments(switches=frozenset({"--json"} & set(argv)))
    name = ""
    try:
        world = replace(world, environment=strip_variables(world.environment))
        arguments = extract_global_options(argv)
        name = _name(arguments.words)
        world = world.for_command(arguments)
        result = _result(arguments, world)
        world.console.result(name, result)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line: told below, a bug is written down
        failure = as_mtribes_error(error, world)
    else:
        return result.exit_code
    finally:
        world.resources.close()
    _tell(world if world.arguments is arguments else world.for_command(arguments), name, failure)
    return failure.exit_code


def _tell(context: Context, name: str, failure: MtribesError) -> None:
    try:
        context.console.failure(name, failure)
    except MtribesError:  # the envelope has no place on stdout: stderr is told instead
        context.console.failure(name, failure)


def _result(arguments: Arguments, context: Context) -> Result:
    if arguments.on("--version"):
        from mtribes_cli import __version__  # noqa: PLC0415 - read where it is said

        return Result({"version": __version__}, (f"{PROGRAM} {__version__}",))
    words = list(arguments.words)
    if not words or (words == [HELP] and not arguments.on("--help")):
        return Result(None, (Document(program_help() + "\n"),))
    word = _word(words.pop(0))
    command = typer_command(word)
    is_noun_alone = word.has_verbs and (not words or (len(words) == 1 and words[0] in word.nested))
    if arguments.on("--help") or is_noun_alone:
        return Result(None, (Document(command_help(_descend(command, word, words)) + "\n"),))
    return _run(command, word, words, context)


def _run(command: Any, word: CommandSpec, words: list[str], context: Context) -> Result:
    """Let Typer parse the arguments and call the command."""
    with command.make_context(f"{PROGRAM} {word.name}", words, obj=context) as call:
        result = command.invoke(call)
    if not isinstance(result, Result):
        raise TypeError(f"{word.module} gave back {type(result).__name__}, not a Result")
    return result


def _descend(command: Any, word: CommandSpec, words: list[str]) -> Any:
    """Return Typer's context of the command that the words name; nothing is run."""
    call = command.make_context(f"{PROGRAM} {word.name}", [], resilient_parsing=True)
    rest = list(words)
    while rest and rest[0] in getattr(call.command, "commands", {}):
        verb = call.command.commands[rest[0]]
        call = verb.make_context(rest.pop(0), [], parent=call, resilient_parsing=True)
    return call


def typer_command(word: CommandSpec) -> Any:
    """Return the command or group of a word, as Typer made it."""
    module = importlib.import_module(f"mtribes_cli.commands.{word.module}")
    from typer.main import get_command, get_group  # noqa: PLC0415 - start-up time

    return get_group(module.app) if word.has_verbs else get_command(module.app)


def _word(given: str) -> CommandSpec:
    if given in WORDS:
        return WORDS[given]
    what = f"No such option: {given}" if given.startswith("-") else f"Unknown command: {given!r}"
    near = nearest(given, WORDS)
    advice = f"Did you mean `{PROGRAM} {near}`?" if near else f"Run `{PROGRAM}` to list the commands."
    raise UsageError(what, advice)


def _name(words: Sequence[str]) -> str:
    """Return the name of the command in the envelope: `update`, `space list`."""
    if not words or words[0] not in WORDS:
        return ""
    word = WORDS[words[0]]
    depth = 1
    if word.has_verbs:
        depth = 3 if words[1:2] and words[1] in word.nested else 2
    return " ".join(given for given in words[:depth] if not given.startswith("-"))


def strip_variables(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment, without blanks or line breaks around the values of our variables.

    Raises UsageError for a variable whose value is in quotes: no shell removed them.
    """
    ours = {name: value.strip() for name, value in environment.items() if name.startswith(VARIABLE_PREFIX)}
    for name, value in ours.items():
        if len(value) >= SHORTEST_QUOTED and value[0] == value[-1] and value[0] in QUOTES:
            raise UsageError(
                f"The value of {name} is enclosed in quotation marks.",
                "Remove the quotation marks. Environment files and container settings keep them as part of the value.",
            )
    return {**environment, **ours}
