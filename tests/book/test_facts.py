"""The landing page's figures: each counts what its label says."""

import json
from pathlib import Path

import duckdb
import pytest

from book.facts import facts_strip, read_facts
from tests.conftest import default_settings
from warehouse.errors import UserError


def write_manifest(path: Path, data_tests: int, unit_tests: int) -> Path:
    nodes = {f"test.{n}": {"resource_type": "test"} for n in range(data_tests)}
    nodes["model.a"] = {"resource_type": "model"}
    path.write_text(json.dumps({"nodes": nodes, "unit_tests": {f"unit_test.{n}": {} for n in range(unit_tests)}}))
    return path


def test_each_figure_counts_what_its_label_says(tmp_path: Path) -> None:
    settings = default_settings(warehouse_path=tmp_path / "shop.duckdb")
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("create schema marts")
        # three contacts, of whom one never ordered
        connection.execute("create table marts.dim_contacts as select unnest([2, 1, 0]) as order_count")
        connection.execute("create table marts.fct_orders as select unnest([9e5, 3e5, 6e4]) as net_revenue")
    facts = read_facts(settings, write_manifest(tmp_path / "manifest.json", data_tests=1200, unit_tests=34), kpis=5)
    assert facts == [
        ("2", "customers"),
        ("3", "orders"),
        ("$1.3 m", "net revenue"),
        ("1", "dbt models"),
        ("1,234", "dbt tests, 34 of them unit tests"),
        ("5", "KPIs, one definition each"),
    ]
    assert "<dt>dbt tests, 34 of them unit tests</dt><dd>1,234</dd>" in facts_strip(facts)


def test_marts_that_are_not_there_are_one_clear_line(tmp_path: Path) -> None:
    settings = default_settings(warehouse_path=tmp_path / "empty.duckdb")
    duckdb.connect(str(settings.warehouse_path)).close()
    with pytest.raises(UserError, match=r"the marts cannot be read .*: run `make demo`"):
        read_facts(settings, write_manifest(tmp_path / "manifest.json", 1, 1), kpis=1)
