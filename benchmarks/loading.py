"""How fast the sinks load a table, beside a bare load of the same Arrow data: ``python -m benchmarks.loading``.

The table is the CRM's order lines, cut down to eight columns. Ours is the sink with all that it does: the content's
hash, one transaction, a place checked before it is touched, every other table of the CRM made (empty), and in Postgres
the keys and the statistics. Bare is what the engine's driver offers for a whole Arrow table, and nothing else. They are
timed in turn, in one process.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import duckdb
import numpy as np
import pyarrow as pa
import typer
from adbc_driver_postgresql import dbapi
from rich.console import Console
from rich.table import Table

from mock_data.schema import TABLES
from mock_data.schema.declaration import Object
from mock_data.schema.render import arrow_schema, create_table, primary_key, qualified_name
from mock_data.simulation import tables_of_shard
from mock_data.sinks import open_sink
from mock_data.world import World, end_of
from warehouse.connect import postgres_dsn
from warehouse.settings import load_settings

from .measure import RESULTS, keep, results_in, run_main, scratch_postgres, spread

SOURCE = "crm.order_item"
COLUMNS = ("id", "order_id", "product_2_id", "quantity", "unit_price", "total_price", "service_date", "created_date")


def narrow() -> Object:
    """Declare the source with the eight columns only, for this process: what the sinks then write is that table."""
    whole = TABLES[SOURCE]
    TABLES[SOURCE] = dataclasses.replace(whole, fields=tuple(f for f in whole.fields if f.name in COLUMNS))
    return TABLES[SOURCE]


def order_lines(rows: int) -> list[pa.RecordBatch]:
    """The first `rows` order lines of the default world, grown until it has so many, a batch a shard."""
    settings = load_settings(number_contacts_to_create=rows)
    world, as_of = World.from_settings(settings), np.datetime64(settings.as_of_date, "D")
    batches: list[pa.RecordBatch] = []
    missing = rows
    for shard in range(world.shards(end_of(as_of))):
        batch = tables_of_shard(world, as_of, shard)[SOURCE][:missing]
        batches.append(batch)
        missing -= len(batch)
        if not missing:
            break
    return batches


def through_sink(url: str, batches: list[pa.RecordBatch]) -> None:
    """Load as the generator does."""
    with open_sink(url, loader="benchmark", settings={}) as sink:
        for batch in batches:
            sink.write(SOURCE, batch)


def bare_duckdb(path: Path, table: Object, data: pa.Table) -> None:
    """Insert a whole Arrow table."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema crm")
        connection.execute(create_table(table, "duckdb"))
        connection.register("incoming", data)
        connection.execute(f"insert into {qualified_name(table)} select * from incoming")


def bare_postgres(url: str, table: Object, data: pa.Table, *, key: bool = False) -> None:
    """COPY a whole Arrow table; with `key`, add the primary key and the statistics too."""
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("create schema crm")
        cursor.execute(create_table(table, "postgres"))
        cursor.adbc_ingest(table.name, data, mode="append", db_schema_name=table.schema)
        if key:
            cursor.execute(primary_key(table))
            cursor.execute(f"analyze {qualified_name(table)}")
        connection.commit()


def empty(url: str) -> None:
    """Drop what was loaded into the scratch database."""
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("drop schema if exists crm, truth cascade")
        connection.commit()


Contender = tuple[str, str, Callable[[], None]]  # engine, name, the load


def compete(contenders: list[Contender], rows: int, rounds: int, between: Callable[[], None]) -> list[dict[str, Any]]:
    """Time every contender once a round; one row each, with its rate and, against the engine's first, their ratio.

    Args:
        contenders: each engine's first is ours.
        rows: how many each loads.
        rounds: how often.
        between: makes room before every load, untimed.
    """
    seconds: dict[tuple[str, str], list[float]] = {(engine, name): [] for engine, name, _ in contenders}
    ours = {engine: name for engine, name, _ in reversed(contenders)}
    for number in range(1, rounds + 1):
        for engine, name, load in contenders:
            print(f"round {number} of {rounds}: {engine}, {name}", file=sys.stderr)
            between()
            begin = time.perf_counter()
            load()
            seconds[engine, name].append(time.perf_counter() - begin)
    return [
        {
            "engine": engine,
            "name": name,
            "seconds": spread(times),
            "rows_per_second": spread([rows / time for time in times]),
            "our_share": spread([them / us for us, them in zip(seconds[engine, ours[engine]], times, strict=True)]),
        }
        for (engine, name), times in seconds.items()
    ]


def main(
    rows: Annotated[int, typer.Option(min=1, help="Rows that are loaded.")] = 2_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="Times each load is run.")] = 5,
    results: Annotated[Path, typer.Option(help="The file whose section `loading` is replaced.")] = RESULTS,
) -> None:
    """Load the same rows through the sinks and bare, in turn; print a table and keep it."""
    results_in(results)  # what cannot be kept is not measured
    batches = order_lines(rows)
    table = narrow()
    batches = [batch.select(list(COLUMNS)).cast(arrow_schema(table)) for batch in batches]
    data = pa.Table.from_batches(batches)
    with tempfile.TemporaryDirectory() as folder, scratch_postgres() as settings:
        file, server = Path(folder) / "loaded.duckdb", postgres_dsn(settings)

        def make_room() -> None:
            file.unlink(missing_ok=True)
            empty(server)

        contenders: list[Contender] = [
            ("DuckDB", "this project", lambda: through_sink(f"duckdb:{file}", batches)),
            ("DuckDB", "bare load", lambda: bare_duckdb(file, table, data)),
            ("Postgres", "this project", lambda: through_sink(server, batches)),
            ("Postgres", "bare load", lambda: bare_postgres(server, table, data)),
            ("Postgres", "bare load, key, statistics", lambda: bare_postgres(server, table, data, key=True)),
        ]
        found = compete(contenders, len(data), rounds, make_room)
    keep("loading", {"rows": len(data), "columns": len(COLUMNS), "rounds": rounds, "loads": found}, results)
    shown = Table("engine", "load", "s", "rows/s", "ours ÷ its rows/s", "min–max", title=f"{len(data):,} rows, medians")
    for row in found:
        share = row["our_share"]
        shown.add_row(
            row["engine"],
            row["name"],
            f"{row['seconds']['median']:.2f}",
            f"{row['rows_per_second']['median']:,.0f}",
            f"{share['median']:.2f}",
            f"{share['min']:.2f}–{share['max']:.2f}",
        )
    Console(width=120).print(shown)


if __name__ == "__main__":
    run_main(main)
