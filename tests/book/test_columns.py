"""A column's name decides what a reader sees, and agrees with the unit that a KPI declares."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from book.columns import Form, form, heading, writer
from warehouse.settings import PROJECT_ROOT


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("months_to_payback", "Months to payback"),
        ("blended_cac", "Blended CAC"),
        ("cancel_reason_c", "Cancel reason"),
        ("contact_id", "Contact ID"),
        ("bought_percent", "Bought"),
        ("percent", "Percent"),
        ("january_to_june", "January to June"),
        ("in_fct_orders", "In fct_orders"),
        ("window in days", "Window in days"),
        ("n", "n"),
        ("", ""),
    ],
)
def test_headings(name: str, shown: str) -> None:
    assert heading(name) == shown


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("attrition_rate", [0.0878, None, 1], ["8.8%", None, "100.0%"]),
        ("share_of_month", [0.0042], ["0.42%"]),
        ("back_percent", [Decimal("40.2"), 0], ["40.2%", "0.0%"]),
        ("net_revenue", [Decimal("15444.56"), Decimal("-5.5")], ["$15,445", "−$6"]),
        ("list_price", [Decimal("23.90"), 0], ["$23.90", "$0.00"]),
        ("price_month", [date(2025, 12, 1)], ["Dec 2025"]),
        ("month_start", ["2025-12"], ["Dec 2025"]),
        ("order_date", [date(2025, 12, 1)], ["2025-12-01"]),
        ("contacts", [9006, -4], ["9,006", "−4"]),
        ("first_year", [2024], ["2024"]),
        ("bought_in", [2024], ["2024"]),
        ("latitude", [47.54683], ["47.54683"]),
        ("is_lapsed", [True, False], ["yes", "no"]),
        ("total", [Decimal("4214547.17"), Decimal("1")], ["4,214,547.17", "1.00"]),
        ("average_days", [4.56789, 12.5], ["4.57", "12.50"]),
        ("average_days", [1234.56], ["1,234.6"]),
        ("purchase_rate", [0.08123], ["0.0812"]),
        ("discount_orders", [12], ["12"]),
        ("answers", ["3 of 4"], ["3 of 4"]),
        ("", [1234], ["1,234"]),
    ],
)
def test_values(name: str, values: list[object], shown: list[str]) -> None:
    write = writer(form(name, values), values)
    assert [None if value is None else write(value) for value in values] == shown


def metrics() -> list[dict[str, Any]]:
    """The KPIs as dbt declares them."""
    files = sorted((PROJECT_ROOT / "dbt" / "models" / "marts").rglob("*.yml"))
    return [metric for path in files for metric in yaml.safe_load(path.read_text("utf-8")).get("metrics", [])]


@pytest.mark.parametrize("metric", metrics(), ids=lambda metric: metric["name"])
def test_a_table_shows_a_kpi_in_its_declared_unit(metric: dict[str, Any]) -> None:
    declared = metric["config"]["meta"]
    shown = form(declared["column"], [Decimal("0.5")])
    of_a_unit = {"share": Form.SHARE, "money": Form.MONEY}
    assert (shown if shown in of_a_unit.values() else None) == of_a_unit.get(declared["unit"])


@given(
    st.integers(-(10**7), 10**7), st.integers(1, 10**5), st.sampled_from(["average_days", "rate", "cost", "x_percent"])
)
def test_both_engines_show_the_same(total: int, number: int, name: str) -> None:
    """An average is a float on DuckDB and a Decimal of 16 places on Postgres."""
    duckdb = total / number
    postgres = (Decimal(total) / Decimal(number)).quantize(Decimal("1e-16"))
    if form(name, [duckdb]) is not Form.COUNT:
        assert writer(form(name, [duckdb]), [duckdb])(duckdb) == writer(form(name, [postgres]), [postgres])(postgres)
