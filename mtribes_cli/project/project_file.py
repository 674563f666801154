"""`mtribes.toml`: where it is, what it says, and every fault in it at once.

Reading uses the standard library alone, and named tuples, which are made several times faster than dataclasses, so that
`update --check --offline` starts quickly. Writing is in `editor`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from mtribes_cli.errors import MAX_PROBLEMS, MtribesError, Problem, ProjectError, first_problems
from mtribes_cli.files.bounded_reader import (
    MAX_PROJECT_FILE_BYTES,
    NotRegularFileError,
    TooLargeFileError,
    read_with_owners,
)
from mtribes_cli.files.errors import file_error
from mtribes_cli.project.output_paths import MAX_TARGETS, output_fault, overlapping

PROJECT_FILE_NAME = "mtribes.toml"
LOCAL_HOST = "local"
LOCAL_URL = "http://127.0.0.1:8674"
LANGUAGES = ("typescript", "javascript", "kotlin", "java", "swift", "brightscript", "python")
ENVIRONMENTS = ("production", "staging", "development")
PACKAGE_LANGUAGES = frozenset({"kotlin", "java"})
PREFIX_LANGUAGES = frozenset({"brightscript"})

_TOP_KEYS = ("host", "organization", "space", "environment", "targets")
_TARGET_KEYS = ("language", "output", "space", "options")
_OPTION_KEYS = ("host", "package", "prefix", "import_extension", "bindings", "events", "platform")
IMPORT_EXTENSIONS: Mapping[str, tuple[str, ...]] = {"typescript": ("js", "ts", "none"), "javascript": ("js", "none")}
EVENTS: Mapping[str, tuple[str, ...]] = dict.fromkeys(LANGUAGES, ("modelled",))
BINDINGS: Mapping[str, tuple[str, ...]] = {"typescript": ("react",), "javascript": ("react",)}
PLATFORMS: Mapping[str, tuple[str, ...]] = {"typescript": ("browser",), "javascript": ("browser",)}
_CHOICES = (
    ("import_extension", IMPORT_EXTENSIONS),
    ("bindings", BINDINGS),
    ("events", EVENTS),
    ("platform", PLATFORMS),
)
_MAX_KEY_LENGTH = 128
_MOST_LEVELS = 8  # of tables; a project file has four
MAX_SHOWN_LENGTH = 80  # of a value that is wrong
_PREFIX = r"[A-Za-z][A-Za-z0-9]{0,31}"
_PACKAGE = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"


class Target(NamedTuple):
    """One language's code in one folder, with its Space and options."""

    language: str
    output: str
    space: str
    options: Mapping[str, str]


class ProjectFile(NamedTuple):
    """The content of a valid `mtribes.toml`; the `options` of each target are complete (`host` is always there)."""

    path: Path
    host: str
    organization: str | None = None
    space: str | None = None
    environment: str | None = None
    targets: tuple[Target, ...] = ()
    unsaved_text: str | None = None  # what the file is to be, where `setup` has not written it yet
    owners: frozenset[int] = frozenset()  # of the file, and of the link to it; none where files have no owners

    @property
    def root(self) -> Path:
        """The folder of the file; outputs are below it."""
        return self.path.parent


class ProjectFault(NamedTuple):
    """A problem at a place of the file, such as `targets.1.output`."""

    place: str
    message: str
    line: int | None = None


def find_project_file(start: Path) -> Path | None:
    """Return the nearest `mtribes.toml` in `start` or a folder around it."""
    resolved = start.resolve()
    for folder in (resolved, *resolved.parents):
        candidate = folder / PROJECT_FILE_NAME
        if candidate.is_file():
            return candidate
    return None


def find_project(folder: Path) -> ProjectFile | None:
    """Return the project file of `folder`, or None; ProjectError if it has problems."""
    path = find_project_file(folder)
    return read_project_file(path) if path else None


def needed_project(project: ProjectFile | None, folder: Path) -> ProjectFile:
    """Return `project`; ProjectError if there is none for `folder`, or it has no targets."""
    if project is None:
        raise ProjectError(
            f"No {PROJECT_FILE_NAME} in {folder.absolute()} or a parent folder.",
            "Run `mtribes setup` to create one, or choose the project's folder with -C DIR.",
        )
    if not project.targets:
        raise ProjectError(
            f"{project.path} has no [[targets]], so there is nothing to generate.",
            "Run `mtribes setup`, or add one with `language` and `output`.",
        )
    return project


