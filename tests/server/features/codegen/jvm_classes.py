"""What compiled classes of the JVM refer to, and what of that Java 8 or Android 21 lacks.

`android21.txt` lists the classes that generated code may use: those of Java 7, whose library is Android 21's, in the
packages that a runtime needs. A line is a class, the classes and interfaces that it inherits from, and its members.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

API = Path(__file__).with_name("android21.txt")
DESUGARED = ("java/lang/invoke/",)
"""What stands for lambdas in a class file: Android's build tools replace it."""

_UTF8, _INTEGER, _FLOAT, _LONG, _DOUBLE, _CLASS, _STRING = 1, 3, 4, 5, 6, 7, 8
_FIELD, _METHOD, _INTERFACE_METHOD, _NAME_AND_TYPE = 9, 10, 11, 12
_METHOD_HANDLE, _METHOD_TYPE, _DYNAMIC, _INVOKE_DYNAMIC, _MODULE, _PACKAGE = 15, 16, 17, 18, 19, 20
_SIZES = {
    **dict.fromkeys((_INTEGER, _FLOAT, _FIELD, _METHOD, _INTERFACE_METHOD, _NAME_AND_TYPE), 4),
    **dict.fromkeys((_DYNAMIC, _INVOKE_DYNAMIC), 4),
    **dict.fromkeys((_LONG, _DOUBLE), 8),
    **dict.fromkeys((_CLASS, _STRING, _METHOD_TYPE, _MODULE, _PACKAGE), 2),
    _METHOD_HANDLE: 3,
}
_IN_DESCRIPTOR = re.compile(r"L([^;<>]+);")


@dataclass(frozen=True, slots=True)
class Reference:
    """A member that a class refers to; `member` is "" where it is the class alone."""

    owner: str
    member: str
    descriptor: str = ""

    def __str__(self) -> str:
        return f"{self.owner}.{self.member}{self.descriptor}" if self.member else self.owner


@dataclass(frozen=True, slots=True)
class ClassFile:
    """A class file: its name as `java/util/Map`, the version of its format, what it inherits and refers to."""

    name: str
    major_version: int
    inherited: Sequence[str]
    references: frozenset[Reference]


def read_class(data: bytes) -> ClassFile:
    """The class file (JVMS 4); ValueError for anything else."""
    if data[:4] != b"\xca\xfe\xba\xbe":
        raise ValueError("not a class file")
    (major_version,) = struct.unpack_from(">H", data, 6)
    pool, at = _read_pool(data)
    this, parent, interfaces = struct.unpack_from(">HHH", data, at + 2)
    inherited = struct.unpack_from(f">{interfaces}H", data, at + 8)
    names = [_class_name(pool, index) for index in (parent, *inherited) if index]
    return ClassFile(_class_name(pool, this), major_version, names, frozenset(_references(pool)))


def _read_pool(data: bytes) -> tuple[dict[int, tuple[int, bytes]], int]:
    """The constants by number, each with its tag, and where the rest of the file begins."""
    (count,) = struct.unpack_from(">H", data, 8)
    pool: dict[int, tuple[int, bytes]] = {}
    at, number = 10, 1
    while number < count:
        tag = data[at]
        size = 2 + struct.unpack_from(">H", data, at + 1)[0] if tag == _UTF8 else _SIZES[tag]
        pool[number] = (tag, data[at + 1 : at + 1 + size])
        at += 1 + size
        number += 2 if tag in (_LONG, _DOUBLE) else 1  # those take two numbers
    return pool, at


def _text(pool: Mapping[int, tuple[int, bytes]], number: int) -> str:
    return pool[number][1][2:].decode("utf-8", "replace")


def _class_name(pool: Mapping[int, tuple[int, bytes]], number: int) -> str:
    (name,) = struct.unpack(">H", pool[number][1])
    return _text(pool, name)


def _references(pool: Mapping[int, tuple[int, bytes]]) -> Iterator[Reference]:
    for tag, data in pool.values():
        if tag == _CLASS:
            (name,) = struct.unpack(">H", data)
            yield from _named(_text(pool, name))
        elif tag in (_FIELD, _METHOD, _INTERFACE_METHOD):
            owner, name_and_type = struct.unpack(">HH", data)
            name, descriptor = struct.unpack(">HH", pool[name_and_type][1])
            for of in _named(_class_name(pool, owner)):
                yield Reference(of.owner, _text(pool, name), _text(pool, descriptor))
        elif tag == _NAME_AND_TYPE:
            _, descriptor = struct.unpack(">HH", data)
            yield from (Reference(name, "") for name in _IN_DESCRIPTOR.findall(_text(pool, descriptor)))


def _named(text: str) -> Iterator[Reference]:
    """The class of a constant, which may be that of an array; none for an array of numbers."""
    if not text.startswith("["):
        yield Reference(text, "")
    else:
        yield from (Reference(name, "") for name in _IN_DESCRIPTOR.findall(text))


@dataclass(frozen=True, slots=True)
class KnownClass:
    """A class of the list."""

    inherited: Sequence[str]
    members: frozenset[str]


@functools.cache
def known_classes() -> Mapping[str, KnownClass]:
    """The classes that may be used, by name."""
    known: dict[str, KnownClass] = {}
    for line in API.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, inherited, members = line.split("|")
            known[name] = KnownClass(inherited.split(), frozenset(members.split()))
    return known


def is_known(reference: Reference) -> bool:
    """Whether the list has the class, and the member in it or in what it inherits from."""
    known = known_classes().get(reference.owner)
    if known is None or not reference.member:
        return known is not None
    return reference.member in known.members or any(
        is_known(Reference(parent, reference.member)) for parent in known.inherited
    )


def class_files(folder: Path) -> list[ClassFile]:
    """All classes below the folder."""
    return [read_class(path.read_bytes()) for path in sorted(folder.rglob("*.class"))]


def references_beyond(folder: Path, own: Sequence[str]) -> list[str]:
    """What the classes below the folder refer to and the list lacks; names that begin as one of `own` are left out."""
    beyond: set[str] = set()
    for file in class_files(folder):
        referred = {*file.references, *(Reference(parent, "") for parent in file.inherited)}
        beyond |= {
            f"{file.name}: {reference}"
            for reference in referred
            if not reference.owner.startswith((*own, *DESUGARED)) and not is_known(reference)
        }
    return sorted(beyond)
