"""A reader's own CRM needs settings and no change to a model, in every zone and on every engine.

It lands in another schema, with other types and words, with things missing and flags empty, on a server whose clock is
elsewhere. What must come out is worked out from the simulator's own tables in Python.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import psycopg
import pytest

from mock_data.generate import generate
from mock_data.schema import CRM, Field, FieldType
from mock_data.world import World
from tests.conftest import default_settings
from tests.running import dbt
from warehouse.connect import postgres_dsn
from warehouse.scratch import scratch_database
from warehouse.settings import Settings

LANDED = "salesforce"
LAST_DAY = date(2025, 11, 20)  # in mid-month
MISSING = {"product_2": "unit_cost_c", "order": "subscription_c"}
VARS = {
    "crm_schema": LANDED,
    "crm_missing_columns": {"stg_crm__products": ["unit_cost_c"], "stg_crm__orders": ["subscription_c"]},
    "crm_missing_tables": ["stg_crm__subscriptions", "stg_crm__leads"],
    "activated_order_statuses": ["Shipped"],
    "retail_order_types": ["Online"],
    "business_account_types": ["Reseller"],
}
MISSING_TABLES = {"subscription_c", "lead"}
# the words of another org
WORDS = {
    "Activated": "Shipped",
    "Retail": "Online",
    "Wholesale": "Reseller",
    "Proposal": "Needs Analysis",
    "Closed Won": "Won - Signed",
    "Commit": "Most Likely",
}
Query = Callable[[str], list[tuple[Any, ...]]]


@contextmanager
def warehouse(
    engine: str, request: pytest.FixtureRequest, folder: Path, **chosen: Any
) -> Iterator[tuple[Settings, Query]]:
    """Settings of an empty warehouse on the engine, and a way to run SQL in it."""
    if engine == "duckdb":
        settings = default_settings(target="duckdb", warehouse_path=folder / "warehouse.duckdb", **chosen)

        def in_file(statement: str) -> list[tuple[Any, ...]]:
            with duckdb.connect(str(settings.warehouse_path)) as file:
                # far from UTC, so that a zone lost on the way would move days
                file.execute("set TimeZone = 'Pacific/Auckland'")
                return file.execute(statement).fetchall()

        yield settings, in_file
        return
    with scratch_database(request.getfixturevalue("server")) as scratch:
        names = [name for name in Settings.model_fields if name.startswith("postgres_")]
        settings = default_settings(target="postgres", **{name: getattr(scratch, name) for name in names}, **chosen)

        def on_server(statement: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(postgres_dsn(settings), autocommit=True) as connection:
                cursor = connection.execute(statement.encode())
                return cursor.fetchall() if cursor.description else []

        yield settings, on_server


def mock(settings: Settings, world: World) -> None:
    """Simulate the world up to the settings' last day, into the warehouse that they name."""
    address = f"duckdb:{settings.warehouse_path}" if settings.target == "duckdb" else postgres_dsn(settings)
    generate(world, np.datetime64(settings.as_of_date, "D"), address)


def landed(field: Field) -> str:
    """SQL for a field as another loader might land it."""
    match field.type:
        case FieldType.MONEY | FieldType.PERCENT | FieldType.INTEGER:
            return f"cast({field.name} as double precision)"
        case FieldType.BOOLEAN:
            # empty where that says the same
            return f"nullif({field.name}, {'true' if field.name == 'is_active' else 'false'})"
        case FieldType.DATE if field.name == "birthdate":
            return f"cast({field.name} as varchar)"
        case FieldType.DATE:
            return f"timezone('UTC', cast({field.name} as timestamp))"
        case FieldType.DATETIME if field.name == "activated_date":
            # text with the offset of the session's own zone
            return f"cast(timezone('UTC', {field.name}) as varchar)"
        case FieldType.DATETIME:
            return f"timezone('UTC', {field.name})"
        case FieldType.PICKLIST:
            cases = " ".join(f"when '{ours}' then '{theirs}'" for ours, theirs in WORDS.items())
            return f"case {field.name} {cases} else {field.name} end"
        case _:
            return field.name


