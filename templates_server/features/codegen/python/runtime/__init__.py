"""The runtime of generated code: the same for every space, on nothing but Python."""

from .client import Client
from .entities import (
    EntitySource,
    Experience,
    ExperienceState,
    Item,
    Section,
    SectionState,
)
from .layers import Listener, Stop
from .log import Logger
from .reading import AnyFields
from .served import (
    GeneratedCode,
    SessionFailure,
    SessionState,
    SessionStatus,
    Snapshot,
)
from .session import SessionOf
from .space import Blueprint, Options, SpaceOf
from .storage import FileStorage, Storage
from .tracking import Event, Pair
from .transport import HttpRequest, HttpResponse, Transport, urllib_transport
from .values import Color, ColorValue, ExperienceType, Rule, as_date

__all__ = [
    "AnyFields",
    "Blueprint",
    "Client",
    "Color",
    "ColorValue",
    "EntitySource",
    "Event",
    "Experience",
    "ExperienceState",
    "ExperienceType",
    "FileStorage",
    "GeneratedCode",
    "HttpRequest",
    "HttpResponse",
    "Item",
    "Listener",
    "Logger",
    "Options",
    "Pair",
    "Rule",
    "Section",
    "SectionState",
    "SessionFailure",
    "SessionOf",
    "SessionState",
    "SessionStatus",
    "Snapshot",
    "SpaceOf",
    "Stop",
    "Storage",
    "Transport",
    "as_date",
    "urllib_transport",
]