def read_project_file(path: Path) -> ProjectFile:
    """Return the content of the project file at `path`; ProjectError with all problems."""
    try:
        content, owners = read_with_owners(path, MAX_PROJECT_FILE_BYTES)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise _invalid(path, [ProjectFault("", f"is not valid UTF-8: {error.reason} at byte {error.start}")]) from None
    return parse_project_file(text, path)._replace(owners=owners)


def unreadable(path: Path, error: OSError) -> MtribesError:
    """Return the error for a project file that cannot be read: by its kind or size, or the system's message."""
    if isinstance(error, (NotRegularFileError, TooLargeFileError)):
        return ProjectError(f"{path} is invalid: {error.strerror}.", "Restore the correct file.")
    return file_error(error, str(path), cannot_be="read")


def parse_project_file(text: str, path: Path) -> ProjectFile:
    """Parse `text` as the project file at `path`; ProjectError with all problems."""
    try:
        document = tomllib.loads(text)
        faults = list(islice(_document_faults(document), MAX_PROBLEMS + 1))
    except tomllib.TOMLDecodeError as error:
        raise _invalid(path, [_syntax_fault(error)]) from None
    except RecursionError:
        raise _invalid(path, [ProjectFault("", "is nested too deeply")]) from None
    except (ValueError, OverflowError):  # Python reads no whole number of more than 4,300 digits
        raise _invalid(path, [ProjectFault("", "contains a number with too many digits")]) from None
    if faults:
        raise _invalid(path, _with_lines(faults, text))
    return _project_file(document, path)


def options_of(language: str) -> tuple[str, ...]:
    """Return the options that a target of the language may have."""
    languages = {
        "package": PACKAGE_LANGUAGES,
        "prefix": PREFIX_LANGUAGES,
        **dict(_CHOICES),
    }
    return tuple(name for name in _OPTION_KEYS if language in languages.get(name, LANGUAGES))


def generated_host(host: str) -> str:
    """Return the default URL in generated code: the same on every machine, for "local" too."""
    return LOCAL_URL if host == LOCAL_HOST else host


def is_server_url(text: str) -> bool:
    """Return whether `text` can be the URL of a server: http or https, a host, no query and no user in it."""
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    extra = parts.query or parts.fragment or parts.username is not None or " " in text or not text.isprintable()
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_valid and not extra


def _project_file(document: Mapping[str, object], path: Path) -> ProjectFile:
    host = str(document["host"]).rstrip("/")
    space = document.get("space")
    return ProjectFile(
        path=path,
        host=host,
        organization=_text_or_none(document.get("organization")),
        space=_text_or_none(space),
        environment=_text_or_none(document.get("environment")),
        targets=tuple(_target(table, host, space) for table in _tables(document.get("targets"))),
    )


def _target(table: Mapping[str, object], host: str, space: object) -> Target:
    stated = table.get("options")
    options = {str(name): str(value) for name, value in stated.items()} if isinstance(stated, dict) else {}
    return Target(
        language=str(table["language"]),
        output=normal_output(str(table["output"])),
        space=str(table.get("space", space)),
        options={"host": generated_host(host), **options},
    )


def normal_output(output: str) -> str:
    """Return `output` without a leading './' and a trailing '/'."""
    return output.removeprefix("./").rstrip("/") if output.strip("./") else output


def _document_faults(document: Mapping[str, object]) -> Iterator[ProjectFault]:
    yield from _unknown_keys(document, _TOP_KEYS, "")
    yield from host_faults(document.get("host"), "host")
    for name in ("organization", "space"):
        if name in document:
            yield from _key_faults(document[name], name)
    if "environment" in document:
        yield from _choice_faults(document["environment"], ENVIRONMENTS, "environment")
    targets = document.get("targets", [])
    if not isinstance(targets, list) or not all(isinstance(table, dict) for table in targets):
        yield ProjectFault("targets", "is not a list of tables; write [[targets]] above each")
        return
    if len(targets) > MAX_TARGETS:
        yield ProjectFault("targets", f"has {len(targets):,} tables, more than the maximum of {MAX_TARGETS:,}")
        return
    for number, table in enumerate(targets):
        yield from _target_faults(table, f"targets.{number}", has_default_space="space" in document)
    yield from _overlap_faults(targets)