def land_elsewhere(query: Query) -> None:
    """Copy the simulator's tables to the other schema, as the other org has them."""
    statements = [f"create schema {LANDED}"]
    for name, table in CRM.items():
        if name not in MISSING_TABLES:
            kept = (field for field in table.fields if field.name != MISSING.get(name))
            columns = ", ".join(f"{landed(field)} as {field.name}" for field in kept)
            statements.append(f'create table {LANDED}."{name}" as select {columns} from crm."{name}"')
    query("; ".join(statements))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "zone"),
    [
        ("duckdb", "America/New_York"),
        pytest.param("postgres", "Australia/Lord_Howe", marks=pytest.mark.postgres),
    ],
)
def test_another_landing_in_another_zone(
    engine: str, zone: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with warehouse(engine, request, tmp_path, number_contacts_to_create=300, as_of_date=LAST_DAY) as (settings, query):
        mock(settings, World.from_settings(settings))
        if engine == "postgres":
            query(f"alter database {settings.postgres_db} set timezone = 'America/New_York'")
        land_elsewhere(query)
        variables = json.dumps({**VARS, "business_timezone": zone})
        build = dbt(settings, tmp_path / "dbt", "build", "--exclude-resource-type", "unit_test", "--vars", variables)
        # words that the tests do not know are listed, and stop nothing
        assert set(build.not_passed().values()) == {"warn"}, build.printed[-3000:]
        assert any("stage_name" in name for name in build.not_passed())
        assert build.status == 0

        def day(moment: datetime) -> date:
            return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()

        orders = {
            key: day(activated) if activated else effective
            for key, activated, effective in query(
                "select id, activated_date, effective_date from crm.order where status = 'Activated' and not is_deleted"
            )
        }
        orders = {key: ordered for key, ordered in orders.items() if ordered <= LAST_DAY}
        assert len(orders) > 300
        assert dict(query("select order_id, order_date from intermediate.int_orders__activated")) == orders

        revenue = query("select order_id, total_price from crm.order_item where not is_deleted")
        assert query("select sum(gross_revenue), count(margin) from intermediate.int_orders__counted") == [
            (sum(price for order, price in revenue if order in orders), 0)
        ]

        deals = {
            key: (closes, won, closed and not won)
            for key, closes, won, closed, changed in query(
                "select id, close_date, is_won, is_closed, last_modified_date from crm.opportunity where not is_deleted"
            )
            if day(changed) <= LAST_DAY
        }
        found = query("select opportunity_id, close_date, is_won, is_lost from marts.sales_pipeline")
        assert {key: tuple(rest) for key, *rest in found if key in deals} == deals
        assert len(deals) > 300

        # what the CRM does not know is NULL, never 0; a table that it does without holds no row
        products = query("select count(*) from crm.product_2")[0][0]
        known = "select count(*), count(unit_cost), count(standard_price) > 0 from marts.dim_products"
        assert query(known) == [(products, 0, True)]
        for model in ("staging.stg_crm__subscriptions", "staging.stg_crm__leads", "intermediate.int_leads__followed"):
            assert query(f"select count(*) from {model}") == [(0,)]


@pytest.mark.slow
def test_a_shop_without_a_row_builds(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with warehouse("duckdb", request, tmp_path, as_of_date=LAST_DAY) as (settings, query):
        mock(settings, World.from_settings(settings.model_copy(update={"number_contacts_to_create": 1})))
        query("; ".join(f'delete from crm."{name}"' for name in CRM))
        build = dbt(settings, tmp_path / "dbt", "build", "--exclude-resource-type", "unit_test")
        assert build.not_passed() == {}
        assert build.status == 0, build.printed[-3000:]


@pytest.mark.slow
@pytest.mark.postgres
def test_a_shop_on_its_first_day_builds(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """One contact, no deal, and nobody has bought."""
    first = Settings.model_fields["start_date"].default
    with warehouse("postgres", request, tmp_path, number_contacts_to_create=1, as_of_date=first) as (settings, _):
        mock(settings, World.from_settings(settings))
        build = dbt(settings, tmp_path / "dbt", "build", "--exclude-resource-type", "unit_test")
        assert build.not_passed() == {}
        assert build.status == 0, build.printed[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_numbers_that_cannot_be_kept_are_named(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Three pieces may land as 3.0; half a cent or half a piece is rounded alike on every engine, and named."""
    with warehouse(engine, request, tmp_path, number_contacts_to_create=20) as (settings, query):
        mock(settings, World.from_settings(settings))
        query(
            "alter table crm.order_item alter column total_price type double precision;"
            "alter table crm.order_item alter column quantity type double precision"
        )
        chosen = [key for (key,) in query("select id from crm.order_item order by id limit 4")]
        changes = ("total_price = 1.005", "quantity = 3.5", "total_price = -2.675", "quantity = 3.0, total_price = 0.1")
        query(
            "; ".join(f"update crm.order_item set {s} where id = '{k}'" for k, s in zip(chosen, changes, strict=True))
        )
        build = dbt(
            settings, tmp_path / "dbt", "build", "--select", "stg_crm__order_items", "landed_numbers_are_kept",
            "--exclude-resource-type", "unit_test", "--indirect-selection", "empty",
        )  # fmt: skip
        assert build.not_passed() == {"landed_numbers_are_kept": "fail"}
        kept = query("select order_item_id, quantity, cast(total_price as varchar) from staging.stg_crm__order_items")
        rows = {key: (quantity, price) for key, quantity, price in kept if key in chosen}
        assert rows[chosen[0]][1] == "1.01"
        assert rows[chosen[1]][0] == 4
        assert rows[chosen[2]][1] == "-2.68"
        assert rows[chosen[3]] == (3, "0.10")
        assert "Got 3 results" in build.printed
