"""Images in properties: displayed on request, never loaded by a page itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from templates_server.features.spaces.model import Property, PropertyType, SpaceModel
from templates_server.features.spaces.property_values import MAX_URL_CHARACTERS, is_web_address

Pictures = Mapping[str, frozenset[str]]
"""The image properties by experience."""


def pictures_of(model: SpaceModel) -> Pictures:
    """Return the image properties of each experience."""
    return {key: frozenset(_image_keys(found.properties)) for key, found in model.experience_by_key.items()}


def has_pictures(properties: Iterable[Property]) -> bool:
    """Return whether any of the properties is an image."""
    return any(True for _ in _image_keys(properties))


def address_of(value: Any) -> str:
    """Return the http(s) URL in a value, as a page may link to it; "" if there is none."""
    if not isinstance(value, str) or len(value) > MAX_URL_CHARACTERS:
        return ""
    text = value.strip()
    return text if is_web_address(text) else ""


def _image_keys(properties: Iterable[Property]) -> Iterable[str]:
    return (each.key for each in properties if each.type is PropertyType.IMAGE)
