"""The semantic layer is enough to compute every KPI: MetricFlow knows nothing else, and answers what the marts hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest
import yaml
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlClient, SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from book.kpis import current_values, read_kpis
from warehouse.settings import Settings

KPIS = Path(__file__).resolve().parents[2] / "dbt" / "models" / "marts" / "kpis"
METRICS: dict[str, tuple[str, str]] = {
    metric["name"]: (path.stem, metric["config"]["meta"]["column"])
    for path in sorted(KPIS.glob("*.yml"))
    for metric in yaml.safe_load(path.read_text(encoding="utf-8")).get("metrics", [])
}
# What makes a row of each mart: what MetricFlow groups by, and the mart's columns.
KEYS: dict[str, dict[str, str]] = {
    "acquisition_funnel": {"campaign": "campaign_id", "metric_time__month": "lead_month"},
    "attrition_monthly": {"metric_time__month": "month_start"},
    "campaign_performance": {"campaign": "campaign_id", "campaign_and_rule__attribution": "attribution"},
    "channel_performance": {"channel__lead_source": "lead_source"},
    "cohort_retention": {
        "metric_time__month": "cohort_month",
        "cohort_and_month__month_number": "month_number",
    },
    "customer_lapse": {"contact": "contact_id"},
    "fct_purchases": {"purchase": "order_id"},
    "inter_purchase_time": {"first_gap_segment__segment": "segment"},
    "order_kpis_daily": {"metric_time__day": "date_day"},
    "purchase_fall_off": {
        "metric_time__month": "purchase_month",
        "month_and_next_month__next_purchase_month": "next_purchase_month",
    },
    "purchase_interval": {"interval_in_weeks__weeks_since_previous_purchase": "weeks_since_previous_purchase"},
    "purchase_span": {"span_in_weeks__weeks_between_first_and_latest": "weeks_between_first_and_latest"},
    "purchaser_decades": {"decade_of_birth__birth_decade": "birth_decade"},
    "repeat_rate": {"repeat_window__window_days": "window_days"},
    "repurchase_after_case": {"case_reason_group__case_group": "case_group"},
    "return_rates": {
        "metric_time__month": "order_month",
        "category_type_and_month__product_category_name": "product_category_name",
        "category_type_and_month__order_type": "order_type",
    },
    "return_reasons": {
        "category_type_and_reason__product_category_name": "product_category_name",
        "category_type_and_reason__order_type": "order_type",
        "category_type_and_reason__reason_for_return": "reason_for_return",
    },
    "rfm": {"contact": "contact_id"},
    "sales_pipeline": {"deal": "opportunity_id"},
    "sales_pipeline_monthly": {"metric_time__month": "month_start"},
    "service_cases": {"service_case": "case_id"},
    "service_cases_monthly": {
        "metric_time__month": "month_start",
        "month_and_reason__case_reason": "case_reason",
    },
    "win_rates": {
        "breakdown_and_value__breakdown": "breakdown",
        "breakdown_and_value__breakdown_value": "breakdown_value",
    },
}
# computed over the cases themselves, because a median of medians is none
OTHER_KEYS = {
    "median_hours_to_close": {"metric_time__month": "month_start", "service_case__case_reason": "case_reason"}
}
# said once for a contact, on the row of the first purchase, so that the total is a mean over contacts
ONCE_A_CONTACT = ("orders_per_contact", "stores_per_contact", "average_purchase")
# a number of names: one a row
NAMES = ("first_store", "rfm_segment")


@pytest.fixture(scope="module")
def engine(default_duckdb: Settings) -> MetricFlowEngine:
    manifest = (default_duckdb.warehouse_path.parent / "dbt" / "semantic_manifest.json").read_text(encoding="utf-8")
    lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(manifest))
    # asked for statements only, which the test runs
    client = SimpleNamespace(sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer())
    return MetricFlowEngine(semantic_manifest_lookup=lookup, sql_client=cast(SqlClient, client))


@pytest.fixture(scope="module")
def warehouse(default_duckdb: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file under the name by which dbt's relations call it."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{default_duckdb.warehouse_path}' as warehouse (read_only)")
        connection.execute("use warehouse")
        yield connection


def statement(engine: MetricFlowEngine, metric: str, by: list[str]) -> str:
    asked = MetricFlowQueryRequest.create(metric_names=[metric], group_by_names=by)
    return str(engine.explain(asked).sql_statement.sql)


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, bool | int | Decimal):
        return float(value)
    return value


def same(answer: Any, stored: Any) -> bool:
    if isinstance(answer, float) and isinstance(stored, float):
        return math.isclose(answer, stored, rel_tol=1e-9, abs_tol=1e-9)
    return bool(answer == stored)


def test_every_mart_with_kpis_has_its_key_here() -> None:
    assert set(KEYS) == {mart for mart, _ in METRICS.values()}


@pytest.mark.parametrize("metric", METRICS)
def test_metricflow_answers_what_the_mart_holds(
    metric: str, engine: MetricFlowEngine, warehouse: duckdb.DuckDBPyConnection
) -> None:
    mart, column = METRICS[metric]
    keys = OTHER_KEYS.get(metric, KEYS[mart])
    found = warehouse.execute(statement(engine, metric, list(keys)))
    names = [name for name, *_ in found.description or ()]
    places = [*map(names.index, keys), names.index(metric)]
    answers = {
        tuple(map(plain, row[:-1])): plain(row[-1])
        for row in ([row[place] for place in places] for row in found.fetchall())
    }
    columns = [*keys.values(), column]
    stored = {
        tuple(map(plain, row[:-1])): plain(row[-1])
        for row in warehouse.execute(f"select {', '.join(columns)} from marts.{mart}").fetchall()
    }
    if metric in NAMES:
        stored = dict.fromkeys(stored, 1.0)
    if metric in ONCE_A_CONTACT:
        answers = {key: value for key, value in answers.items() if value is not None}
        contacts = warehouse.execute("select count(distinct contact_id) from marts.fct_purchases").fetchone()
        assert contacts == (len(answers),)
        stored = {key: value for key, value in stored.items() if key in answers}
    # MetricFlow has no row where nothing happened, and an empty one where what has not ended yet has its date
    for key in answers.keys() | stored.keys():
        answer, held = answers.get(key), stored.get(key)
        assert same(answer, held) or (key not in answers and held == 0), (key, answer, held)
    assert any(value is not None for value in answers.values())


def test_the_dictionarys_totals_are_metricflows(
    engine: MetricFlowEngine, warehouse: duckdb.DuckDBPyConnection, default_duckdb: Settings
) -> None:
    kpis = read_kpis(default_duckdb.warehouse_path.parent / "dbt" / "manifest.json")
    assert {kpi.metric for kpi in kpis} == set(METRICS)
    totals = [kpi for kpi in kpis if kpi.shown.value == "total" and not kpi.shown.where]
    values = current_values(default_duckdb, totals)
    for kpi in totals:
        (answer,) = warehouse.execute(statement(engine, kpi.metric, [])).fetchone() or (None,)
        shown = values[kpi.metric].number
        assert same(plain(answer), shown if isinstance(shown, date) else plain(shown)), kpi.name
