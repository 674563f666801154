"""What `setup` proposes by what lies in a project's folder: languages, folders for the code, values of options."""

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
    """The languages of the project in that folder, the surest first; none where nothing tells."""
    return tuple(dict.fromkeys(_found(folder)))


def usual_output(folder: Path, language: str, space: str) -> str:
    """Where the code of a Space goes in such a project, as a target's `output`."""
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
    """What the options are that are worth asking for: a package as the folder says, a prefix as the Space is called."""
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
    """What a file says; nothing where it is not there, is no file, or is too large to be what is looked for."""
    try:
        return read_regular_file(path, MAX_PROJECT_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
