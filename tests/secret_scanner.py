"""Remembers every secret that was on the wire of the tests' servers, and finds those that anything else holds.

After the whole run, whatever it has left is looked through (`conftest.py`): the bytes of every database, what servers
logged, what commands said and would have said under `--verbose`, and every other file of the tests. A secret that is
for a file is in the file that is for it (`FOR_SECRETS`); everywhere else it must not be.

Tokens of ours are known by their shape and checksum, wherever they came from; other secrets by having been sent.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import os
import re
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mtribes_cli.files.bounded_reader import MAX_STATE_FILE_BYTES, read_regular_file
from mtribes_cli.terminal.console import Console
from templates_server.security.secrets import SecretKind, is_well_formed, new_secret

SECRETS = (
    re.compile(rb'"(access_token|refresh_token|device_code|token|client_secret|secret)": ?"([^"]+)"'),
    re.compile(rb"(?:^|[&?\n])(code|code_verifier|client_secret|password|refresh_token|token|device_code)=([^&\s]+)"),
    re.compile(rb"(?i)authorization: (bearer|basic) (\S+)"),
    re.compile(rb"(?i)\n(idempotency-key): ([^\r\n]+)"),
    re.compile(rb"/(invitation)/([0-9A-Za-z]{36})"),
    re.compile(rb"/(event-stream)\?token=([0-9A-Za-z_-]+)"),
    re.compile(rb"(?i)(?:cookie: |; ?)((?:__Host-)?mtribes[a-z0-9_]*(?<!_notice))=([0-9A-Za-z]+)"),
)
"""What is a secret in a request or an answer, as it is on the wire: its kind, and itself."""
LEAST_LENGTH = 12
PUBLIC_PREFIX = "pk_"
SENDS_SECRETS = re.compile(
    r"/ofrep/|/oauth/|/sign-in|/device|/invitation|/v2/tokens|/service-accounts|/signed-ids|/members"
)
"""Where a body may have some. Elsewhere `token` is what apps say of a device."""
OF_A_SIGN_IN = re.compile(rb'"(access_token|refresh_token)": ?"([^"]+)"')
MOST_READ_BYTES = 64 * 1024
SHAPE = re.compile(rb"mt[oprs]_[0-9A-Za-z]{36}")
DOCUMENTED = re.compile(rb"mt[oprs]_0000000000000000000000000000004UlIb5")
"""The example of a token in `/openapi.json`, which opens nothing: whoever reads it may send it anywhere."""
RUN = re.compile(rb"[0-9A-Za-z_\-]{12,}")
PIECE, STEP = 6, 7  # together one more than the shortest secret
IN_HEXADECIMAL = re.compile(rb"[0-9a-f]{24,}")
FOR_SECRETS = {"credentials.json", "demo.json", "server.key", "local-code"}
"""Sign-ins of a user, mode 0600; the demo's own; the key of a server; the code for whoever has started one."""
SQLITE = b"SQLite format 3\0"
FILE_OF_A_TABLE = re.compile("[0-9]+")
FIRST_OWN_ID = 16384  # PostgreSQL's own databases and tables have lower numbers


