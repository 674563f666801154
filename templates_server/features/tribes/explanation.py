"""A verdict in words: the condition of each filter, the value found, and the result. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from templates_server.features.people.app_versions import version_text
from templates_server.features.people.identity import PersonKind
from templates_server.features.people.profile import Scalar
from templates_server.features.tribes.evaluator import FilterVerdict, PersonValue, ShareBucket, TribeOutcome, Verdict
from templates_server.features.tribes.model import (
    Audience,
    Comparison,
    EventCondition,
    EventFilter,
    Filter,
    Frequency,
    FrequencyKind,
    Match,
    Operator,
    Origin,
    ShareFilter,
    TagFilter,
    Timeframe,
    TimeframeKind,
    TribeDefinition,
)
from templates_server.features.tribes.percentages import to_percent
from templates_server.features.tribes.schemas import ExplainedFilter, Explanation
from templates_server.features.tribes.serializer import to_filter_document
from templates_server.primitives.integers import counted
from templates_server.primitives.shares import BUCKETS
from templates_server.primitives.timestamps import to_day, to_rfc3339
from templates_server.primitives.yaml_json import quote_text

ASKED: Mapping[Operator, str] = {
    Operator.EXISTS: "exists",
    Operator.NOT_EXISTS: "does not exist",
    Operator.EQUALS: "equals {}",
    Operator.NOT_EQUALS: "does not equal {}",
    Operator.IN: "is one of {}",
    Operator.NOT_IN: "is none of {}",
    Operator.CONTAINS: "contains {}",
    Operator.NOT_CONTAINS: "does not contain {}",
    Operator.STARTS_WITH: "starts with {}",
    Operator.ENDS_WITH: "ends with {}",
    Operator.GREATER_THAN: "is greater than {}",
    Operator.GREATER_OR_EQUAL: "is {} or greater",
    Operator.LESS_THAN: "is less than {}",
    Operator.LESS_OR_EQUAL: "is {} or less",
    Operator.BETWEEN: "is between {}",
    Operator.BEFORE: "is before {}",
    Operator.AFTER: "is after {}",
    Operator.ON_DAY: "is on {}",
    Operator.LESS_THAN_DAYS_AGO: "is less than {} ago",
    Operator.MORE_THAN_DAYS_AGO: "is more than {} ago",
    Operator.VERSION_EQUALS: "is version {}",
    Operator.VERSION_AT_LEAST: "is at least version {}",
    Operator.VERSION_BELOW: "is below version {}",
}
CONDITIONS: Mapping[EventCondition, str] = {
    EventCondition.HAVE_DONE: "has done",
    EventCondition.HAVE_NOT_DONE: "has not done",
}
FREQUENCIES: Mapping[FrequencyKind, str] = {
    FrequencyKind.MORE_THAN: "more than {}",
    FrequencyKind.LESS_THAN: "less than {}",
    FrequencyKind.EXACTLY: "exactly {}",
}
TIMEFRAMES: Mapping[TimeframeKind, str] = {
    TimeframeKind.MORE_THAN: ", more than {} ago",
    TimeframeKind.LESS_THAN: ", less than {} ago",
    TimeframeKind.EXACTLY: ", exactly {} ago",
    TimeframeKind.AFTER: ", after {}",
    TimeframeKind.ON_DAY: ", on {}",
    TimeframeKind.BEFORE: ", before {}",
    TimeframeKind.ANY_TIME: "",
}
SAID: Mapping[TribeOutcome, str] = {
    TribeOutcome.MATCHED: "matches",
    TribeOutcome.NOT_MATCHED: "does not match",
    TribeOutcome.UNKNOWN: "cannot be determined here",
}
AUDIENCES: Mapping[Audience, str] = {Audience.USERS: "users", Audience.VISITORS: "visitors"}
MATCHES: Mapping[Match, str] = {Match.ANY: "one of its filters must match", Match.ALL: "all of its filters must match"}
NOBODY_SAID = "an app sends it when a session starts"


def explain(tribe: TribeDefinition, verdict: Verdict, *, person: str, kind: PersonKind) -> Explanation:
    """Explain why that person is in the tribe or not."""
    return Explanation(
        tribe.key,
        tribe.name,
        person,
        kind.value,
        verdict.outcome.value,
        verdict.in_audience,
        tribe.audience.value,
        tribe.match.value,
        _reason(tribe, verdict, kind),
        [explain_filter(each) for each in verdict.filters],
    )


def _reason(tribe: TribeDefinition, verdict: Verdict, kind: PersonKind) -> str:
    if not verdict.in_audience:
        return f"the tribe is for {AUDIENCES[tribe.audience]}, and this is a {kind.value}"
    if not verdict.filters:
        return "the tribe has no filters: it contains its whole audience"
    matched = sum(each.outcome is TribeOutcome.MATCHED for each in verdict.filters)
    unknown = sum(each.outcome is TribeOutcome.UNKNOWN for each in verdict.filters)
    open_ones = f", {unknown} cannot be determined here" if unknown else ""
    return f"{MATCHES[tribe.match]}; {matched} of {len(verdict.filters)} {'do' if matched != 1 else 'does'}{open_ones}"


def explain_filter(verdict: FilterVerdict) -> ExplainedFilter:
    """Explain the result of a filter."""
    asked, found = describe_filter(verdict.filter), _found_in_words(verdict)
    why = f"{asked}: {found}; {SAID[verdict.outcome]}"
    if verdict.outcome is TribeOutcome.UNKNOWN:
        why = f"{asked}: {SAID[verdict.outcome]}, {NOBODY_SAID}"
    return ExplainedFilter(to_filter_document(verdict.filter), verdict.outcome.value, asked, _found_value(verdict), why)


def describe_filter(each: Filter) -> str:
    """Describe the condition of a filter."""
    match each:
        case TagFilter(tag):
            return f"has the tag {tag} or a tag below it"
        case EventFilter():
            return _asked_of_event(each)
        case Comparison():
            return _asked_of_value(each)
        case ShareFilter(salt):
            return f"is in the share {_range(each)} of {quote_text(salt)}"


def _asked_of_value(comparison: Comparison) -> str:
    return f"{comparison.source.path} {ASKED[comparison.operator].format(_compared_with(comparison))}"


def _range(share: ShareFilter) -> str:
    return f"{to_percent(share.starts)} to {to_percent(share.ends)}%"


def _compared_with(comparison: Comparison) -> str:
    if comparison.operator in {Operator.LESS_THAN_DAYS_AGO, Operator.MORE_THAN_DAYS_AGO}:
        return counted(comparison.days or 0, "day")
    if comparison.version is not None:
        return comparison.version.text
    values = [*map(_in_words, comparison.values), *(moment.text for moment in comparison.moments)]
    return (" and " if comparison.operator is Operator.BETWEEN else ", ").join(values)


def _asked_of_event(done: EventFilter) -> str:
    question = done.question
    metadata = " and ".join(f"{key} {quote_text(value)}" for key, value in question.metadata)
    data = " and ".join(_asked_of_value(each) for each in question.data)
    return (
        f"{CONDITIONS[done.condition]} {question.name}{_often(done.frequency)}{_when(question.timeframe)}"
        f"{f', with {metadata}' if metadata else ''}{f', where {data}' if data else ''}"
    )


def _often(frequency: Frequency) -> str:
    if frequency.kind is FrequencyKind.ANY:
        return " at least once"
    return f" {FREQUENCIES[frequency.kind].format(_times(frequency.number))}"


def _when(timeframe: Timeframe) -> str:
    said = counted(timeframe.days, "day") if timeframe.moment is None else timeframe.moment.text
    return TIMEFRAMES[timeframe.kind].format(said)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _in_words(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote_text(value) if isinstance(value, str) else str(value)


def _found_value(verdict: FilterVerdict) -> Scalar | list[str] | None:
    match verdict.found:
        case PersonValue(str(key)) if _is_of_version(verdict.filter):
            return version_text(key)
        case PersonValue(value, moment):
            return to_rfc3339(moment) if value is None and moment is not None else value
        case tuple() as tags:
            return list(tags)
        case ShareBucket(_, bucket):
            return bucket
        case count:
            return count


def _found_in_words(verdict: FilterVerdict) -> str:
    match verdict.found:
        case PersonValue(str(key)) if _is_of_version(verdict.filter):
            return f"it is version {version_text(key)}"
        case PersonValue(None, None):
            return "it does not exist"
        case PersonValue(None, int(moment)):
            return f"it is {to_day(moment)}" if _is_midnight(moment) else f"it is {to_rfc3339(moment)}"
        case PersonValue(value):
            return f"it is {_in_words(value)}" if value is not None else ""
        case tuple() as tags:
            return _listed(tags)
        case ShareBucket(share, bucket):
            place = "within" if share.holds(bucket) else "not within"
            return f"bucket {bucket:,} of {BUCKETS:,}: {place} {_range(share)}"
        case count:
            return f"found {_times(count)}" if count else "never found"


def _is_of_version(each: Filter) -> bool:
    return isinstance(each, Comparison) and each.source.origin is Origin.VERSION


def _is_midnight(moment: int) -> bool:
    return to_rfc3339(moment).endswith("T00:00:00Z")


def _listed(tags: Sequence[str]) -> str:
    return f"found {', '.join(tags)}" if tags else "no such tag"
