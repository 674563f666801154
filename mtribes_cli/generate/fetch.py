"""Generated code from the server: asked for, checked as something from outside, and turned into a plan.

One request a Space. Nothing here writes; `transaction` does, once `check_ownership` has nothing to say.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mtribes_cli.api.models.generated_code import CodeTarget, GeneratedCode, GeneratedFile, GeneratedTarget
from mtribes_cli.errors import AnswerError, FileError, Problem, first_problems
from mtribes_cli.generate.plan import NOT_THROUGH_LINKS, DesiredFile, Plan, plan
from mtribes_cli.generate.worktree import Worktree, local_changes, owned_files
from mtribes_cli.numbers import counted
from mtribes_cli.project.lock_file import (
    LOCK_FILE_NAME,
    LockedSource,
    LockedTarget,
    LockFile,
    format_lock_file,
    read_lock_file,
)
from mtribes_cli.project.output_paths import collisions, file_fault, overlapping
from mtribes_cli.project.project_file import ProjectFile, Target

MAX_FILES_A_TARGET = 20_000
MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_TOTAL_BYTES = 256 * 1024 * 1024


class CodeServer(Protocol):
    """The calls of a `client.Client` that are needed here."""

    def code(
        self,
        space: str,
        targets: Sequence[CodeTarget],
        *,
        revision: int | None = None,
        if_code_hash: str | None = None,
    ) -> GeneratedCode:
        """Return generated code for the targets."""


@dataclass(frozen=True, slots=True)
class GenerationScope:
    """The targets of one run, with what the lock says of them and of removed targets."""

    project: ProjectFile
    lock: LockFile
    targets: tuple[Target, ...]
    locked: tuple[LockedTarget, ...]  # theirs, and those whose files have no target any more
    kept: tuple[LockedTarget, ...]  # of targets that this run is not about

    @property
    def tree(self) -> Worktree:
        """Return the files of the project, read anew."""
        return Worktree(self.project.root)


@dataclass(frozen=True, slots=True)
class GeneratedOutput:
    """The code of one target; `files` is None if the server has nothing newer than the lock."""

    target: Target
    source: LockedSource
    files: Mapping[str, str] | None


def scope_of(project: ProjectFile, outputs: Sequence[str] = ()) -> GenerationScope:
    """Return the scope of a run for `outputs` (none: all targets), by the lock as it is on disk now."""
    lock = read_lock_file(project.root / LOCK_FILE_NAME) or LockFile(project.host)
    targets = tuple(target for target in project.targets if not outputs or target.output in outputs)
    stated = {target.output for target in project.targets}
    chosen = [target.output for target in targets]

    def is_in_scope(locked: LockedTarget) -> bool:
        if locked.output in stated:
            return locked.output in chosen
        return not outputs or any(overlapping([output, locked.output]) for output in chosen)

    locked = tuple(target for target in lock.targets if is_in_scope(target))
    kept = tuple(target for target in lock.targets if target not in locked)
    return GenerationScope(project, lock, targets, locked, kept)


def generate(server: CodeServer, scope: GenerationScope, *, revision: int | None = None) -> list[GeneratedOutput]:
    """Return the code of every target in `scope`; AnswerError if the server sends what must not be written."""
    outputs: list[GeneratedOutput] = []
    for space in dict.fromkeys(target.space for target in scope.targets):
        targets = [target for target in scope.targets if target.space == space]
        known_hash = _hash_in_step(scope, targets)
        asked = [CodeTarget(target.language, target.options) for target in targets]
        code = server.code(space, asked, revision=revision, if_code_hash=known_hash)
        source = LockedSource(space, code.revision, code.code_hash, code.generator)
        if code.unchanged and known_hash is not None:
            outputs += [GeneratedOutput(target, source, None) for target in targets]
        else:
            outputs += _checked_outputs(targets, source, code.targets)
    return outputs


def plan_of(scope: GenerationScope, outputs: Sequence[GeneratedOutput], *, is_forced: bool) -> Plan:
    """Return the plan that turns the present files into `outputs`."""
    tree = scope.tree
    settled = {output.target.output for output in outputs if output.files is None}
    desired = {
        f"{output.target.output}/{path}": DesiredFile(output.target.output, text)
        for output in outputs
        for path, text in (output.files or {}).items()
    }
    unsettled = tuple(target for target in scope.locked if target.output not in settled)
    _refuse_outputs_elsewhere(tree, [*(target.output for target in scope.targets), *(old.output for old in unsettled)])
    result = plan(tree, desired, owned_files(unsettled), is_forced=is_forced)
    result.unchanged += sum(len(old.files) for old in scope.locked if old.output in settled)
    return result


def lock_text(scope: GenerationScope, outputs: Sequence[GeneratedOutput]) -> str:
    """Return the text of `mtribes.lock` once `outputs` are written."""
    locked = [*scope.kept, *(_locked(scope, output) for output in outputs)]
    return format_lock_file(LockFile(scope.project.host, tuple(locked)), scope.project.space)


def check_ownership(found: Plan) -> None:
    """Raise FileError with every path that a plan may not touch."""
    problems = [
        *found.foreign,
        *(_edited(path, found.links.get(path)) for path in found.edited),
    ]
    if not problems:
        return
    advice = "Move or delete the files that mtribes did not generate." if found.foreign else ""
    overwrite = _overwriting(found) if found.edited else ""
    raise FileError(
        f"Nothing was written: {counted(len(problems), 'path')} {'is' if len(problems) == 1 else 'are'} in the way.",
        " ".join(filter(None, (advice, overwrite))),
        problems=problems,
    )


def _edited(path: str, link: str | None) -> Problem:
    if link is None:
        return Problem("was edited since it was generated", path=path, code="EDITED")
    return Problem(f"{link}; {NOT_THROUGH_LINKS}", path=path, code="LINK")


def _overwriting(found: Plan) -> str:
    """Return what --force would do to edited files and to links."""
    deeds = []
    if len(found.edited) > len(found.links):
        deeds.append("Save your edits elsewhere, then pass --force to overwrite the files.")
    if found.links:
        deeds.append("Pass --force to replace the links with files. Their targets stay unchanged.")
    return " ".join(deeds)


def _locked(scope: GenerationScope, output: GeneratedOutput) -> LockedTarget:
    target = output.target
    before = scope.lock.target(target.output)
    if output.files is None and before is not None:
        return before
    files = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in (output.files or {}).items()}
    return LockedTarget(target.language, target.output, output.source, target.options, files)


def _hash_in_step(scope: GenerationScope, targets: Sequence[Target]) -> str | None:
    """Return the code hash that all of `targets` have here, if all of their files are as written."""
    locked = [scope.lock.target(target.output) for target in targets]
    found = [old for old, target in zip(locked, targets, strict=True) if old and is_locked_as(target, old)]
    sources = {old.source.code_hash for old in found}
    if len(found) < len(targets) or len(sources) != 1 or local_changes(scope.tree, owned_files(tuple(found))):
        return None
    return sources.pop()


def is_locked_as(target: Target, locked: LockedTarget) -> bool:
    """Return whether the lock's target was generated as `mtribes.toml` says."""
    return (target.language, target.space, dict(target.options)) == (
        locked.language,
        locked.source.space,
        dict(locked.options),
    )


