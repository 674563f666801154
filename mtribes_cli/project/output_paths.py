"""The rules for paths that generated code may have: a target's output folder and the files below it.

Pure: text in, the first fault of each path out. What is on the disk at a path is the concern of `generate.worktree`.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from mtribes_cli.files.real_paths import fold_case, is_repository_folder

MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 1024
MAX_TARGETS = 1_000  # of a project: each is compared with each
STAGING_PREFIX = ".mtribes-"
JOURNAL_NAME = ".mtribes-journal.json"
ROOT_ONLY_NAMES = frozenset({".gitattributes"})

_WINDOWS_DEVICES = frozenset(
    {
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
    }
)
_REPOSITORY_FILES = frozenset({"head", "commondir"})
_FILE_PUNCTUATION = str.maketrans(".-_", "aaa")
_WINDOWS_FORBIDDEN = frozenset('<>:"|?*')


def output_fault(output: str) -> str | None:
    """Return the problem with `output` as a target's folder inside the project, or None."""
    if fault := _shape_fault(output):
        return fault
    for name in output.split("/"):
        if fault := _name_fault(name) or _output_name_fault(name):
            return fault
    return None


def file_fault(path: str) -> str | None:
    """Return the problem with `path` as a generated file below an output folder, or None."""
    if fault := _shape_fault(path):
        return fault
    if path in ROOT_ONLY_NAMES:
        return None
    for name in path.split("/"):
        if fault := _name_fault(name) or _file_name_fault(name):
            return fault
    return None


def collisions(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return each path that cannot exist beside the others on some file system, with the reason."""
    files: dict[str, str] = {}
    top = _Folder("", "")
    for path in sorted(paths):
        twin = files.setdefault(fold_case(path), path)
        if twin != path:
            yield path, f"is the same as {twin!r} when case and Unicode form are ignored"
        yield from _folder_twins(path, top)
    for key in sorted(files):
        if (folder := top.below(key.split("/"))) is not None:
            yield files[key], f"is also the folder of {folder.first!r}"


class _Folder:
    """A folder of paths: as the first of them writes it, with the folders in it by their folded names."""

    __slots__ = ("first", "folders", "name")

    def __init__(self, name: str, first: str) -> None:
        self.name, self.first = name, first
        self.folders: dict[str, _Folder] = {}

    def below(self, folded_names: Sequence[str]) -> "_Folder | None":
        """Return the folder at the end of these names, if there is one."""
        folder: _Folder | None = self
        for name in folded_names:
            folder = folder.folders.get(name) if folder else None
        return folder


def _folder_twins(path: str, top: _Folder) -> Iterator[tuple[str, str]]:
    """Note the folders of `path`; yield it if one of them is written in two ways. Takes one step per name."""
    around = top
    for name in path.split("/")[:-1]:
        key = fold_case(name)
        folder = around.folders.get(key)
        if folder is None:
            folder = around.folders[key] = _Folder(name, path)
        elif folder.name != name:
            twin = folder.first
            yield path, f"is in a folder that is the same as one of {twin!r} when case and Unicode form are ignored"
            return
        around = folder


def overlapping(outputs: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Return the position of each output that is equal to, around or in an earlier one, and of that one."""
    seen: list[tuple[str, str]] = []
    for position, output in enumerate(outputs):
        key = fold_case(output) + "/"
        for other_key, other in seen:
            if key.startswith(other_key) or other_key.startswith(key):
                yield position, other
                break
        seen.append((key, output))


def _shape_fault(path: str) -> str | None:
    if not path:
        return "is empty"
    if "\\" in path:
        return "contains a backslash; use '/' to separate folders"
    if path.startswith("/"):
        return "is absolute"
    if path[1:2] == ":":
        return "starts with a drive"
    if path.startswith("~"):
        return "starts with '~'"
    if _byte_length(path) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    return None


def _name_fault(name: str) -> str | None:
    if not name:
        return "contains an empty name"
    if name in (".", ".."):
        return f"contains {name!r}"
    if _has_invisible(name):
        return "contains a control, invisible or undefined character"
    if name.startswith("-"):
        return "has a name that starts with '-'"
    if name.endswith((".", " ")):
        return "has a name that ends with a dot or a space"
    if name.partition(".")[0].rstrip(" ").lower() in _WINDOWS_DEVICES:
        return f"contains {name!r}, which is a device name on Windows"
    if _byte_length(name) > MAX_NAME_BYTES:
        return f"contains a name longer than {MAX_NAME_BYTES} bytes"
    return None


def _has_invisible(name: str) -> bool:
    """Return whether a text has an invisible character: a control, a format, an unassigned one."""
    if name.isascii():
        return not name.isprintable()
    return any(unicodedata.category(character).startswith("C") for character in name)


def _file_name_fault(name: str) -> str | None:
    if not (name.isascii() and name.translate(_FILE_PUNCTUATION).isalnum()):
        return "has a name with characters other than letters, digits, '.', '_' and '-'"
    if name.startswith("."):
        return "has a name that starts with a dot"
    if name.lower() in _REPOSITORY_FILES:
        return f"contains {name!r}, which marks a folder as a git repository"
    return None


def _output_name_fault(name: str) -> str | None:
    if name.startswith(" ") or _WINDOWS_FORBIDDEN.intersection(name):
        return f"contains {name!r}, which is not allowed in names on Windows"
    if is_repository_folder(name):
        return "is inside a repository's own folder"
    if name.startswith(STAGING_PREFIX):
        return f"has a name that starts with {STAGING_PREFIX!r}, which is reserved for temporary files"
    return None


def _byte_length(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
