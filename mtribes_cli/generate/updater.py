"""What `update` and `setup` have in common: request code, plan, write, and report."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtribes_cli.api.server_url import START_LOCAL
from mtribes_cli.errors import NetworkError, UnavailableError
from mtribes_cli.files.bounded_reader import MAX_LOCK_FILE_BYTES, read_regular_file
from mtribes_cli.generate.fetch import (
    GeneratedOutput,
    GenerationScope,
    check_ownership,
    generate,
    lock_text,
    plan_of,
    scope_of,
)
from mtribes_cli.generate.plan import Plan
from mtribes_cli.generate.transaction import FileTransaction, commit, project_lock
from mtribes_cli.generate.worktree import Change, ChangeKind, Worktree
from mtribes_cli.local_server import running_server
from mtribes_cli.project.lock_file import LOCK_FILE_NAME, text_hash
from mtribes_cli.project.project_file import LOCAL_HOST, ProjectFile, generated_host
from mtribes_cli.terminal.result import Block, ChangeLine, Diff, Result

if TYPE_CHECKING:
    from mtribes_cli.context import Context

MAX_PATHS_SHOWN = 20
_DONE = {ChangeKind.ORPHANED: "removed", ChangeKind.MISSING: "restored", ChangeKind.EDITED: "overwritten"}


@dataclass(frozen=True, slots=True)
class PlanReport:
    """A plan, as it is reported."""

    changes: tuple[Change, ...]
    counts: Mapping[str, int]
    targets: tuple[tuple[str, str, str, int], ...]  # language, output, Space, revision

    @classmethod
    def of(cls, found: Plan, outputs: Sequence[GeneratedOutput]) -> "PlanReport":
        """Return what `found` does to bring `outputs` here."""
        targets = ((o.target.language, o.target.output, o.target.space, o.source.revision) for o in outputs)
        return cls(tuple(found.changes), found.kinds(), tuple(targets))

    def result(self) -> Result:
        """Return the report of what was done."""
        return Result(self._data(is_written=True), (*self._lines(), self._summary("Written")))

    def preview(self, differences: str | None) -> Result:
        """Return the report of what would be done, with the differences of each file where given."""
        data = self._data(is_written=False) | ({} if differences is None else {"diff": differences})
        shown: tuple[Block, ...] = tuple(self._lines(limit=None)) if differences is None else (Diff(differences),)
        return Result(data, (*shown, self._summary("Nothing was written. `mtribes update` would change")))

    def _data(self, *, is_written: bool) -> dict[str, object]:
        return {
            "written": is_written and bool(self.changes),
            "targets": [
                {"language": language, "output": output, "space": space, "revision": revision}
                for language, output, space, revision in self.targets
            ],
            "counts": dict(self.counts),
            "changes": [{"path": change.path, "change": change.kind.value} for change in self.changes],
        }

    def _lines(self, limit: int | None = MAX_PATHS_SHOWN) -> Iterator[Block]:
        for change in self.changes[:limit]:
            yield ChangeLine(f"{_DONE.get(change.kind, change.kind.value):<11}", f" {change.path}")
        if limit is not None and len(self.changes) > limit:
            yield f"... and {len(self.changes) - limit} more"

    def _summary(self, verb: str) -> str:
        if not self.changes:
            return f"Up to date: {self.counts['unchanged']} generated files, nothing to write."
        parts = [f"{number} {kind}" for kind, number in self.counts.items() if number]
        return f"{verb}: {', '.join(parts)}."


def update_code(  # noqa: PLR0913 - one parameter an option
    context: "Context",
    project: ProjectFile,
    outputs: Sequence[str] = (),
    *,
    is_forced: bool = False,
    is_discarding: bool = False,
    revision: int | None = None,
) -> PlanReport:
    """Update `outputs` (none: all): request the code, write it, the lock and, if it is unsaved, mtribes.toml."""
    places = [target.output for target in project.targets]
    with project_lock(project.root, context.folders.state, places, is_discarding=is_discarding) as writer:
        if writer.was_interrupted:
            context.console.notice("Recovered from an interrupted write.")
        if is_discarding:
            context.console.notice(f"Discarded: {', '.join(writer.discarded) or 'nothing: no write was interrupted'}.")
        scope = scope_of(project, outputs)
        warn_local_port_mismatch(context, project)
        generated = fetch_code(context, scope, revision)
        found = plan_of(scope, generated, is_forced=is_forced)
        check_ownership(found)
        files = {} if project.unsaved_text is None else {project.path.name: project.unsaved_text}
        files[LOCK_FILE_NAME] = lock_text(scope, generated)
        with context.console.working(f"Writing to {project.root}"):
            commit(project.root, FileTransaction(found, _changed(project, files)), writer.key, context.failpoint)
    return PlanReport.of(found, generated)


def fetch_code(context: "Context", scope: GenerationScope, revision: int | None) -> list[GeneratedOutput]:
    """Return the code of `scope`; if a local server is not running, the error says what to run."""
    try:
        with context.console.working(f"Requesting code from {context.host.url}"):
            return generate(context.client, scope, revision=revision)
    except (NetworkError, UnavailableError) as error:
        if context.host.is_local and running_server(context.folders.server) is None:
            raise UnavailableError("Your local server is not running.", START_LOCAL) from error
        raise


def available_changes(scope: GenerationScope, outputs: Sequence[GeneratedOutput]) -> list[Change]:
    """Return what the server would change: `added`, `changed` and `orphaned`, whatever was edited here."""
    before = {f"{old.output}/{path}": digest for old in scope.locked for path, digest in old.files.items()}
    settled = {output.target.output for output in outputs if output.files is None}
    kept = {f"{old.output}/{path}" for old in scope.locked if old.output in settled for path in old.files}
    after = {
        f"{output.target.output}/{path}": text for output in outputs for path, text in (output.files or {}).items()
    }
    changes = [Change(path, ChangeKind.ORPHANED) for path in before.keys() - after.keys() - kept]
    for path, text in after.items():
        if path not in before:
            changes.append(Change(path, ChangeKind.ADDED))
        elif text_hash(text.encode()) != before[path]:
            changes.append(Change(path, ChangeKind.CHANGED))
    return sorted(changes)


def newer_notices(
    scope: GenerationScope, outputs: Sequence[GeneratedOutput], changes: Sequence[Change]
) -> Iterator[str]:
    """Return the notices about `changes` of the server that are not here yet."""
    if not changes:
        return
    for output in outputs:
        old = scope.lock.target(output.target.output)
        if output.files is None or old is None:
            continue
        name = output.target.output
        if old.source.revision != output.source.revision:
            now = output.source.revision
            yield f"{name}: {output.source.space} is now at revision {now} (was {old.source.revision})."
        if old.source.generator != output.source.generator:
            yield (
                f"{name}: the generator is now {output.source.generator}. The code was generated with "
                f"{old.source.generator}."
            )
    counts = [(sum(change.kind is kind for change in changes), kind.value) for kind in ChangeKind]
    yield f"The server has newer code ({', '.join(f'{n} {kind}' for n, kind in counts if n)}). Run `mtribes update`."


def differences(tree: Worktree, found: Plan) -> str:
    """Return the changes in each file as a unified diff."""
    lines: list[str] = []
    outputs = {path: file.output for path, file in found.removals.items()}
    outputs |= {path: file.output for path, file in found.writes.items()}
    for path, output in sorted(outputs.items()):
        state = tree.read(path, output)
        shown = b"" if state.link else state.content or b""  # what a link leads to is not the project's to show
        before = shown.decode("utf-8", "replace").replace("\r\n", "\n")
        after = found.writes[path].text if path in found.writes else ""
        names = (f"a/{path}" if before else "/dev/null", f"b/{path}" if path in found.writes else "/dev/null")
        lines += difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), *names)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def warn_local_port_mismatch(context: "Context", project: ProjectFile) -> None:
    """Warn if code for the local server names another port than its present one."""
    default = generated_host(project.host)
    if project.host != LOCAL_HOST or context.host.url == default:
        return
    if any(target.options["host"] == default for target in project.targets):
        context.console.notice(
            f"The local server is at {context.host.url}, but generated code uses {default}. Set `client.host` "
            "in your app, or start the server on that port."
        )


def _changed(project: ProjectFile, files: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files beside mtribes.toml whose text has changed."""
    changed = {}
    for name, text in files.items():
        if not _has_text(project.root / name, text):
            changed[name] = text.encode()
    return changed


def _has_text(place: Path, text: str) -> bool:
    """Return whether a file with this text is at `place`; one that cannot be compared is written again."""
    try:
        return text_hash(read_regular_file(place, MAX_LOCK_FILE_BYTES)) == text_hash(text.encode())
    except OSError:
        return False
