"""What a generator left on disk: rows, live cells and bytes, whatever it writes (Parquet, CSV or SQLite).

A live cell is one in a column that holds more than one distinct value: a column that says the same in every row, or
nothing, costs a generator nothing and counts for nothing.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Output:
    """Rows, cells of columns with more than one distinct value, and bytes of the files that hold them."""

    rows: int = 0
    cells: int = 0
    bytes: int = 0

    def __add__(self, other: Output) -> Output:
        return Output(self.rows + other.rows, self.cells + other.cells, self.bytes + other.bytes)


def count(folder: Path) -> Output:
    """Everything in `folder` and below."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    tables: dict[tuple[Path, tuple[str, ...]], list[Path]] = defaultdict(list)  # a table may come in several files
    for path in files:
        if path.suffix == ".parquet":
            tables[path.parent, tuple(pq.read_schema(path).names)].append(path)
    total = Output()
    with duckdb.connect() as connection:
        for (_, columns), parts in tables.items():
            listed = ", ".join(_quoted(str(path)) for path in parts)
            size = sum(path.stat().st_size for path in parts)
            total += _table(connection, f"read_parquet([{listed}])", columns, size)
        for path in files:
            if path.suffix == ".csv":
                source = f"read_csv({_quoted(str(path))}, header = true, all_varchar = true)"
                columns = tuple(row[0] for row in connection.execute(f"describe from {source}").fetchall())
                total += _table(connection, source, columns, path.stat().st_size)
    for path in files:
        if path.suffix == ".sqlite":
            total += _sqlite(path)
    return total


def _table(
    connection: duckdb.DuckDBPyConnection | sqlite3.Connection, source: str, columns: tuple[str, ...], size: int
) -> Output:
    # a smallest value unlike the largest: more than one
    live = ", ".join(f'coalesce(min("{name}") <> max("{name}"), false)' for name in columns)
    rows, *flags = connection.execute(f"select count(*), {live} from {source}").fetchall()[0]
    return Output(rows, rows * sum(flags), size)


def _sqlite(path: Path) -> Output:
    total = Output(bytes=path.stat().st_size)
    with closing(sqlite3.connect(path)) as connection:
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            columns = tuple(row[0] for row in connection.execute("select name from pragma_table_info(?)", (table,)))
            total += _table(connection, f'"{table}"', columns, 0)
    return total


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
