"""The answers that `setup` needs: from flags, from `mtribes.toml`, from the person at the terminal, or by default."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtribes_cli.errors import NotFoundError, UsageError
from mtribes_cli.output_paths import output_fault
from mtribes_cli.project_file import OFFERED_LANGUAGES, ProjectFile, normal_output
from mtribes_cli.project_file_edit import TargetAnswer

if TYPE_CHECKING:
    from mtribes_cli.context import Context

LOCAL_ORGANIZATION = "acme"
LOCAL_SPACE = "vod"
DEFAULT_LANGUAGE = "typescript"
OUTPUTS_FOLDER = "src/mtspace"
TARGET_FLAG = "--target LANGUAGE:OUTPUT"


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said on the command line."""

    organization: str | None = None
    space: str | None = None
    targets: tuple[TargetAnswer, ...] = ()
    local: bool = False
    yes: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: where the answers are, in the order in which they count."""

    noun: str
    options: Sequence[str]
    given: str | None  # by its flag
    remembered: str | None  # from mtribes.toml
    default: str | None  # of --local


def target_answer(text: str) -> TargetAnswer:
    """`LANGUAGE:OUTPUT`; UsageError for anything else."""
    language, colon, output = text.partition(":")
    if not colon or language not in OFFERED_LANGUAGES:
        raise UsageError(
            f"--target {text} does not begin with a language.", f"Give one of {', '.join(OFFERED_LANGUAGES)}."
        )
    output = normal_output(output)
    if fault := output_fault(output):
        raise UsageError(f"The output of --target {text} {fault}.", "Give a folder inside the project, with '/'.")
    return TargetAnswer(language, output)


def chosen(context: "Context", flags: Flags, choice: Choice) -> str:
    """The answer; UsageError when there is none and nobody to ask, NotFoundError for what is not there."""
    if choice.given is not None:
        return _there(choice, choice.given)
    if not choice.options:
        raise NotFoundError(f"There is no {choice.noun} that you may see.", f"Create one, or give --{choice.noun}.")
    preferred = next((one for one in (choice.remembered, choice.default) if one in choice.options), None)
    if len(choice.options) == 1:
        return choice.options[0]
    if asks(context, flags):
        question = f"Which {choice.noun}"
        return context.console.choose(question, choice.options, flag=f"--{choice.noun}", default=preferred)
    if preferred is None:
        raise UsageError(
            f"Which {choice.noun} is meant is not said.", f"Give --{choice.noun}: {', '.join(choice.options)}."
        )
    return preferred


def chosen_targets(
    context: "Context", flags: Flags, before: ProjectFile | None, space: str
) -> tuple[TargetAnswer, ...]:
    """The targets to add to those that `mtribes.toml` has."""
    remembered = before.targets if before else ()
    if flags.targets:
        return flags.targets
    if asks(context, flags):
        return tuple(_asked_targets(context, [target.output for target in remembered], space))
    if remembered:
        return ()
    if flags.local:
        return (TargetAnswer(DEFAULT_LANGUAGE, f"{OUTPUTS_FOLDER}/{space}"),)
    raise UsageError(
        "What to generate is not said.", f"Give {TARGET_FLAG}, such as typescript:{OUTPUTS_FOLDER}/{space}."
    )


def asks(context: "Context", flags: Flags) -> bool:
    """Whether questions are asked at all."""
    return context.console.is_interactive and not flags.yes


def _there(choice: Choice, given: str) -> str:
    if given not in choice.options:
        there = f"Those that you may see: {', '.join(choice.options)}." if choice.options else "You may see none."
        raise NotFoundError(f"There is no {choice.noun} {given} that you may see.", there)
    return given


def _asked_targets(context: "Context", outputs: list[str], space: str) -> list[TargetAnswer]:
    console = context.console
    for output in outputs:
        console.instruction(f"  mtribes.toml has a target in {output}.")
    answers: list[TargetAnswer] = []
    while not outputs or console.confirm("Add another target?", flag=TARGET_FLAG, default=False):
        language = console.choose("Which language", OFFERED_LANGUAGES, flag=TARGET_FLAG, default=DEFAULT_LANGUAGE)
        output = _asked_output(context, outputs, f"{OUTPUTS_FOLDER}/{space}")
        answers.append(TargetAnswer(language, output))
        outputs = [*outputs, output]
    return answers


def _asked_output(context: "Context", outputs: Sequence[str], usual: str) -> str:
    """A folder for the code that is none of `outputs`."""
    default = None if usual in outputs else usual
    while True:
        question = "Folder for the code, inside the project"
        output = normal_output(context.console.ask(question, flag=TARGET_FLAG, default=default))
        fault = "is taken by another target" if output in outputs else output_fault(output)
        if fault is None:
            return output
        context.console.instruction(f"{output} {fault}. Please give a folder inside the project.")