def _target_faults(table: Mapping[str, object], place: str, *, has_default_space: bool) -> Iterator[ProjectFault]:
    for name in (misplaced := [name for name in table if name in _OPTION_KEYS]):
        yield ProjectFault(f"{place}.{name}", "is an option: move it below [targets.options]")
    yield from _unknown_keys(table, (*_TARGET_KEYS, *misplaced), f"{place}.")
    yield from _choice_faults(table.get("language"), LANGUAGES, f"{place}.language")
    yield from _output_faults(table.get("output"), f"{place}.output")
    if "space" in table:
        yield from _key_faults(table["space"], f"{place}.space")
    elif not has_default_space:
        yield ProjectFault(f"{place}.space", "is missing, and no `space` is set for all targets")
    options = table.get("options", {})
    if not isinstance(options, dict):
        yield ProjectFault(f"{place}.options", "is not a table")
        return
    yield from _option_faults(options, f"{place}.options", table.get("language"))


def _option_faults(options: Mapping[str, object], place: str, language: object) -> Iterator[ProjectFault]:
    yield from _unknown_keys(options, _OPTION_KEYS, f"{place}.")
    if "host" in options and not (isinstance(options["host"], str) and is_server_url(options["host"])):
        yield ProjectFault(f"{place}.host", "is not a server URL such as https://mtribes.example.com")
    for option, choices in _CHOICES:
        if option in options:
            yield from _language_choice_faults(options[option], choices.get(str(language)), f"{place}.{option}")
    if "package" in options:
        yield from _package_faults(options["package"], language, f"{place}.package")
    if "prefix" in options:
        yield from _prefix_faults(options["prefix"], language, f"{place}.prefix")


def _package_faults(value: object, language: object, place: str) -> Iterator[ProjectFault]:
    if language not in PACKAGE_LANGUAGES:
        yield ProjectFault(place, "is only for Java and Kotlin")
    if not (isinstance(value, str) and re.fullmatch(_PACKAGE, value)):
        yield ProjectFault(place, "is not a package name such as com.example.vod")


def _prefix_faults(value: object, language: object, place: str) -> Iterator[ProjectFault]:
    if language not in PREFIX_LANGUAGES:
        yield ProjectFault(place, "is only for BrightScript")
    if not (isinstance(value, str) and re.fullmatch(_PREFIX, value)):
        yield ProjectFault(place, "is not a letter followed by up to 31 letters and digits, such as Vod")


def _language_choice_faults(value: object, possible: tuple[str, ...] | None, place: str) -> Iterator[ProjectFault]:
    if possible is None:
        yield ProjectFault(place, "is only for TypeScript and JavaScript")
    elif value not in possible:
        yield from _choice_faults(value, possible, place)


def host_faults(host: object, place: str) -> Iterator[ProjectFault]:
    """Return the problems of `host` of a project file."""
    if host is None:
        yield ProjectFault(place, 'is missing; set it to the URL of your server, or "local"')
    elif not isinstance(host, str) or not (host == LOCAL_HOST or is_server_url(host)):
        yield ProjectFault(place, 'is not a server URL such as https://mtribes.example.com, or "local"')


def _key_faults(value: object, place: str) -> Iterator[ProjectFault]:
    if not isinstance(value, str) or not _is_key(value):
        yield ProjectFault(place, "is not a key such as vod or my-space")


def _is_key(text: str) -> bool:
    """Return whether `text` can be a key or an ID: letters, digits and, inside, '-' and '_'."""
    has_shape = text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    return has_shape and len(text) <= _MAX_KEY_LENGTH and text[0].isalnum() and text[-1].isalnum()


def _choice_faults(value: object, choices: tuple[str, ...], place: str) -> Iterator[ProjectFault]:
    if value is None:
        yield ProjectFault(place, f"is missing; set it to one of {', '.join(choices)}")
    elif value not in choices:
        suggestion = _suggestion(value, choices) if isinstance(value, str) else ""
        yield ProjectFault(place, f"is {_shown(value)}, not one of {', '.join(choices)}{suggestion}")


