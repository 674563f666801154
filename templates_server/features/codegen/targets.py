"""The validation of targets: the language and its options. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from templates_server.errors import ValidationFailed
from templates_server.features.codegen.event_option import MODELLED
from templates_server.features.codegen.languages import LANGUAGES
from templates_server.features.codegen.schemas import Target
from templates_server.features.codegen.typescript.target_options import BROWSER
from templates_server.features.spaces.property_values import is_web_address
from templates_server.primitives.validation import Reader, join
from templates_server.primitives.yaml_json import quote_text

MAX_TARGETS = 64
MAX_OPTION_CHARACTERS = 255
PACKAGE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
LANGUAGES_OF: Mapping[str, frozenset[str]] = {
    "package": frozenset({"java", "kotlin"}),
    "prefix": frozenset({"brightscript"}),
    "import_extension": frozenset({"javascript", "typescript"}),
    "bindings": frozenset({"javascript", "typescript"}),
    "platform": frozenset({"javascript", "typescript"}),
}
"""The languages of each option; an option not listed is valid for all."""

PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}")
IMPORT_EXTENSIONS = ("js", "ts", "none")
BINDINGS = ("react",)
EVENTS = (MODELLED,)
PLATFORMS = (BROWSER,)
RESERVED = re.compile(
    r"abstract|as|assert|boolean|break|byte|case|catch|char|class|const|continue|default|do|"
    r"double|else|enum|extends|false|final|finally|float|for|fun|goto|if|implements|import|in|"
    r"instanceof|int|interface|is|long|native|new|null|object|package|private|protected|public|"
    r"return|short|static|strictfp|super|switch|synchronized|this|throw|throws|transient|true|try|"
    r"typealias|typeof|val|var|void|volatile|when|while"
)


def check_targets(targets: Sequence[Target]) -> None:
    """Raise ValidationFailed with all problems of the targets."""
    reader = Reader()
    if not 1 <= len(targets) <= MAX_TARGETS:
        reader.refuse("targets", f"must have 1 to {MAX_TARGETS} entries")
    for number, target in enumerate(targets[:MAX_TARGETS]):
        _check_target(reader, target, f"targets[{number}]")
    if reader.problems:
        raise ValidationFailed(reader.problems)


def _check_target(reader: Reader, target: Target, path: str) -> None:
    known = f"one of {', '.join(LANGUAGES)}"
    language = reader.one_of(target.language, join(path, "language"), LANGUAGES, f"a supported language: {known}")
    possible = [name for name in OPTIONS if language is None or language in LANGUAGES_OF.get(name, LANGUAGES)]
    for option, value in sorted(target.options.items()):
        place = join(join(path, "options"), option)
        if option not in possible:
            reader.refuse(place, f"is not an option of this language{reader.suggestion(option, possible)}")
        elif len(value) > MAX_OPTION_CHARACTERS:
            reader.refuse(place, f"has {len(value)} characters; the maximum is {MAX_OPTION_CHARACTERS}")
        else:
            OPTIONS[option](reader, value, place)
    if language == "javascript" and target.options.get("import_extension") == "ts":
        place = join(join(path, "options"), "import_extension")
        reader.refuse(place, 'cannot be "ts" for JavaScript, because its files end in .js')


def _check_host(reader: Reader, host: str, path: str) -> None:
    if not is_web_address(host) or any(mark in host for mark in "?#@"):
        reader.refuse(path, f"{quote_text(host)} is not an http(s) URL without user, query and fragment")


def _check_package(reader: Reader, package: str, path: str) -> None:
    if not PACKAGE.fullmatch(package) or any(map(RESERVED.fullmatch, package.split("."))):
        reader.refuse(path, f"{quote_text(package)} is not a package such as com.example.app")


def _check_prefix(reader: Reader, prefix: str, path: str) -> None:
    if not PREFIX.fullmatch(prefix):
        reader.refuse(path, f"{quote_text(prefix)} is not a letter and up to 31 letters and digits, such as Vod")


def _check_import_extension(reader: Reader, extension: str, path: str) -> None:
    reader.one_of(extension, path, IMPORT_EXTENSIONS, f"one of {', '.join(IMPORT_EXTENSIONS)}")


def _check_bindings(reader: Reader, bindings: str, path: str) -> None:
    reader.one_of(bindings, path, BINDINGS, f"one of {', '.join(BINDINGS)}")


def _check_events(reader: Reader, events: str, path: str) -> None:
    reader.one_of(events, path, EVENTS, f"one of {', '.join(EVENTS)}")


def _check_platform(reader: Reader, platform: str, path: str) -> None:
    reader.one_of(platform, path, PLATFORMS, f"one of {', '.join(PLATFORMS)}")


OPTIONS: Mapping[str, Callable[[Reader, str, str], None]] = {
    "host": _check_host,
    "package": _check_package,
    "prefix": _check_prefix,
    "import_extension": _check_import_extension,
    "bindings": _check_bindings,
    "events": _check_events,
    "platform": _check_platform,
}
