"""A reader's own CRM needs settings and no change to a model: another schema, something missing, zoned times."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from mock_data.schema import CRM, FieldType
from tests.conftest import default_settings, generate
from tests.running import dbt

LANDED = "salesforce"
VARS = {
    "crm_schema": LANDED,
    "crm_timestamps_have_zone": True,
    "crm_missing_columns": {"stg_crm__products": ["unit_cost_c"], "stg_crm__orders": ["subscription_c"]},
    "crm_missing_tables": ["stg_crm__subscriptions", "stg_crm__leads"],
}
MISSING_TABLES = {"subscription_c", "lead"}
MISSING = {"product_2": "unit_cost_c", "order": "subscription_c"}


@pytest.mark.slow
def test_another_landing_gives_the_same_orders(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    settings = default_settings(target="duckdb", warehouse_path=warehouse, number_contacts_to_create=200)
    generate(settings)

    with duckdb.connect(str(warehouse)) as connection:
        # a session far from UTC, so that a zone lost on the way would move days
        connection.execute("set TimeZone = 'Pacific/Auckland'")
        connection.execute(f"create schema {LANDED}")
        for name, table in CRM.items():
            if name in MISSING_TABLES:
                continue
            zoned = [f.name for f in table.fields if f.type is FieldType.DATETIME]
            columns = ", ".join(f"timezone('UTC', {column}) as {column}" for column in zoned)
            left_out = f"exclude ({MISSING[name]})" if name in MISSING else ""
            connection.execute(
                f'create table {LANDED}."{name}" as select * {left_out} replace ({columns}) from crm."{name}"'
            )
        expected = connection.execute(
            "select count(*), sum(total_amount), min(activated_date) from crm.order"
            " where status = 'Activated' and not is_deleted"
        ).fetchall()

    models = ("staging", "intermediate", "dim_products")
    built = dbt(settings, tmp_path / "dbt", "run", "--quiet", "--select", *models, "--vars", json.dumps(VARS))
    assert built.status == 0, built.printed[-4000:]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        orders = connection.execute(
            "select count(*), sum(gross_revenue), min(ordered_at) from intermediate.int_orders__counted"
        )
        assert orders.fetchall() == expected
        # what the CRM does not know is NULL, never 0
        known = "select count(*), count(unit_cost), count(standard_price) > 0 from marts.dim_products"
        products = connection.execute("select count(*), 0, true from crm.product_2").fetchall()
        assert connection.execute(known).fetchall() == products
        assert connection.execute("select count(margin) from intermediate.int_orders__counted").fetchall() == [(0,)]
        # a table that it does without holds no row, and what reads it holds none either
        for model in ("staging.stg_crm__subscriptions", "staging.stg_crm__leads", "intermediate.int_leads__followed"):
            assert connection.execute(f"select count(*) from {model}").fetchall() == [(0,)]