class Secrets:
    """All that were sent, in all servers of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def add(self, kind: str, secret: str) -> None:
        """Remember one; what is too short to be one, or public, is passed over."""
        is_public = secret.startswith(PUBLIC_PREFIX) or DOCUMENTED.fullmatch(secret.encode())
        if len(secret) >= LEAST_LENGTH and not is_public:
            with self._lock:
                self._kinds.setdefault(secret.encode(), kind)

    def record(self, sent: bytes) -> None:
        """Remember those in a request or an answer."""
        for pattern in SECRETS:
            for kind, value in pattern.findall(sent):
                secret = unquote_plus(value.decode("latin-1"))
                self.add(kind.decode().lower(), secret)
                if kind.lower() == b"basic":
                    with contextlib.suppress(binascii.Error, UnicodeDecodeError):
                        self.add("client_secret", unquote_plus(base64.b64decode(value).decode().partition(":")[2]))

    def finder(self) -> SecretFinder:
        """What finds those that are known by now."""
        with self._lock:
            return SecretFinder(dict(self._kinds))


class SecretFinder:
    """Finds secrets in bytes, as they are and in hexadecimal.

    Of the first seven characters of a secret one stands at a place that is a multiple of seven: only there is it looked
    whether six characters are those of some secret.
    """

    def __init__(self, kinds: Mapping[bytes, str]) -> None:
        self._kinds = kinds
        self._by_piece: dict[bytes, list[tuple[bytes, int]]] = defaultdict(list)
        self._others = []
        for secret in kinds:
            if RUN.fullmatch(secret[:LEAST_LENGTH]):
                for start in range(STEP):
                    self._by_piece[secret[start : start + PIECE]].append((secret, start))
            else:
                self._others.append(secret)

    def find_in(self, content: bytes) -> Iterator[str]:
        """Each that is in it, by its kind and how it begins."""
        pieces = [bytes.fromhex(one.decode()[: len(one) // 2 * 2]) for one in IN_HEXADECIMAL.findall(content)]
        content = b"\n".join([content, *pieces])
        for match in SHAPE.finditer(content):
            if is_well_formed(match[0].decode()) and not DOCUMENTED.fullmatch(match[0]):
                yield _named("token", match[0])
        for secret in self._others:
            if secret in content:
                yield _named(self._kinds[secret], secret)
        for match in RUN.finditer(content):
            yield from self._in_run(content, *match.span())

    def _in_run(self, content: bytes, begin: int, end: int) -> Iterator[str]:
        by_piece = self._by_piece
        for place in range(begin + -begin % STEP, end - PIECE + 1, STEP):
            for secret, start in by_piece.get(content[place : place + PIECE], ()):
                if content.startswith(secret, place - start):
                    yield _named(self._kinds[secret], secret)


def _named(kind: str, secret: bytes) -> str:
    return f"{kind} {secret[:LEAST_LENGTH].decode()}..."


SENT = Secrets()
"""Of this process."""


class SecretRecorder:
    """An application whose requests and answers are read along."""

    def __init__(self, app: ASGIApp, secrets: Secrets = SENT) -> None:
        self._app = app
        self._secrets = secrets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and listen."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        query = scope.get("query_string", b"")
        asked = bytearray(b"%s?%s\n" % (scope["path"].encode(), query) + _head(scope["headers"]))
        answered = bytearray()
        status = 500
        reads = SENDS_SECRETS.search(scope["path"]) is not None

        async def receiving() -> Message:
            message = await receive()
            if reads and message["type"] == "http.request" and len(asked) < MOST_READ_BYTES:
                asked.extend(b"" if b"\n\n" in asked else b"\n\n")
                asked.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answered.extend(_head(message["headers"]))
            elif reads and len(answered) < MOST_READ_BYTES:
                answered.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                overhear()  # whoever has the whole answer finds it remembered
            await send(message)

        def overhear() -> None:
            self._secrets.record(bytes(answered))
            if status < 400:  # what was refused was none
                self._secrets.record(bytes(asked))

        try:
            await self._app(scope, receiving, sending)
        finally:
            overhear()


def _head(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"\n%s: %s" % header for header in headers)


def record_user_secrets(environment: Mapping[str, str], credentials: Path) -> None:
    """Remember what a user of the command line has: in variables, and where sign-ins are kept."""
    for name in ("MTRIBES_TOKEN", "MTRIBES_CLIENT_SECRET"):
        SENT.add("token", environment.get(name, ""))
    with contextlib.suppress(OSError):
        for kind, value in OF_A_SIGN_IN.findall(read_regular_file(credentials, MAX_STATE_FILE_BYTES)):
            SENT.add(kind.decode(), value.decode(errors="replace"))


# What is left


class LogRecorder(logging.Handler):
    """Keeps every line that a server would log, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it; what the tests' own clients log is no server's."""
        if not record.name.startswith(("httpx", "httpcore")):
            self.lines.append(self.format(record))


LOGGED = LogRecorder()
SAID: list[str] = []
"""What commands said to stderr, and to stdout where it was not a secret that had been asked for."""


@dataclass
class ScanSummary:
    """How much was looked through, for how many secrets, and what was found: where, and which."""

    secrets: int = 0
    databases: int = 0
    files: int = 0
    lines: int = 0
    leaks: list[str] = field(default_factory=list)

    def scan(self, where: str, finder: SecretFinder, content: bytes) -> None:
        """Look for secrets in something."""
        self.leaks += [f"{where}: {one}" for one in dict.fromkeys(finder.find_in(content))]

    @property
    def counts(self) -> dict[str, int]:
        """How much, without what was found."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}

    def merge(self, counts: Mapping[str, int]) -> ScanSummary:
        """What two processes looked through."""
        return ScanSummary(
            self.secrets + counts["secrets"],
            self.databases + counts["databases"],
            self.files + counts["files"],
            self.lines + counts["lines"],
        )

    def __str__(self) -> str:
        return (
            f"secrets: {self.secrets:,} that were sent were looked for in {self.databases:,} databases, "
            f"{self.files:,} files and {self.lines:,} lines of logs and commands"
        )

    def __add__(self, other: ScanSummary) -> ScanSummary:
        """Both, of one process."""
        return ScanSummary(
            max(self.secrets, other.secrets),
            self.databases + other.databases,
            self.files + other.files,
            self.lines + other.lines,
            [*self.leaks, *other.leaks],
        )


