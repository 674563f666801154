"""App data sent when a session starts: parsed with every problem, and stored with the session. Pure.

It is telemetry of apps that are in the field for years, so values that are new to this server never reject a session:
an unknown platform is `other`, and `unknown` is truncated to its limit. It affects tribes (`people.last_session`) but
is an indication, not proof: anybody with a pk_ key can send it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from templates_server.errors import ErrorDetail
from templates_server.features.people.app_versions import version_key
from templates_server.features.people.last_session import SAYS_NOTHING, AppFacts
from templates_server.primitives.text_cache import memoize

MAX_VERSION_CHARACTERS = 256
MAX_HASH_CHARACTERS = 128
MAX_LANGUAGE_CHARACTERS = 64
MOST_UNKNOWN = 20
MAX_UNKNOWN_CHARACTERS = 200
OTHER = "other"
PLATFORMS = frozenset({"browser", "android", "ios", "roku", "server", OTHER})
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")

VersionText = Annotated[str, Meta(description=f"At most {MAX_VERSION_CHARACTERS} characters.", examples=["2.3.0"])]


class SentApp(msgspec.Struct, frozen=True):
    """The app that runs the session. An unknown `platform` counts as `other`."""

    version: VersionText | None = None
    build: VersionText | None = None
    platform: (
        Annotated[str, Meta(description="browser, android, ios, roku, server or other.", examples=["browser"])] | None
    ) = None


class SentCode(msgspec.Struct, frozen=True):
    """The generated code that an app runs."""

    hash: Annotated[str, Meta(description=f"At most {MAX_HASH_CHARACTERS} characters.")] | None = None
    language: (
        Annotated[str, Meta(description=f"At most {MAX_LANGUAGE_CHARACTERS} characters.", examples=["typescript"])]
        | None
    ) = None


UnknownStates = Annotated[
    Any,
    Meta(
        description=(
            f"Values that the code could not use in the previous session: at most {MOST_UNKNOWN} texts "
            f"of {MAX_UNKNOWN_CHARACTERS} characters. Anything beyond that is truncated; values that "
            "are not text are ignored."
        )
    ),
]


class ReportFields(Protocol):
    """A request body with optional app data."""

    @property
    def app(self) -> SentApp | None:
        """The app."""

    @property
    def code(self) -> SentCode | None:
        """Its generated code."""

    @property
    def unknown(self) -> Any:
        """The values that the generated code could not use."""


class AppReport(NamedTuple):
    """The columns of a session, in the order of `KINDS`. `unknown` is a JSON array of texts, or None."""

    code_hash: str | None = None
    code_language: str | None = None
    app_version: str | None = None
    app_build: str | None = None
    app_platform: str | None = None
    os_version: str | None = None
    unknown: str | None = None

    @property
    def facts(self) -> AppFacts:
        """The app data for tribes."""
        told = (self.app_version or "", self.os_version or "", self.app_platform or "")
        return _facts(told) if any(told) else SAYS_NOTHING


KINDS = dict.fromkeys(AppReport._fields, "text")
"""The columns of `sessions`, with PostgreSQL's types."""
NO_REPORT = AppReport()
NO_APP, NO_CODE = SentApp(), SentCode()


def read_report(sent: ReportFields, os_version: str | None) -> AppReport:
    """Return the stored values of a session; an empty text counts as absent."""
    if _says_nothing(sent, os_version):
        return NO_REPORT
    app, code = sent.app or NO_APP, sent.code or NO_CODE
    return AppReport(
        code.hash or None,
        code.language or None,
        app.version or None,
        app.build or None,
        _platform(app.platform),
        os_version or None,
        _unknown(sent.unknown),
    )


def find_report_problems(sent: ReportFields, os_version: str | None) -> Iterator[ErrorDetail]:
    """Return the problems with the texts, each with its path."""
    if _says_nothing(sent, os_version):
        return
    app, code = sent.app or NO_APP, sent.code or NO_CODE
    texts = (
        ("device.os_version", os_version, MAX_VERSION_CHARACTERS),
        ("app.version", app.version, MAX_VERSION_CHARACTERS),
        ("app.build", app.build, MAX_VERSION_CHARACTERS),
        ("code.hash", code.hash, MAX_HASH_CHARACTERS),
        ("code.language", code.language, MAX_LANGUAGE_CHARACTERS),
    )
    for path, text, at_most in texts:
        if text is None:
            continue
        if len(text) > at_most:
            yield ErrorDetail(path, f"This can have at most {at_most} characters.")
        elif CONTROL_CHARACTER.search(text):
            yield ErrorDetail(path, "This must not contain control characters.")


def _says_nothing(sent: ReportFields, os_version: str | None) -> bool:
    return sent.app is None and sent.code is None and os_version is None and sent.unknown is None


def _platform(text: str | None) -> str | None:
    if not text:
        return None
    return text if text in PLATFORMS else OTHER


def _unknown(sent: Any) -> str | None:
    if not isinstance(sent, list):
        return None
    texts = [text[:MAX_UNKNOWN_CHARACTERS] for text in sent if isinstance(text, str) and text]
    return msgspec.json.encode(texts[:MOST_UNKNOWN]).decode() if texts else None


def _make_facts(told: tuple[str, ...]) -> AppFacts:
    version, os_version, platform = told
    return AppFacts(version_key(version), version_key(os_version), platform or None)


_facts = memoize(_make_facts)
