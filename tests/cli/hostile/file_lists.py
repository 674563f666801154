"""Answers to `mtribes update` that must not be written: paths, sets, contents and types, as a table of values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mtribes_cli.generate import fetch

OUTSIDE = "{outside}"
"""Stands for a folder beside the project, whose absolute path only the test knows."""
EVIL = "evil\n"
INNOCENT = "index.ts"


@dataclass(frozen=True)
class HostileList:
    """What a server sends in place of code."""

    name: str
    files: Sequence[Any] = ()
    bent: Mapping[str, Any] = field(default_factory=dict)  # fields of the answer in place of the right ones
    path: str = INNOCENT  # where something else may be already
    is_named: bool = False  # the message names that path
    is_huge: bool = False

    def answer(self, outside: str) -> dict[str, Any]:
        """The fields of the answer that are not right."""
        files = [_moved(file, outside) for file in self.files]
        return {"targets": [{"language": "typescript", "options": {}, "files": files}], **self.bent}


def _moved(file: Any, outside: str) -> Any:
    if isinstance(file, dict) and isinstance(file.get("path"), str):
        return file | {"path": file["path"].replace(OUTSIDE, outside)}
    return file


def file_of(path: str, content: str = EVIL) -> dict[str, Any]:
    """A file as an honest server would describe it."""
    return {"path": path, "content": content, "sha256": hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()}


PATHS: Mapping[str, Sequence[str]] = {
    "absolute": ("/mtribes-evil", f"{OUTSIDE}/evil.ts", f"/{OUTSIDE}/evil.ts", "/", "/dev/null", "/proc/self/mem"),
    "drive": ("C:/evil", "C:evil", "c:\\evil", "Z:/a/b.ts", "a/C:/b", "evil.ts:stream", "evil.ts::$DATA"),
    "unc": ("\\\\server\\share\\evil", "//server/share/evil", "\\\\?\\C:\\evil", "//./pipe/evil", "\\??\\C:\\evil"),
    "parent": (
        "..",
        "../evil.ts",
        "../../evil.ts",
        "a/../../evil.ts",
        "a/..",
        "a/b/../../../evil.ts",
        "./../evil.ts",
        "../" * 20 + "mtribes-evil",
        "../../../outside/evil.ts",
        "..\\evil.ts",
        "a\\..\\..\\evil.ts",
        ".. /evil.ts",
        "..\u200b/evil.ts",
        "...",
        ".../evil.ts",
        "%2e%2e/evil.ts",
        "..%2fevil.ts",
        "\uff0e\uff0e/evil.ts",
        "\u2025/evil.ts",
        "..;/evil.ts",
    ),
    "self": (".", "./evil.ts", "a/./evil.ts", "a/."),
    "empty": ("", "a//evil.ts", "a/", "//", "a///b"),
    "nul": ("evil\0.ts", "\0", "a\0/evil.ts", "evil.ts\0.png"),
    "control": (
        *(f"ev{chr(code)}il.ts" for code in (1, 7, 8, 9, 10, 13, 27, 31, 127, 0x85, 0x9B, 0x2028, 0x2029)),
        "\x1b]8;;http://evil.example\x07evil.ts",
        "\x1b[2Jevil.ts",
        "evil.ts\nwritten: all is well",
    ),
    "backslash": ("a\\evil.ts", "\\evil.ts", "evil.ts\\", "a/b\\c"),
    "tilde": ("~", "~/evil.ts", "~root/evil.ts", "~evil.ts", "a~b.ts", "a/~/b.ts", "EVIL~1.TS"),
    "characters": (
        *(f"a{mark}b.ts" for mark in " !\"#$%&'()*+,;<=>?@[]^`{|}"),
        "$(id).ts",
        "`id`.ts",
        "%TEMP%.ts",
        "\u00e9vil.ts",
        "e\u0301vil.ts",
        "\u65e5\u672c.ts",
        "\U0001f4a3.ts",
        "\u0435vil.ts",
        "\uff45vil.ts",
        "ev\u00adil.ts",
        "ev\u200bil.ts",
        "ev\u200cil.ts",
        "evil\u202est.ts",
        "\u2066evil\u2069.ts",
        "\ufeffevil.ts",
        "ev\U000e0041il.ts",
        "[/red]evil.ts",
        "[link=http://evil.example]a.ts",
    ),
    "leading dot": (
        ".evil",
        ".env",
        ".bashrc",
        ".npmrc",
        ".gitignore",
        ".gitmodules",
        "a/.hidden",
        "a/.gitattributes",
        ".gitattributes/evil",
        ".GITATTRIBUTES",
        ".mtribes-journal.json",
        ".mtribes-00000000/0",
        ".github/workflows/evil.yml",
    ),
    "dash": ("-", "-rf", "--help", "a/-evil.ts", "-/evil.ts"),
    "git": (
        ".git/hooks/pre-commit",
        ".git/config",
        ".GIT/config",
        ".Git/config",
        "git~1/config",
        "GIT~1/config",
        "a/.git/config",
        ".g\u200cit/config",
        ".git\u200b/config",
        "\u200d.git/config",
        ".git./config",
        ".git /config",
        ".git...",
        ".git::$INDEX_ALLOCATION/config",
        ".\uff47it/config",
        ".g\u0131t/config",
        ".git",
    ),
    "device": (
        *("con", "CON.ts", "prn.txt", "aux", "Aux.h", "NUL", "nul.tar.gz", "com1.ts", "COM9", "com0.ts", "lpt1"),
        *("LPT9.x", "conin$", "conout$.ts", "con .ts", "com\u00b9.ts", "a/con/evil.ts", "a/aux.ts", "nul..ts"),
    ),
    "trailing": ("evil.", "evil.ts.", "evil.ts ", "a./evil.ts", "a /evil.ts", "evil...", "evil. ."),
    "long": ("a" * 256, "a" * 300 + ".ts", "/".join(["d" * 200] * 6), "a/" * 600 + "evil.ts"),
    "lone surrogate": ("ev\ud800il.ts", "\udfff", "a/\udc80/evil.ts"),
}

SETS: Mapping[str, Sequence[str]] = {
    "equal ignoring case": ("Evil.ts", "evil.ts"),
    "folders equal ignoring case": ("a/one.ts", "A/two.ts"),
    "equal ignoring form": ("\u00e9.ts", "e\u0301.ts"),
    "equal after folding": ("STRASSE.ts", "stra\u00dfe.ts"),
    "the Kelvin sign": ("K.ts", "\u212a.ts"),
    "a folder of the other": ("a", "a/evil.ts"),
    "a folder of the other in another case": ("A", "a/evil.ts"),
    "a folder of the other further down": ("a/b.ts", "a/b.ts/c.ts"),
    "twice": ("evil.ts", "evil.ts"),
    "the root's own file as a folder": (".gitattributes", ".gitattributes/evil.ts"),
}

CONTENTS: Mapping[str, Mapping[str, Any]] = {
    "no hash at all": {"sha256": ""},
    "a hash of zeros": {"sha256": "0" * 64},
    "a hash in upper case": {"sha256": hashlib.sha256(EVIL.encode()).hexdigest().upper()},
    "the hash of another text": {"sha256": hashlib.sha256(b"good\n").hexdigest()},
    "a hash with a space": {"sha256": hashlib.sha256(EVIL.encode()).hexdigest() + " "},
    "CRLF": file_of("evil.ts", "1\r\n2\r\n"),
    "CR": file_of("evil.ts", "1\r2"),
    "a lone surrogate": file_of("evil.ts", "\ud800"),
    "path null": {"path": None},
    "path a number": {"path": 7},
    "path a list": {"path": ["evil.ts"]},
    "path an object": {"path": {"a": "b"}},
    "path true": {"path": True},
    "content null": {"content": None},
    "content a number": {"content": 7},
    "content a list": {"content": ["evil"]},
    "content an object": {"content": {}},
    "hash null": {"sha256": None},
    "hash a number": {"sha256": 10**63},
    "hash a list": {"sha256": []},
}

FILES: Mapping[str, Any] = {
    "null": [None],
    "text": ["evil.ts"],
    "a list": [["evil.ts", EVIL]],
    "an empty object": [{}],
    "without a hash": [{"path": "evil.ts", "content": EVIL}],
    "none": [],
}

FIELDS: Mapping[str, Mapping[str, Any]] = {
    "no target": {"targets": []},
    "targets null": {"targets": None},
    "targets text": {"targets": "typescript"},
    "targets an object": {"targets": {"language": "typescript"}},
    "a target null": {"targets": [None]},
    "a target text": {"targets": ["typescript"]},
    "a target without files": {"targets": [{"language": "typescript", "options": {}}]},
    "files null": {"targets": [{"language": "typescript", "options": {}, "files": None}]},
    "files text": {"targets": [{"language": "typescript", "options": {}, "files": "evil.ts"}]},
    "files an object": {"targets": [{"language": "typescript", "options": {}, "files": {"evil.ts": EVIL}}]},
    "options null": {"targets": [{"language": "typescript", "options": None, "files": [file_of("evil.ts")]}]},
    "options of numbers": {"targets": [{"language": "typescript", "options": {"a": 1}, "files": [file_of("evil.ts")]}]},
    "another language": {"targets": [{"language": "java", "options": {}, "files": [file_of("evil.ts")]}]},
    "no language": {"targets": [{"language": None, "options": {}, "files": [file_of("evil.ts")]}]},
    "two targets": {"targets": [{"language": "typescript", "options": {}, "files": [file_of("evil.ts")]}] * 2},
    "unchanged without being asked": {"unchanged": True, "targets": []},
    "unchanged text": {"unchanged": "no"},
    "unchanged null": {"unchanged": None},
    "revision text": {"revision": "1"},
    "revision null": {"revision": None},
    "revision true": {"revision": True},
    "revision a fraction": {"revision": 1.5},
    "revision an infinity": {"revision": float("inf")},
    "code hash null": {"code_hash": None},
    "code hash a number": {"code_hash": 7},
    "code hash a lone surrogate": {"code_hash": "\ud800"},
    "generator null": {"generator": None},
    "generator a lone surrogate": {"generator": "1.\udfff"},
}


def hostile_lists() -> Iterator[HostileList]:
    """All of them; each has an innocent file too, so that writing a part of it is seen."""
    innocent = file_of(INNOCENT, "// a part of it\n")
    for rule, paths in PATHS.items():
        for number, path in enumerate(paths):
            yield HostileList(f"{rule} {number}", (innocent, file_of(path)), path=path, is_named=True)
    for rule, pair in SETS.items():
        files = (innocent, *(file_of(path, f"{number}\n") for number, path in enumerate(pair)))
        yield HostileList(f"set: {rule}", files, path=pair[0])
    for rule, fields in CONTENTS.items():
        yield HostileList(f"content: {rule}", (innocent, file_of("evil.ts") | dict(fields)), path="evil.ts")
    for rule, files in FILES.items():
        yield HostileList(f"file: {rule}", files)
    for rule, fields in FIELDS.items():
        yield HostileList(f"field: {rule}", (innocent,), bent=fields)
    yield from _huge()


def _huge() -> Iterator[HostileList]:
    many = [file_of(f"f{number}.ts", "") for number in range(fetch.MAX_FILES_A_TARGET + 1)]
    yield HostileList("too many files", many, is_huge=True)
    long_file = file_of("evil.ts", "x" * (fetch.MAX_FILE_BYTES + 1))
    yield HostileList("too large a file", [file_of(INNOCENT), long_file], is_huge=True)
