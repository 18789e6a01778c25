"""Every mart holds the same rows on DuckDB and on Postgres, at the default size: money to the cent, doubles to 1e-9."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import yaml

from book.kpis import current_values, read_kpis
from mock_data.schema import CRM
from warehouse.settings import Settings

HERE = Path(__file__).resolve().parent
MARTS = sorted(path.stem for path in (HERE.parents[1] / "dbt" / "models" / "marts").rglob("*.sql"))
# mart → column → why it holds one value only in the default world
CONSTANT: dict[str, dict[str, str]] = yaml.safe_load((HERE / "constant_columns.yml").read_text(encoding="utf-8")) or {}
EMPTY: dict[str, dict[str, str]] = yaml.safe_load((HERE / "empty_columns.yml").read_text(encoding="utf-8"))
TOLERANCE = 1e-9

Row = tuple[Any, ...]


def columns_of(connection: duckdb.DuckDBPyConnection, mart: str) -> list[tuple[str, str]]:
    """Name and DuckDB type of the mart's columns, in order."""
    query = """
        select column_name, data_type from information_schema.columns
        where table_schema = 'marts' and table_name = ? order by ordinal_position
    """
    return connection.execute(query, [mart]).fetchall()


def sorted_rows(rows: list[Row], types: list[str]) -> list[Row]:
    """The rows in the order of every column but the doubles, which may differ in their last bits; NULLs first."""
    keys = [i for i, kind in enumerate(types) if kind != "DOUBLE"]
    return sorted(rows, key=lambda row: [(False,) if row[i] is None else (True, row[i]) for i in keys])


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=0.0)
    return type(a) is type(b) and a == b


def differences(columns: list[str], here: list[Row], there: list[Row]) -> list[str]:
    """A line for each cell that differs, the first twenty."""
    lines: list[str] = []
    for number, (row, other) in enumerate(zip(here, there, strict=True)):
        for column, a, b in zip(columns, row, other, strict=True):
            if not same(a, b):
                lines.append(f"row {number}, {column}: DuckDB {a!r}, Postgres {b!r}; key {row[0]!r}")
                if len(lines) == 20:
                    return lines
    return lines


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_the_same_on_both(mart: str, embedded: duckdb.DuckDBPyConnection, served: psycopg.Connection) -> None:
    columns = columns_of(embedded, mart)
    names = [name for name, _ in columns]
    select = f"select {', '.join(names)} from marts.{mart}"
    types = [kind for _, kind in columns]
    here = sorted_rows(embedded.execute(select).fetchall(), types)
    there = sorted_rows(served.execute(select).fetchall(), types)
    assert here, "empty"
    assert len(here) == len(there)
    assert differences(names, here, there) == []


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_holds_more_than_one_value_in_each_column(mart: str, embedded: duckdb.DuckDBPyConnection) -> None:
    constant = set()
    for name, _ in columns_of(embedded, mart):
        # a column of NULL and one value holds two
        values, nulls, rows = embedded.execute(
            f"select count(distinct {name}), count(*) - count({name}), count(*) from marts.{mart}"
        ).fetchall()[0]
        assert rows > 0, "empty"
        if values + (nulls > 0) < 2:
            constant.add(name)
    assert constant == set(CONSTANT.get(mart, {})), "compare tests/dbt/constant_columns.yml"


def test_every_built_mart_is_compared(default_duckdb: Settings, embedded: duckdb.DuckDBPyConnection) -> None:
    manifest = json.loads((Path(default_duckdb.warehouse_path).parent / "dbt" / "manifest.json").read_text("utf-8"))
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert sorted(node["name"] for node in models if node["schema"] == "marts") == MARTS
    query = "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
    assert [name for (name,) in embedded.execute(query).fetchall()] == MARTS
    assert all(node["contract"]["enforced"] for node in models if node["schema"] == "marts")


@pytest.mark.parametrize("name", [name for name, table in CRM.items() if any(f.picklist for f in table.fields)])
def test_our_own_crm_keeps_to_its_words(name: str, embedded: duckdb.DuckDBPyConnection) -> None:
    """dbt only warns of a picklist value that is not ours, since another org has others; in ours there is none."""
    for field in CRM[name].fields:
        if field.picklist:
            found = embedded.execute(f'select distinct {field.name} from crm."{name}" where {field.name} is not null')
            assert {value for (value,) in found.fetchall()} <= set(field.picklist), field.name


@pytest.mark.parametrize("name", CRM)
def test_the_crm_is_filled_but_for_columns_that_give_a_reason(name: str, embedded: duckdb.DuckDBPyConnection) -> None:
    counts = ", ".join(f"count({field.name})" for field in CRM[name].fields)
    found = embedded.execute(f'select {counts} from crm."{name}"').fetchone()
    assert found is not None
    empty = {field.name for field, n in zip(CRM[name].fields, found, strict=True) if not n}
    assert empty == set(EMPTY.get(name, {})), "compare tests/dbt/empty_columns.yml"


def test_constant_columns_give_a_reason() -> None:
    assert all(reason.strip() for columns in CONSTANT.values() for reason in columns.values())
    assert set(CONSTANT) <= set(MARTS)


def test_a_cent_is_seen_and_the_last_bit_is_not() -> None:
    assert not same(Decimal("1.00"), Decimal("1.01"))
    assert not same(1, 1.0), "types count"
    assert same(0.1 + 0.2, 0.3)
    assert not same(0.3, 0.3 * (1 + 1e-8))
    assert differences(["k", "m"], [("a", Decimal("1.00"))], [("a", Decimal("1.01"))])


def test_the_kpis_come_to_the_same_on_both_engines(default_duckdb: Settings, default_postgres: Settings) -> None:
    kpis = read_kpis(default_duckdb.warehouse_path.parent / "dbt" / "manifest.json")
    here, there = current_values(default_duckdb, kpis), current_values(default_postgres, kpis)
    for metric, value in here.items():
        other = there[metric]
        assert (value.text, value.what, value.when) == (other.text, other.what, other.when), metric
        assert [label for label, _ in value.points] == [label for label, _ in other.points], metric
        assert value.number is not None
        for (_, number), (_, same_number) in zip(value.points, other.points, strict=True):
            assert same(number, same_number), metric
