"""Counters and their Prometheus text (exposition format 0.0.4). No HTTP; labels contain no personal data."""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"  # a path that leads nowhere is anybody's text
PREFIX = "mtribes"


@dataclass
class _Durations:
    """A histogram: the counts up to each bound and beyond the last, and the sum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_SECONDS) + 1))
    sum_seconds: float = 0.0


class Metrics:
    """The counters of a process since its start. `gauges` are evaluated on each read."""

    def __init__(
        self, *, version: str, gauges: Mapping[str, tuple[str, Callable[[], float]]], clock: Callable[[], float]
    ) -> None:
        self._version = version
        self._gauges = gauges
        self._clock = clock
        self._started = clock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._durations: dict[tuple[str, str], _Durations] = {}

    def count(self, method: str, route: str | None, *, status: int, seconds: float) -> None:
        """Count a request; `route` is the template of its path, or None without a matching route."""
        name, place = method if method in METHODS else "other", route or NO_ROUTE
        self._requests[name, place, status] += 1
        durations = self._durations.get((name, place))
        if durations is None:
            durations = self._durations[name, place] = _Durations()
        durations.counts[bisect_left(BOUNDS_SECONDS, seconds)] += 1
        durations.sum_seconds += seconds

    def text(self) -> str:
        """Return all metrics in Prometheus format."""
        return "\n".join([*self._request_lines(), *self._duration_lines(), *self._gauge_lines(), ""])

    def _request_lines(self) -> Iterator[str]:
        yield from _head("requests_total", "counter", "Requests by method, route and status.")
        for (method, route, status), count in sorted(self._requests.items()):
            yield _line("requests_total", count, method=method, route=route, status=str(status))

    def _duration_lines(self) -> Iterator[str]:
        name = "request_duration_seconds"
        yield from _head(name, "histogram", "Request duration in seconds.")
        for (method, route), durations in sorted(self._durations.items()):
            labels = {"method": method, "route": route}
            yield from _buckets(name, durations.counts, labels)
            yield _line(f"{name}_sum", durations.sum_seconds, **labels)
            yield _line(f"{name}_count", sum(durations.counts), **labels)

    def _gauge_lines(self) -> Iterator[str]:
        for name, (text, ask) in self._gauges.items():
            yield from _head(name, "gauge", text)
            yield _line(name, ask())
        yield from _head("uptime_seconds", "gauge", "Process uptime in seconds.")
        yield _line("uptime_seconds", self._clock() - self._started)
        yield from _head("info", "gauge", "Server version and the process that served the request.")
        yield _line("info", 1, version=self._version, process=str(os.getpid()))


def _buckets(name: str, counts: Sequence[int], labels: Mapping[str, str]) -> Iterator[str]:
    total = 0
    for bound, count in zip((*BOUNDS_SECONDS, "+Inf"), counts, strict=True):
        total += count
        yield _line(f"{name}_bucket", total, **labels, le=str(bound))


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {PREFIX}_{name} {text}"
    yield f"# TYPE {PREFIX}_{name} {kind}"


def _line(name: str, value: float, **labels: str) -> str:
    told = ",".join(f'{label}="{_escape_label(text)}"' for label, text in labels.items())
    return f"{PREFIX}_{name}{{{told}}} {value}" if told else f"{PREFIX}_{name} {value}"


def _escape_label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def new_metrics(version: str, *, unstored_writes: Callable[[], float]) -> Metrics:
    """Return the counters of a process that starts serving."""
    gauges = {"database_writes_waiting": ("Pending writes.", unstored_writes)}
    return Metrics(version=version, gauges=gauges, clock=time.monotonic)