def _checked_outputs(
    targets: Sequence[Target], source: LockedSource, generated: Sequence[GeneratedTarget]
) -> Iterator[GeneratedOutput]:
    if [target.language for target in targets] != [answer.language for answer in generated]:
        raise _refused([Problem("has other targets than requested")])
    problems = first_problems(problem for answer in generated for problem in _answer_problems(answer))
    if sum(len(file.content) for answer in generated for file in answer.files) > MAX_TOTAL_BYTES:
        problems.append(Problem(f"has more than {MAX_TOTAL_BYTES} bytes of code"))
    if problems:
        raise _refused(problems)
    for target, answer in zip(targets, generated, strict=True):
        yield GeneratedOutput(target, source, {file.path: file.content for file in answer.files})


def _answer_problems(answer: GeneratedTarget) -> Iterator[Problem]:
    if not answer.files or len(answer.files) > MAX_FILES_A_TARGET:
        yield Problem(
            f"has {counted(len(answer.files), 'file')}, but must have 1 to {MAX_FILES_A_TARGET}", path=answer.language
        )
        return
    paths = [file.path for file in answer.files]
    if len(set(paths)) != len(paths):
        yield Problem("contains a file twice", path=answer.language)
    for path, fault in collisions(paths):
        yield Problem(fault, path=path)
    for file in answer.files:
        if (mistake := file_fault(file.path) or _content_fault(file)) is not None:
            yield Problem(mistake, path=file.path)


def _content_fault(file: GeneratedFile) -> str | None:
    try:
        content = file.content.encode()
    except UnicodeEncodeError:
        return "is not valid UTF-8 text"
    if len(content) > MAX_FILE_BYTES:
        return f"is longer than {MAX_FILE_BYTES} bytes"
    if b"\r" in content:
        return "has line endings other than LF"
    if hashlib.sha256(content).hexdigest() != file.sha256:
        return "does not match its hash"
    return None


def _refused(problems: Sequence[Problem]) -> AnswerError:
    return AnswerError(
        "The server returned code that is not safe to write. Nothing was written.",
        "Check the host. If it is correct, contact the server's administrator.",
        problems=problems,
    )


def _refuse_outputs_elsewhere(tree: Worktree, outputs: Sequence[str]) -> None:
    """Raise if links lead outputs out of the project, or into one another."""
    stated = sorted(set(outputs))
    real = [tree.real_output(output) for output in stated]
    faults = [(output, fault) for output in stated if (fault := tree.places.fault(output)) is not None]
    problems = [Problem(fault, path=output, code="FOREIGN_PATH") for output, fault in faults]
    if not faults and all(real) and not any(overlapping(stated)):
        twice = overlapping(place or "" for place in real)
        problems += [
            Problem(f"is a symbolic link to {other}, which is also an output", path=stated[n]) for n, other in twice
        ]
    if problems:
        raise FileError(
            "Nothing was written: an output is not a separate folder inside the project.",
            "Choose another `output`, or remove the link.",
            problems=problems,
        )
