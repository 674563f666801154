"""Headers of many columns."""

from __future__ import annotations

import time

from tests.cli.cli_runner import CliRunner
from tests.cli.ingest.rows import rows_of


def test_a_header_of_many_columns_is_read_in_linear_time(mtribes: CliRunner) -> None:
    """Each name was looked for among all of them: 200,000 columns took minutes."""

    def seconds(columns: int) -> float:
        header = "user_id," + ",".join(f"c{number}" for number in range(columns)) + "\n"
        times = []
        for _ in range(3):
            began = time.process_time()
            assert rows_of(mtribes, header).rows == []
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(20_000) < 8 * seconds(5_000)
