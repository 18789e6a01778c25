"""No model compares every row of one growing table with every row of another: read off the engines' own plans.

Such a join takes seconds at ten thousand customers and hours at a million. The mistake is easy to make: a condition
without an equality, or a LEFT JOIN that tests a column of its left side only, which DuckDB then plans as a nested loop.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from tests.conftest import default_settings, generate
from tests.running import dbt
from warehouse.settings import PROJECT_ROOT, Settings

FOLDER = PROJECT_ROOT / "dbt" / "models"
MODELS = {path.stem: path.relative_to(FOLDER) for path in sorted(FOLDER.rglob("*.sql"))}
# joins that look at each pair of rows; DuckDB's IE_JOIN and PIECEWISE_MERGE_JOIN sort instead
PAIRWISE = {"NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT", "POSITIONAL_JOIN", "Nested Loop"}
MANY = 100_000

Plan = dict[str, Any]


def inputs(node: Plan) -> list[Plan]:
    return node.get("children") or node.get("Plans") or []


def rows(node: Plan) -> int:
    """How many rows the engine expects of a step; an upper bound where it only says so of the steps below."""
    if "Plan Rows" in node:
        return int(node["Plan Rows"])
    said = node.get("extra_info", {}).get("Estimated Cardinality")
    return int(str(said).lstrip("~")) if said else max(map(rows, inputs(node)), default=1)


def steps(node: Plan) -> Iterator[Plan]:
    yield node
    for below in inputs(node):
        yield from steps(below)


def pairwise_joins(plan: Plan, many: int) -> list[str]:
    """The joins in a plan that look at each pair of rows of two inputs of `many` rows or more."""
    found = []
    for node in steps(plan):
        name = str(node.get("name") or node.get("Node Type")).strip()
        sizes = sorted(rows(below) for below in inputs(node))
        if name in PAIRWISE and len(sizes) == 2 and sizes[0] >= many:
            found.append(f"{name} of {sizes[0]:,} and {sizes[1]:,} rows: {node.get('extra_info') or node}"[:400])
    return found


def duckdb_plan(connection: duckdb.DuckDBPyConnection, sql: str) -> Plan:
    (_, text), *_ = connection.execute(f"explain (format json) {sql}").fetchall()
    return {"name": "query", "children": json.loads(text)}


def postgres_plan(connection: psycopg.Connection, sql: str) -> Plan:
    ((plan,),) = connection.execute(f"explain (format json) {sql}".encode()).fetchall()
    return plan[0]["Plan"]


def compiled(artifacts: Path, model: str) -> str:
    """The SQL of a model as dbt ran it."""
    return (artifacts / "compiled" / "menswear" / "models" / MODELS[model]).read_text(encoding="utf-8")


@pytest.mark.parametrize("model", MODELS)
def test_duckdb_plans_no_join_of_all_pairs(
    model: str, default_duckdb: Settings, embedded: duckdb.DuckDBPyConnection
) -> None:
    sql = compiled(default_duckdb.warehouse_path.parent / "dbt", model)
    assert pairwise_joins(duckdb_plan(embedded, sql), default_duckdb.number_contacts_to_create // 5) == []


@pytest.mark.parametrize("model", MODELS)
def test_postgres_plans_no_join_of_all_pairs(
    model: str, together: Path, default_postgres: Settings, served: psycopg.Connection
) -> None:
    sql = compiled(together / "default_postgres" / "dbt", model)
    assert pairwise_joins(postgres_plan(served, sql), default_postgres.number_contacts_to_create // 5) == []


@pytest.mark.nightly
def test_nor_at_a_hundred_thousand_contacts(tmp_path: Path) -> None:
    settings = default_settings(
        target="duckdb", warehouse_path=tmp_path / "warehouse.duckdb", number_contacts_to_create=MANY
    )
    generate(settings)
    build = ("build", "--quiet", "--exclude-resource-type", "test", "unit_test")
    assert dbt(settings, tmp_path / "dbt", *build).status == 0
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        plans = {model: duckdb_plan(connection, compiled(tmp_path / "dbt", model)) for model in MODELS}
    assert {model: found for model, plan in plans.items() if (found := pairwise_joins(plan, MANY // 5))} == {}


@pytest.mark.parametrize(
    ("join", "pairwise"),
    [
        ("inner join b on a.i = b.i", False),
        ("left join b on a.i = b.i and b.i > 5", False),
        ("left join b on a.i = b.i and a.j > 5", True),
        ("left join b on a.i > 5", True),
        ("left join b on a.i = b.i or a.j = b.j", True),
        ("cross join b", True),
        ("cross join (values (1), (2)) as b (j)", False),
    ],
)
def test_a_join_of_all_pairs_is_found(join: str, pairwise: bool) -> None:
    with duckdb.connect() as connection:
        for name in "ab":
            connection.execute(f"create table {name} as select range as i, range % 9 as j from range(5000)")
        assert bool(pairwise_joins(duckdb_plan(connection, f"select a.i, b.j from a {join}"), 2000)) is pairwise
