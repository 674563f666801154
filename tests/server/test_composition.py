"""The composition root has what each handler says that it needs of the features' services."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, get_args, get_type_hints

import pytest
from typing_extensions import is_protocol

from templates_server.composition import FeatureServices
from templates_server.features.console.visit import ConsoleServices
from templates_server.routes import ROUTES


def protocols_of(handler: Any) -> list[type]:
    """The protocols in the annotations of a handler."""
    hints = get_type_hints(inspect.unwrap(handler)).values()
    return [kind for hint in hints for kind in get_args(hint) if is_protocol(kind)]


def needed_protocols() -> list[type]:
    """Those of all handlers, each once; pages of the console share one."""
    found = [kind for route in ROUTES for kind in protocols_of(route.handler)]
    return list(dict.fromkeys([ConsoleServices, *found]))


@pytest.mark.parametrize("protocol", needed_protocols(), ids=lambda kind: kind.__name__)
def test_the_services_that_a_handler_needs_are_there(protocol: type) -> None:
    has = get_type_hints(FeatureServices)
    needs = {
        name: get_type_hints(member.fget)["return"]
        for kind in protocol.__mro__
        for name, member in vars(kind).items()
        if isinstance(member, property)
    }
    assert needs
    assert {name: has.get(name) for name in needs} == needs


def test_every_service_of_a_feature_is_needed_by_a_handler_or_works_by_itself() -> None:
    needed = {name for protocol in needed_protocols() for name in dir(protocol) if not name.startswith("_")}
    by_themselves = {"daily_count_job", "last_used_tracker", "name_count_job", "retention_job"}
    assert {field.name for field in dataclasses.fields(FeatureServices)} == needed | by_themselves
