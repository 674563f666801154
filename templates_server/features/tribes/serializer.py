"""Tribes as a document in canonical form: equal for equal tribes, and parsed back to the same tribes. Pure."""

from __future__ import annotations

from typing import Any

from templates_server.features.people.profile import Scalar
from templates_server.features.tribes.model import (
    Comparison,
    EventFilter,
    Filter,
    Frequency,
    FrequencyKind,
    Operator,
    Origin,
    ShareFilter,
    TagFilter,
    Timeframe,
    TimeframeKind,
    TribeDefinition,
    Tribes,
)
from templates_server.features.tribes.percentages import to_percent

WITHOUT_VALUE = frozenset({Operator.EXISTS, Operator.NOT_EXISTS})
OF_DAYS = frozenset({Operator.LESS_THAN_DAYS_AGO, Operator.MORE_THAN_DAYS_AGO})
OF_ATTRIBUTES = frozenset({Origin.TEXT, Origin.DATE, Origin.VERSION})
WITH_LIST = frozenset({Operator.IN, Operator.NOT_IN, Operator.BETWEEN})


def to_document(tribes: Tribes, *, space: str) -> dict[str, Any]:
    """Return tribes in canonical form, suitable for JSON and YAML, without the revision."""
    return {"space": space, "tribes": {key: to_tribe_document(tribes[key]) for key in sorted(tribes)}}


def to_tribe_document(tribe: TribeDefinition) -> dict[str, Any]:
    """Return one tribe in canonical form, without its key."""
    document: dict[str, Any] = {"name": tribe.name}
    if tribe.description:
        document["description"] = tribe.description
    if tribe.category:
        document["category"] = tribe.category
    document |= {"audience": tribe.audience.value, "match": tribe.match.value}
    return {**document, "filters": [to_filter_document(each) for each in tribe.filters]}


def to_filter_document(each: Filter) -> dict[str, Any]:
    """Return one filter in canonical form."""
    match each:
        case TagFilter(tag):
            return {"tag": tag}
        case EventFilter():
            return _event_document(each)
        case Comparison():
            return _comparison_document(each)
        case ShareFilter(salt, starts, ends):
            return {"share": {"salt": salt, "from": to_percent(starts), "to": to_percent(ends)}}


def _comparison_document(comparison: Comparison) -> dict[str, Any]:
    source = comparison.source
    kind = Origin.ATTRIBUTE if source.origin in OF_ATTRIBUTES else source.origin
    return {kind.value: source.path, **_operator_document(comparison)}


def _operator_document(comparison: Comparison) -> dict[str, Any]:
    operator = comparison.operator
    document: dict[str, Any] = {"operator": operator.value}
    if operator in WITHOUT_VALUE:
        return document
    if operator in OF_DAYS:
        return {**document, "value": comparison.days}
    if comparison.version is not None:
        return {**document, "value": comparison.version.text}
    values: list[Scalar] = [*comparison.values, *(moment.text for moment in comparison.moments)]
    return {**document, "value": values if operator in WITH_LIST else values[0]}


def _event_document(done: EventFilter) -> dict[str, Any]:
    question = done.question
    document: dict[str, Any] = {
        "event": question.name,
        "condition": done.condition.value,
        "frequency": _frequency_document(done.frequency),
        "timeframe": _timeframe_document(question.timeframe),
    }
    if question.metadata:
        document["metadata"] = dict(question.metadata)
    return {**document, "data": [_data_document(each) for each in question.data]} if question.data else document


def _data_document(comparison: Comparison) -> dict[str, Any]:
    return {"path": list(comparison.source.steps), **_operator_document(comparison)}


def _frequency_document(frequency: Frequency) -> Any:
    return "any" if frequency.kind is FrequencyKind.ANY else {frequency.kind.value: frequency.number}


def _timeframe_document(timeframe: Timeframe) -> Any:
    if timeframe.kind is TimeframeKind.ANY_TIME:
        return TimeframeKind.ANY_TIME.value
    return {timeframe.kind.value: timeframe.days if timeframe.moment is None else timeframe.moment.text}