def _output_faults(value: object, place: str) -> Iterator[ProjectFault]:
    if value is None:
        yield ProjectFault(place, "is missing; set it to the folder for the code, such as src/mtspace/vod")
    elif not isinstance(value, str):
        yield ProjectFault(place, "is not text")
    elif fault := output_fault(normal_output(value)):
        yield ProjectFault(place, f"{fault}; use a folder inside the project, such as src/mtspace/vod")


def _overlap_faults(targets: list[dict[str, object]]) -> Iterator[ProjectFault]:
    places = [
        (f"targets.{number}.output", normal_output(output))
        for number, table in enumerate(targets)
        if isinstance(output := table.get("output"), str) and not output_fault(normal_output(output))
    ]
    for position, other in overlapping(output for _, output in places):
        message = f"overlaps with {other!r} of another target; each target needs its own folder"
        yield ProjectFault(places[position][0], message)


def _unknown_keys(table: Mapping[str, object], known: tuple[str, ...], prefix: str) -> Iterator[ProjectFault]:
    for name in table:
        if name not in known:
            yield ProjectFault(f"{prefix}{name[:MAX_SHOWN_LENGTH]}", f"is not a known key{_suggestion(name, known)}")


def _shown(value: object) -> str:
    """Return the beginning of a wrong value, which may be long and from anybody."""
    shown = repr(value)
    return shown if len(shown) <= MAX_SHOWN_LENGTH else f"{shown[:MAX_SHOWN_LENGTH]}..."


def _suggestion(word: str, choices: tuple[str, ...]) -> str:
    if len(word) > MAX_SHOWN_LENGTH:
        return ""
    import difflib  # noqa: PLC0415 - only where something is wrong; start-up stays quick

    close = difflib.get_close_matches(word.lower(), choices, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _tables(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _syntax_fault(error: tomllib.TOMLDecodeError) -> ProjectFault:
    message = str(error)
    found = re.search(r" \(at line (\d+), column \d+\)$", message)
    return ProjectFault("", f"is not valid TOML: {message}", int(found[1]) if found else None)


def _with_lines(faults: list[ProjectFault], text: str) -> list[ProjectFault]:
    """Return the problems with the line of their key, or of the nearest table around it, in order of lines."""
    lines = key_lines(text)
    located = [ProjectFault(fault.place, fault.message, _nearest_line(fault.place, lines)) for fault in faults]
    return sorted(located, key=lambda fault: fault.line or 0)


def _nearest_line(place: str, lines: Mapping[str, int]) -> int | None:
    parts = place.split(".", _MOST_LEVELS)[:_MOST_LEVELS]
    around = [".".join(parts[:levels]) for levels in range(len(parts), 0, -1)]
    return next((lines[each] for each in (place, *around) if each in lines), None)


def key_lines(text: str) -> dict[str, int]:
    """Return the line of each key and table, such as `{"targets.0.output": 7}`, as far as a line shows it."""
    lines: dict[str, int] = {}
    table = ""
    targets = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[\s*targets\s*\]\]", line):
            table = f"targets.{targets}."
            targets += 1
        elif header := re.match(r"\s*\[([A-Za-z0-9_.\s-]++)\]", line):
            name = ".".join(part.strip() for part in header[1].split("."))
            table = re.sub(r"^targets\b", f"targets.{max(targets - 1, 0)}", name) + "."
        elif key := re.match(r"""\s*["']?([A-Za-z0-9_.-]+)["']?\s*=""", line):
            lines.setdefault(table + key[1], number)
            continue
        else:
            continue
        lines.setdefault(table.removesuffix("."), number)
    return lines


def _invalid(path: Path, faults: list[ProjectFault]) -> ProjectError:
    problems = first_problems(Problem(_located(fault), path=fault.place or None) for fault in faults)
    return ProjectError(f"{path} is invalid.", "Fix the file, then run the command again.", problems=problems)


def _located(fault: ProjectFault) -> str:
    return f"{fault.message} (line {fault.line})" if fault.line else fault.message
