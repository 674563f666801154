"""The proposals of `setup` from the content of a project's folder: languages, output folders, options."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mtribes_cli.files.bounded_reader import MAX_PROJECT_FILE_BYTES, read_regular_file
from mtribes_cli.project.project_file import PACKAGE_LANGUAGES, PREFIX_LANGUAGES

FOLDER = "mtspace"
_GRADLE = ("build.gradle.kts", "build.gradle", "app/build.gradle.kts", "app/build.gradle")
_SOURCES_OF_JVM = re.compile(r"(?:^|/)(?:java|kotlin)/(?P<package>.+)$")
_PACKAGE = re.compile(r"[a-z_][a-z0-9_]*(?:/[a-z_][a-z0-9_]*)*")


def found_languages(folder: Path) -> Sequence[str]:
    """Return the languages of the project in that folder, the most likely first; none if nothing tells."""
    return tuple(dict.fromkeys(_found(folder)))


def usual_output(folder: Path, language: str, space: str) -> str:
    """Return the usual output of a Space's code in such a project."""
    module = _module(space)
    match language:
        case "kotlin" | "java":
            app = "app/" if (folder / "app" / "src").is_dir() else ""
            sources = "kotlin" if language == "kotlin" and (folder / app / "src/main/kotlin").is_dir() else "java"
            return f"{app}src/main/{sources}/{FOLDER}/{module}"
        case "swift":
            return f"Sources/{FOLDER}/{space}"
        case "brightscript":
            return f"components/{FOLDER}/{space}"
        case "python":
            source = "src/" if (folder / "src").is_dir() else ""
            return f"{source}{FOLDER}/{module}"
    return f"src/{FOLDER}/{space}"


def usual_options(language: str, output: str, space: str) -> Mapping[str, str]:
    """Return the usual values of options: a package from the folder, a prefix from the name of the Space."""
    if language in PACKAGE_LANGUAGES:
        found = _SOURCES_OF_JVM.search(output)
        is_package = found is not None and _PACKAGE.fullmatch(found["package"])
        return {"package": found["package"].replace("/", ".") if found and is_package else f"{FOLDER}.{_module(space)}"}
    if language in PREFIX_LANGUAGES:
        return {"prefix": "".join(word.capitalize() for word in re.findall("[a-z0-9]+", space.lower()))}
    return {}


def _module(space: str) -> str:
    return re.sub("[^a-z0-9_]", "_", space.lower())


def _found(folder: Path) -> Iterator[str]:
    if (folder / "package.json").is_file():
        has_types = (folder / "tsconfig.json").is_file() or '"typescript"' in _text(folder / "package.json")
        yield "typescript" if has_types else "javascript"
    for name in _GRADLE:
        if (folder / name).is_file() and "kotlin" in _text(folder / name):
            yield "kotlin"
    if any((folder / name).is_file() for name in (*_GRADLE, "pom.xml")):
        yield "java"
    if (folder / "Package.swift").is_file() or any(folder.glob("*.xcodeproj")):
        yield "swift"
    if re.search(r"^\s*title\s*=", _text(folder / "manifest"), re.MULTILINE):
        yield "brightscript"
    if any((folder / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg")):
        yield "python"


def _text(path: Path) -> str:
    """Return the text of a file; "" if it is missing, no file, or too large."""
    try:
        return read_regular_file(path, MAX_PROJECT_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
