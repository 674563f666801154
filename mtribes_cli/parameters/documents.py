"""Documents that a person edits, models and deliveries: read from a file or stdin, written to one, never judged here.

Whether a document keeps the rules of the domain is the server's to say; here only what tells where it belongs is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtribes_cli.api.request import SentDocument
from mtribes_cli.errors import DocumentError
from mtribes_cli.files.atomic_file import write_whole
from mtribes_cli.files.bounded_reader import MAX_DOCUMENT_BYTES, read_given_file, read_regular_file
from mtribes_cli.files.errors import file_error
from mtribes_cli.files.output_file import output_target, write_output
from mtribes_cli.files.text_encoding import DecodedText, decode_text
from mtribes_cli.terminal.result import Document, Result
from mtribes_cli.terminal.sanitize import sanitize

if TYPE_CHECKING:
    from mtribes_cli.context import Context

JSON, YAML = "application/json", "application/yaml"
STDIN = "-"
MAX_LEVELS = 64
"""Of lists and maps in each other; servers take 32."""
_BRACKET = re.compile(r"[\[\]{}]")
_REVISION_LINE = re.compile(rb"^revision:[ \t]*(\d+)[ \t]*(?=\r?$|#)", re.MULTILINE)


@dataclass(frozen=True)
class LocalDocument:
    """A document on this machine, and its top-level keys with simple values as text."""

    name: str
    content: bytes
    content_type: str
    keys: Mapping[str, str]
    path: Path | None  # None: it came from stdin
    given: DecodedText  # as it lies there

    def to_send(self, *, force: bool, note: str | None) -> SentDocument:
        """Return the document as it is sent."""
        return SentDocument(self.content, self.content_type, force, note)


@dataclass(frozen=True)
class Output:
    """Where a document goes, and in which format."""

    file: str = STDIN  # as the user typed it; - is stdout
    format: str | None = None  # None: by the file's extension

    @property
    def is_json(self) -> bool:
        """Whether the format is JSON; else it is YAML."""
        return self.format == "json" if self.format else self.file.lower().endswith(".json")


def read_document(context: Context, file: str) -> LocalDocument:
    """Return the document of `file`, `-` for stdin. Raises FileError if unreadable, DocumentError if invalid."""
    if file == STDIN:
        return _document("stdin", context.console.read_stdin(), path=None)
    path = context.working_folder / file
    try:
        content = read_given_file(path, MAX_DOCUMENT_BYTES)
    except FileNotFoundError:
        raise DocumentError(f"No file {file}.", "Pass an existing file, or - for stdin.") from None
    except OSError as error:
        raise file_error(error, file, cannot_be="read") from error
    return _document(file, content, path=path)


def tree_of(document: LocalDocument) -> object:
    """Return the content of a document as lists and maps; the values of a YAML document are text."""
    text = document.content.decode()
    is_json = document.content_type == JSON
    return _parsed_json(document.name, text) if is_json else _parsed_yaml(document.name, text)


def _document(name: str, content: bytes, *, path: Path | None) -> LocalDocument:
    given = _decoded(name, content)
    text = given.text
    is_json = path.suffix.lower() == ".json" if path else text.lstrip().startswith(("{", "["))
    top = _parsed_json(name, text) if is_json else _parsed_yaml(name, text)
    if not isinstance(top, Mapping):
        raise DocumentError(f"{name} is not a valid document: it must be a mapping with keys such as `space`.", _LOOK)
    keys = {str(key): str(value) for key, value in top.items() if isinstance(value, (str, int))}
    return LocalDocument(name, text.encode(), JSON if is_json else YAML, keys, path, given)


_LOOK = "`mtribes space pull` and `mtribes env pull` write valid documents."


def _decoded(name: str, content: bytes) -> DecodedText:
    try:
        given = decode_text(content)
        given.text.encode()  # half a surrogate pair of UTF-16 is no text either
    except UnicodeDecodeError as error:
        what = "UTF-8" if error.encoding.startswith("utf-8") else error.encoding.upper()
        raise DocumentError(f"{name} is not valid {what} (byte {error.start}).", "Save it as UTF-8.") from None
    return given


def _parsed_json(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DocumentError(f"{name}, line {error.lineno}: {error.msg}.", "Fix the JSON.") from None
    except ValueError:
        raise DocumentError(f"{name} contains a number with thousands of digits.", "Fix the JSON.") from None
    except RecursionError:
        raise DocumentError(f"{name} is nested too deeply.", _LOOK) from None


def _parsed_yaml(name: str, text: str) -> object:
    """Return the YAML with all values as text: their types are up to the server."""
    import yaml  # noqa: PLC0415 - start-up time

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        if _may_be_deep(text) and _is_deep(yaml.parse(text, loader)):
            raise DocumentError(f"{name} is nested too deeply.", _LOOK)
        return yaml.load(text, Loader=loader)  # noqa: S506 - a base loader makes strings, lists and maps only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise DocumentError(f"{name}, line {line}: {said}.", "Fix the YAML.") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise DocumentError(f"{name} is not valid YAML: {' '.join(str(error).split())}.", "Fix the YAML.") from None


def _may_be_deep(text: str) -> bool:
    """Return whether so many brackets are open at some point; those in texts count too."""
    level = 0
    for bracket in _BRACKET.findall(text):
        level = level + 1 if bracket in "[{" else max(level - 1, 0)
        if level > MAX_LEVELS:
            return True
    return False


def _is_deep(events: Iterable[Any]) -> bool:
    """Return whether lists and maps are nested too deep; no event after that is requested.

    The parser takes time by the square of the depth of brackets.
    """
    level = 0
    for event in events:
        name = type(event).__name__
        level += name in ("SequenceStartEvent", "MappingStartEvent")
        level -= name in ("SequenceEndEvent", "MappingEndEvent")
        if level > MAX_LEVELS:
            return True
    return False


def space_of(context: Context, document: LocalDocument, flag: str | None) -> str:
    """Return the Space of a document: of the flag, else of its own `space` key, else of `mtribes.toml`."""
    return context.settings.space(flag or document.keys.get("space"))


def write_document(
    context: Context,
    wanted: Output,
    *,
    as_json: Callable[[], Mapping[str, object]],
    as_yaml: Callable[[], str],
) -> Result:
    """Write a document of the server to the output, fetched in the requested format."""
    if wanted.file == STDIN and context.console.style.json:
        return Result(as_json())
    return _put(context, wanted.file, _json_text(as_json()) if wanted.is_json else as_yaml())


def write_json_document(context: Context, file: str, fetch: Callable[[], Mapping[str, object]]) -> Result:
    """Write a document that exists as JSON only to the output."""
    if file == STDIN and context.console.style.json:
        return Result(fetch())
    return _put(context, file, _json_text(fetch()))


def _put(context: Context, file: str, text: str) -> Result:
    """Write the text to stdout, or atomically to a file."""
    if file == STDIN:
        return Result(None, (Document(text),))
    target = output_target(context.working_folder / file, file, context.working_folder)
    try:
        write_output(target, text.encode(), sanitize=sanitize)
    except OSError as error:
        raise file_error(error, file, cannot_be="written") from error
    if target.file is None:  # which may be stdout by another name: nothing else is put there
        context.console.notice(f"Wrote {file}.")
        return Result({"file": file})
    return Result({"file": file}, (f"Wrote {file}.",))


def update_local_revision(context: Context, document: LocalDocument, revision: int) -> None:
    """Update the revision in the file, so that it can be pushed again, or say that it was not updated."""
    if document.keys.get("revision") in {None, str(revision)} or document.path is None:
        return
    if _note_revision(document, revision):
        context.console.notice(f"Updated {document.name} to revision {revision}.")
    else:
        context.console.notice(
            f"{document.name} still has a different revision than {revision}. Pull before you push again."
        )


def _note_revision(document: LocalDocument, revision: int) -> bool:
    """Replace a `revision:` line that stands alone, if the file is still what was sent."""
    matches = list(_REVISION_LINE.finditer(document.content))
    given = document.given
    if document.path is None or len(matches) != 1 or _present_content(document.path) != given.encoded(given.text):
        return False
    start, end = matches[0].span(1)
    noted = document.content[:start] + str(revision).encode() + document.content[end:]
    write_whole(document.path, given.encoded(noted.decode()))
    return True


def _present_content(path: Path) -> bytes | None:
    """Return the present content of the file; None if it is no regular file, such as a pipe."""
    try:
        return read_regular_file(path, MAX_DOCUMENT_BYTES)
    except OSError:
        return None


def _json_text(document: Mapping[str, object]) -> str:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if any("\ud800" <= character <= "\udfff" for character in text):  # UTF-8 cannot hold it; its escape can be kept
        text = json.dumps(document, indent=2)
    return text + "\n"
