"""Days that are closed, and sizes of tribes, for the tests of the console's charts; and what stands in their tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from templates_server.primitives.timestamps import DAY, system_clock
from templates_server.storage import tables
from tests.server.features.console.people import environment_id_of
from tests.servers import RunningServer

Numbers = Sequence[int | None]
COLUMNS = ("active_1", "active_7", "active_30", "active_90", "sessions", "events")
ROW = re.compile(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', re.DOTALL)
CELL = re.compile(r"<td>(.*?)</td>", re.DOTALL)


def days_ago(number: int) -> int:
    """The first moment of a day."""
    now = system_clock()
    return now - now % DAY - number * DAY


def add_days(server: RunningServer, space: str, environment: str, days: Mapping[int, Numbers]) -> None:
    """Close days, by how many days ago they were, with these numbers in order of COLUMNS."""
    key = {"environment_id": environment_id_of(server, space, environment), "counted": 1}
    rows = [
        {**key, "day": days_ago(number), **dict(zip(COLUMNS, numbers, strict=True))} for number, numbers in days.items()
    ]
    server.database.write_sync(lambda connection: connection.execute(tables.daily_counts.insert(), rows))


def add_sizes(server: RunningServer, space: str, environment: str, tribe: str, sizes: Mapping[int, int]) -> None:
    """Keep sizes of a tribe, by how many days ago they were counted."""
    key = {"environment_id": environment_id_of(server, space, environment), "tribe": tribe, "counted": 1}
    rows = [{**key, "day": days_ago(number), "people": people} for number, people in sizes.items()]
    server.database.write_sync(lambda connection: connection.execute(tables.tribe_sizes.insert(), rows))


def table_in(text: str) -> list[tuple[str, list[int | None]]]:
    """The rows of the table of numbers in a page, or in a part of one."""
    return [
        (day, [int(digits) if (digits := re.sub(r"\D", "", cell)) else None for cell in CELL.findall(cells)])
        for day, cells in ROW.findall(text)
    ]
