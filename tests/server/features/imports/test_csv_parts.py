"""How a CSV file is cut into parts: what the sender chose to break fills a part as what is taken does."""

from __future__ import annotations

import pytest

from templates_server.features.imports.csv_files import rows
from templates_server.features.imports.csv_files.header import ColumnMapping
from templates_server.features.imports.csv_files.rows import open_csv


@pytest.mark.parametrize("broken", ['"a"b\n', 'a,"x\n'], ids=["quotes", "an open quote"])
def test_broken_rows_fill_parts_as_others_do(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_REJECTS_A_PART", 5)
    parts = list(open_csv(("user_id,b\n" + broken * 100).encode(), "a.csv", ColumnMapping()).parts(ColumnMapping()))
    assert max(len(part.unsent) for part in parts) == 5
    assert sum(len(part.unsent) for part in parts) >= 50