PARTS: list[ScanSummary] = []
"""What was looked through before the end: what did not stay until then."""
SCAN_SUMMARY = pytest.StashKey[ScanSummary]()
MOST_TOLD = 50
LEAST_OF_A_WHOLE_RUN = {"secrets": 1500, "databases": 100, "files": 5000, "lines": 2000}
LEAST_OF_THE_LONG_PROOFS = {"secrets": 500, "databases": 50, "files": 1000, "lines": 100}


def is_too_little(config: pytest.Config) -> bool:
    """Whether a run of all tests, none left out, looked through less than it must have left."""
    is_of_all = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    is_whole = is_of_all and os.environ.get("MTRIBES_REQUIRE_ALL") == "1" and not config.option.collectonly
    counts = config.stash.get(SCAN_SUMMARY, ScanSummary()).counts
    wanted = LEAST_OF_THE_LONG_PROOFS if config.getoption("--slow") else LEAST_OF_A_WHOLE_RUN
    return is_whole and any(counts[name] < least for name, least in wanted.items())


@contextlib.contextmanager
def record_logs() -> Iterator[None]:
    """Keep what servers of this process log, from the level on at which they do, and what `--verbose` would say."""
    product, trace = logging.getLogger("templates_server"), Console.trace
    level = product.level
    product.setLevel(logging.INFO)
    logging.getLogger().addHandler(LOGGED)

    def recorded_trace(console: Console, text: str) -> None:
        SAID.append(text)
        trace(console, text)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Console, "trace", recorded_trace)
        yield
    logging.getLogger().removeHandler(LOGGED)
    product.setLevel(level)


def scan_all(folder: Path) -> ScanSummary:
    """All that a run has left, whose files are below a folder."""
    whole = scan_folders({"files": folder}, said=SAID, logged=LOGGED.lines)
    return sum(PARTS, whole)


def scan_folders(folders: Mapping[str, Path], *, said: Sequence[str] = (), logged: Sequence[str] = ()) -> ScanSummary:
    """What holds a secret that is not for it: files below these folders, by what those are called, and lines."""
    finder = SENT.finder()
    seen = ScanSummary(secrets=len(SENT), lines=len(said) + len(logged))
    for name, lines in (("what commands said", said), ("the log", logged)):
        seen.scan(name, finder, "\n".join(lines).encode())
    for name, folder in folders.items():
        for path in folder.rglob("*"):
            if path.name not in FOR_SECRETS and path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                seen.files += 1
                seen.databases += content.startswith(SQLITE)
                seen.scan(f"{name}/{path.relative_to(folder)}", finder, content)
    return seen


def scan_postgres(data: Path) -> ScanSummary:
    """The same, of the tables of every database below the data folder of a PostgreSQL that was stopped."""
    databases = [each for each in (data / "base").iterdir() if each.name.isdigit() and int(each.name) >= FIRST_OWN_ID]
    finder = SENT.finder()
    seen = ScanSummary(secrets=len(SENT), databases=len(databases))
    for database in databases:
        for path in database.iterdir():
            digits = FILE_OF_A_TABLE.match(path.name)
            if digits and int(digits[0]) >= FIRST_OWN_ID:
                seen.files += 1
                seen.scan(f"PostgreSQL {database.name}/{path.name}", finder, path.read_bytes())
    return seen


def check_planted(folder: Path) -> None:
    """Raise AssertionError unless secrets that were planted in a database, a log and what was said are all found."""
    secret = new_secret(SecretKind.PERSONAL)
    connection = sqlite3.connect(folder / "planted.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE planted (word TEXT, secret TEXT, after TEXT)")
    connection.execute("INSERT INTO planted VALUES ('before', ?, 'after')", (secret,))
    connection.commit()
    seen = scan_folders({"planted": folder}, said=[f"token: {secret}."], logged=[f"({secret})"])
    connection.close()
    places = {leak.partition(":")[0] for leak in seen.leaks}
    assert places == {"planted/planted.db-wal", "what commands said", "the log"}, seen
    for path in folder.iterdir():
        path.unlink()
