"""`mtribes.lock`: which generated files are ours, with which content, and what they were generated from.

A lock is committed and may come from anybody, so its paths are held to the same rules as those from a server.
Hashes are over text with LF, so that a checkout with CRLF is in step too.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mtribes_cli.errors import Problem, ProjectError, first_problems
from mtribes_cli.files.bounded_reader import (
    MAX_LOCK_FILE_BYTES,
    NotRegularFileError,
    TooLargeFileError,
    read_regular_file,
)
from mtribes_cli.files.errors import file_error
from mtribes_cli.project.output_paths import MAX_TARGETS, collisions, file_fault, output_fault, overlapping

LOCK_FILE_NAME = "mtribes.lock"
LOCK_VERSION = 1

_CONFLICT_MARKS = ("<<<<<<< ", "=======\n", ">>>>>>> ")
_SHA256_LENGTH = 64
_RESTORE = "Restore it from version control, or delete it and run `mtribes update`. Unchanged files are kept."
_TAKE_A_SIDE = "Keep either side in full, then run `mtribes update`."
_UPGRADE = "Upgrade mtribes."


class LockedSource(NamedTuple):
    """The source of generated code: a revision of a Space, and a generator."""

    space: str
    revision: int
    code_hash: str
    generator: str


class LockedTarget(NamedTuple):
    """The files of one target as written: path below `output` to SHA-256 of the text with LF."""

    language: str
    output: str
    source: LockedSource
    options: Mapping[str, str]
    files: Mapping[str, str]


class LockFile(NamedTuple):
    """The content of a valid `mtribes.lock`."""

    host: str
    targets: tuple[LockedTarget, ...] = ()

    def target(self, output: str) -> LockedTarget | None:
        """Return the target that was generated into `output`."""
        return next((target for target in self.targets if target.output == output), None)


def text_hash(content: bytes) -> str:
    """Return the SHA-256, in hexadecimal, of `content` with CRLF as LF."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def read_lock_file(path: Path) -> LockFile | None:
    """Return the lock at `path`, or None without one; ProjectError with all problems."""
    try:
        content = read_regular_file(path, MAX_LOCK_FILE_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        if isinstance(error, (NotRegularFileError, TooLargeFileError)):
            raise ProjectError(f"{path} is invalid: {error.strerror}.", _RESTORE) from error
        raise file_error(error, str(path), cannot_be="read") from error
    return parse_lock_file(content, path)


def parse_lock_file(content: bytes, path: Path) -> LockFile:
    """Parse `content` as the lock at `path`; ProjectError with all problems."""
    try:
        text = content.decode("utf-8-sig")
        if _has_conflict(text):
            raise ProjectError(f"{path} contains a merge conflict.", _TAKE_A_SIDE)
        document = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path} is not valid JSON in UTF-8: {error}.", _RESTORE) from None
    _check_version(document, path)
    problems = first_problems(Problem(message, path=place) for place, message in _document_faults(document))
    if problems:
        raise ProjectError(f"{path} is invalid.", _RESTORE, problems=problems)
    return _lock_file(document)


