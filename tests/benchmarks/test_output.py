"""Rows and live cells are counted alike whatever a generator writes."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from benchmarks.output import Output, count

ROWS = 6
TABLE = pa.table(
    {
        "id": range(ROWS),
        "constant": ["same"] * ROWS,
        "empty": pa.nulls(ROWS, pa.string()),
        "once": [None, "x", None, None, None, None],
        "twice": [None, "x", "y", None, None, None],
        "flag": [True] + [False] * (ROWS - 1),
    }
)
LIVE = ("id", "twice", "flag")


def parquet(folder: Path) -> Path:
    """In two files, in the first of which every column but the id holds one value at most."""
    (folder / "table").mkdir()
    pq.write_table(TABLE[2:2], folder / "table" / "0.parquet")
    pq.write_table(TABLE[:1], folder / "table" / "1.parquet")
    pq.write_table(TABLE[1:], folder / "table" / "2.parquet")
    (folder / "again").symlink_to(folder / "table")
    return folder / "table"


def csv(folder: Path) -> Path:
    pyarrow.csv.write_csv(TABLE, folder / "table.csv")
    return folder


def sqlite(folder: Path) -> Path:
    with closing(sqlite3.connect(folder / "shop.sqlite")) as connection:
        connection.execute(f'create table "order" ({", ".join(TABLE.column_names)})')
        marks = ", ".join("?" * TABLE.num_columns)
        connection.executemany(f'insert into "order" values ({marks})', [tuple(r.values()) for r in TABLE.to_pylist()])
        connection.commit()
    return folder


@pytest.mark.parametrize("write", [parquet, csv, sqlite])
def test_cells_of_columns_with_two_values_are_live(write, tmp_path):
    folder = write(tmp_path)
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert count(tmp_path) == Output(rows=ROWS, cells=ROWS * len(LIVE), bytes=size)


def test_tables_in_one_folder_are_told_apart_by_their_columns(tmp_path):
    pq.write_table(TABLE.select(["constant"]), tmp_path / "a.parquet")
    pq.write_table(TABLE.select(["id"]), tmp_path / "b.parquet")
    assert (count(tmp_path).rows, count(tmp_path).cells) == (2 * ROWS, ROWS)


def test_an_empty_folder_holds_nothing(tmp_path):
    assert count(tmp_path) == Output()
