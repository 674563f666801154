"""Names for generated code: keys as words, unique within a scope, the same for all languages.

Turning words into an identifier (case, reserved words) is up to each language: `codegen/<language>/`.
"""

from __future__ import annotations

import enum
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from templates_server.features.spaces.model import SpaceModel

MAX_SLUG_CHARACTERS = 80
"""The maximum length of a name, longer than any key of a model; file systems and line lengths are limited."""

HASH_CHARACTERS = 8
_WORD = re.compile(r"[A-Za-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class NameScope(enum.StrEnum):
    """A scope within which names must be unique."""

    EXPERIENCE = "experience"
    SECTION = "section"
    COLLECTION = "collection"
    PROPERTY = "property"
    CHILD = "child"
    EVENT = "event"
    METADATA = "metadata"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Name:
    """A key as lower-case ASCII words, the first one beginning with a letter; `suffix` only if it is required."""

    key: str
    words: tuple[str, ...]
    suffix: str = ""

    @property
    def camel(self) -> str:
        """Return a name such as `titleIds`, with a suffix `foo1_1b2c3d4e`."""
        first, *rest = self.words
        return first + "".join(word.capitalize() for word in rest) + self._tail

    @property
    def pascal(self) -> str:
        """Return a name such as `TitleIds`."""
        return "".join(word.capitalize() for word in self.words) + self._tail

    @property
    def snake(self) -> str:
        """Return a name such as `title_ids`."""
        return "_".join(self.words) + self._tail

    @property
    def _tail(self) -> str:
        return f"_{self.suffix}" if self.suffix else ""


@dataclass(frozen=True, slots=True)
class ModelNames:
    """The names of a whole model, by key; `properties`, `children` and `metadata` by owner and key."""

    experiences: Mapping[str, Name]
    sections: Mapping[str, Name]
    collections: Mapping[str, Name]
    properties: Mapping[str, Mapping[str, Name]]
    children: Mapping[str, Mapping[str, Name]]
    events: Mapping[str, Name]
    metadata: Mapping[str, Mapping[str, Name]]
    fields: Mapping[str, Name]


def short_hash(key: str) -> str:
    """Return a short hash that distinguishes a key from similar ones."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARACTERS]


def slug(key: str) -> tuple[str, ...]:
    """Return the words of a key: ASCII, lower case, never empty, never beginning with a digit."""
    ascii_text = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode("ascii")
    words = [word.lower() for run in _WORD.findall(ascii_text) for word in _HUMP.split(run)]
    if not words:
        return ("x",)
    if words[0][0].isdigit():
        words[0] = "n" + words[0]
    return tuple(words)


def name_scope(keys: Iterable[str]) -> dict[str, Name]:
    """Return a unique name for each key, ignoring case and word boundaries.

    A key has the same name in every scope in which no similar key exists. All similar keys get a hash of their key,
    whatever their order; so do keys that are too long or have no ASCII letter or digit.
    """
    words_by_key = {key: slug(key) for key in keys}
    seen = Counter("".join(words) for words in words_by_key.values())
    return {key: _name(key, words, clashes=seen["".join(words)] > 1) for key, words in words_by_key.items()}


def _name(key: str, words: tuple[str, ...], *, clashes: bool) -> Name:
    folded = "".join(words)
    if len(folded) > MAX_SLUG_CHARACTERS:
        return Name(key, (folded[:MAX_SLUG_CHARACTERS],), short_hash(key))
    if clashes or not _WORD.search(unicodedata.normalize("NFKD", key)):
        return Name(key, words, short_hash(key))
    return Name(key, words)


def name_model(model: SpaceModel) -> ModelNames:
    """Return the names of everything in the model."""
    return ModelNames(
        experiences=name_scope(experience.key for experience in model.experiences),
        sections=name_scope(section.key for section in model.sections),
        collections=name_scope(collection.key for collection in model.collections),
        properties={
            experience.key: name_scope(item.key for item in experience.properties) for experience in model.experiences
        },
        children={
            collection.key: name_scope(child.key for child in collection.children) for collection in model.collections
        },
        events=name_scope(event.key for event in model.events),
        metadata={event.key: name_scope(item.key for item in event.metadata) for event in model.events},
        fields=name_scope(field.key for field in model.fields),
    )