def format_lock_file(lock: LockFile, main_space: str | None) -> str:
    """Return the text of `lock`: one line per file, sorted, with what a target has of another source.

    The main source is that of the first target of `main_space`, else that of the first target.
    """
    targets = sorted(lock.targets, key=lambda target: target.output)
    main = next((target.source for target in targets if target.source.space == main_space), None)
    main = main or (targets[0].source if targets else LockedSource(main_space or "", 0, "", ""))
    document = {
        "version": LOCK_VERSION,
        "host": lock.host,
        **_source_fields(main),
        "targets": [_target_document(target, main) for target in targets],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _target_document(target: LockedTarget, main: LockedSource) -> dict[str, object]:
    inherited = _source_fields(main)
    own = {name: value for name, value in _source_fields(target.source).items() if value != inherited[name]}
    return {
        "language": target.language,
        "output": target.output,
        **own,
        "options": dict(sorted(target.options.items())),
        "files": dict(sorted(target.files.items())),
    }


def _source_fields(source: LockedSource) -> dict[str, str | int]:
    return {
        "space": source.space,
        "revision": source.revision,
        "code_hash": source.code_hash,
        "generator": source.generator,
    }


def _has_conflict(text: str) -> bool:
    lines = f"\n{text}".replace("\r\n", "\n")
    return any(f"\n{mark}" in lines for mark in _CONFLICT_MARKS)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("an object contains a key twice")
    return table


def _check_version(document: object, path: Path) -> None:
    version = document.get("version") if isinstance(document, dict) else None
    if type(version) is int and version > LOCK_VERSION:
        raise ProjectError(
            f"{path} has version {version}, but this version of mtribes supports version {LOCK_VERSION}.", _UPGRADE
        )
    if type(version) is not int or version != LOCK_VERSION:
        raise ProjectError(f"{path} is not a version {LOCK_VERSION} lock file.", _RESTORE)


def _document_faults(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not isinstance(document.get("host"), str):
        yield "host", "is not text"
    yield from _source_faults(document, "")
    targets = document.get("targets")
    if not isinstance(targets, list) or not all(isinstance(table, dict) for table in targets):
        yield "targets", "is not a list of objects"
        return
    if len(targets) > MAX_TARGETS:
        yield "targets", f"has {len(targets):,} of them, more than the maximum of {MAX_TARGETS:,}"
        return
    for number, table in enumerate(targets):
        yield from _target_faults(table, f"targets.{number}", document)
    outputs = [table["output"] for table in targets if isinstance(table.get("output"), str)]
    for position, other in overlapping(outputs):
        yield "targets", f"has {outputs[position]!r}, which overlaps with {other!r}"


def _source_faults(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name in ("space", "code_hash", "generator"):
        if not isinstance(table.get(name), str):
            yield f"{prefix}{name}", "is not text"
    if type(table.get("revision")) is not int:
        yield f"{prefix}revision", "is not an integer"


def _target_faults(table: Mapping[str, Any], place: str, main: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    own = {name: table.get(name, main.get(name)) for name in ("space", "revision", "code_hash", "generator")}
    if own.keys() & table.keys():
        yield from _source_faults(own, f"{place}.")
    if not isinstance(table.get("language"), str):
        yield f"{place}.language", "is not text"
    output = table.get("output")
    if fault := output_fault(output) if isinstance(output, str) else "is not text":
        yield f"{place}.output", fault
    options = table.get("options")
    if not _is_text_table(options):
        yield f"{place}.options", "is not an object with text values"
    files = table.get("files")
    if isinstance(files, dict) and _is_text_table(files):
        yield from _file_faults(files, f"{place}.files")
    else:
        yield f"{place}.files", "is not an object with text values"


def _file_faults(files: Mapping[str, str], place: str) -> Iterator[tuple[str, str]]:
    for path, digest in files.items():
        if fault := file_fault(path):
            yield place, f"has {path!r}, which {fault}"
        if len(digest) != _SHA256_LENGTH or digest.strip("0123456789abcdef"):
            yield place, f"has {path!r} without a valid SHA-256"
    for path, fault in collisions(files):
        yield place, f"has {path!r}, which {fault}"


def _is_text_table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _lock_file(document: Mapping[str, Any]) -> LockFile:
    return LockFile(document["host"], tuple(_locked_target(table, document) for table in document["targets"]))


def _locked_target(table: Mapping[str, Any], main: Mapping[str, Any]) -> LockedTarget:
    space, revision, code_hash, generator = (
        table.get(name, main[name]) for name in ("space", "revision", "code_hash", "generator")
    )
    return LockedTarget(
        language=table["language"],
        output=table["output"],
        source=LockedSource(space, revision, code_hash, generator),
        options=table["options"],
        files=table["files"],
    )
