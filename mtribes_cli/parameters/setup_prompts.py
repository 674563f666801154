"""The answers that `setup` needs: from flags, `mtribes.toml`, the person at the terminal, or defaults."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtribes_cli.errors import NotFoundError, UsageError
from mtribes_cli.project.editor import TargetAnswer
from mtribes_cli.project.languages import found_languages, usual_options, usual_output
from mtribes_cli.project.output_paths import output_fault
from mtribes_cli.project.project_file import LANGUAGES, ProjectFile, normal_output, options_of

if TYPE_CHECKING:
    from mtribes_cli.context import Context

LOCAL_ORGANIZATION = "acme"
LOCAL_SPACE = "vod"
DEFAULT_LANGUAGE = "typescript"
TARGET_FLAG = "--target LANGUAGE:OUTPUT"
OPTION_FLAG = "--option NAME=VALUE"
ASKED_OPTIONS: Mapping[str, str] = {"package": "Package name", "prefix": "Prefix for names"}
"""The options that `setup` asks for; the others are rarely needed."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of the command line."""

    organization: str | None = None
    space: str | None = None
    targets: tuple[TargetAnswer, ...] = ()
    local: bool = False
    yes: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice to make, with its sources in order of precedence."""

    noun: str
    options: Sequence[str]
    given: str | None  # by its flag
    remembered: str | None  # from mtribes.toml
    default: str | None  # of --local

    @property
    def flag(self) -> str:
        """The flag that answers the question."""
        return f"--{self.noun.lower()}"


def target_answers(targets: Iterable[str], options: Sequence[str]) -> tuple[TargetAnswer, ...]:
    """Return the targets of `--target` with their `--option`s, by language. Raises UsageError."""
    answers = [_target_answer(text) for text in targets]
    stated = [_option(text) for text in options]
    for name, _ in stated:
        if not any(name in options_of(answer.language) for answer in answers):
            languages = {answer.language for answer in answers}
            raise UsageError(f"No --target supports the option {name}.", _possible_options(sorted(languages)))
    return tuple(
        replace(answer, options={name: value for name, value in stated if name in options_of(answer.language)})
        for answer in answers
    )


def _possible_options(languages: Sequence[str]) -> str:
    if not languages:
        return f"Pass it together with {TARGET_FLAG}."
    return " ".join(f"Options of {language}: {', '.join(options_of(language))}." for language in languages)


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise UsageError(f"--option {text} is not NAME=VALUE.", "Use a form such as --option package=com.example.vod.")
    return name, value


def _target_answer(text: str) -> TargetAnswer:
    language, colon, output = text.partition(":")
    if not colon or language not in LANGUAGES:
        raise UsageError(f"--target {text} does not start with a language.", f"Use one of {', '.join(LANGUAGES)}.")
    output = normal_output(output)
    if fault := output_fault(output):
        raise UsageError(
            f"The output of --target {text} {fault}.", "Use a folder inside the project, with '/' as separator."
        )
    return TargetAnswer(language, output)


def chosen(context: "Context", flags: Flags, choice: Choice) -> str:
    """Return the answer; UsageError if there is none and nobody to ask, NotFoundError for an unknown one."""
    if choice.given is not None:
        return _there(choice, choice.given)
    if not choice.options:
        raise NotFoundError(f"No {choice.noun} found.", f"Create one, or pass {choice.flag}.")
    preferred = next((one for one in (choice.remembered, choice.default) if one in choice.options), None)
    if len(choice.options) == 1:
        return choice.options[0]
    if asks(context, flags):
        question = f"Which {choice.noun}"
        return context.console.choose(question, choice.options, flag=choice.flag, default=preferred)
    if preferred is None:
        raise UsageError(f"No {choice.noun} specified.", f"Pass {choice.flag}: {', '.join(choice.options)}.")
    return preferred


def chosen_targets(
    context: "Context", flags: Flags, before: ProjectFile | None, space: str
) -> tuple[TargetAnswer, ...]:
    """Return the targets to add to those of `mtribes.toml`."""
    remembered = before.targets if before else ()
    folder = before.root if before else context.working_folder.absolute()
    if flags.targets:
        return flags.targets
    if asks(context, flags):
        return tuple(_asked_targets(context, folder, [target.output for target in remembered], space))
    if remembered:
        return ()
    if flags.local:
        return (TargetAnswer(DEFAULT_LANGUAGE, usual_output(folder, DEFAULT_LANGUAGE, space)),)
    language = next(iter(found_languages(folder)), DEFAULT_LANGUAGE)
    raise UsageError(
        "No target specified.",
        f"Pass {TARGET_FLAG}, such as {language}:{usual_output(folder, language, space)}.",
    )


def asks(context: "Context", flags: Flags) -> bool:
    """Return whether questions are asked at all."""
    return context.console.is_interactive and not flags.yes


def _there(choice: Choice, given: str) -> str:
    if given not in choice.options:
        there = f"Available: {', '.join(choice.options)}." if choice.options else "None are available to you."
        raise NotFoundError(f"No {choice.noun} '{given}', or you don't have access.", there)
    return given


def _asked_targets(context: "Context", folder: Path, outputs: list[str], space: str) -> list[TargetAnswer]:
    console = context.console
    for output in outputs:
        console.instruction(f"  mtribes.toml has a target in {output}.")
    found = found_languages(folder)
    offered = (*found, *(language for language in LANGUAGES if language not in found))
    answers: list[TargetAnswer] = []
    while not outputs or console.confirm("Add another target?", flag=TARGET_FLAG, default=False):
        usual = found[0] if found else DEFAULT_LANGUAGE
        language = console.choose("Which language", offered, flag=TARGET_FLAG, default=usual)
        output = _asked_output(context, outputs, usual_output(folder, language, space))
        answers.append(TargetAnswer(language, output, _asked_options(context, language, output, space)))
        outputs = [*outputs, output]
    return answers


def _asked_options(context: "Context", language: str, output: str, space: str) -> Mapping[str, str]:
    usual = usual_options(language, output, space)
    return {name: context.console.ask(ASKED_OPTIONS[name], flag=OPTION_FLAG, default=usual[name]) for name in usual}


def _asked_output(context: "Context", outputs: Sequence[str], usual: str) -> str:
    """Ask for an output folder that is none of `outputs`."""
    default = None if usual in outputs else usual
    while True:
        question = "Folder for the code, inside the project"
        output = normal_output(context.console.ask(question, flag=TARGET_FLAG, default=default))
        fault = "is used by another target" if output in outputs else output_fault(output)
        if fault is None:
            return output
        context.console.refuse(f"{output} {fault}. Choose a folder inside the project.")
