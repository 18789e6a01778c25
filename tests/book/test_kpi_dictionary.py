"""The dictionary says what manifest and marts say, and refuses a KPI that is half declared."""

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from docutils.nodes import make_id

from book.kpi_dictionary import anchor, dictionary_page, spark_line
from book.kpis import Kpi, Value, current_values, read_kpis
from tests.conftest import default_settings
from warehouse.errors import UserError
from warehouse.settings import Settings

CHAPTER = "07_attrition_and_the_dashboard"
PAGES = [f"notebooks/{CHAPTER}"]
MODEL = "model.menswear.attrition_monthly"


def generic_test(name: str, kind: str, column: str | None) -> dict[str, Any]:
    return {
        "resource_type": "test",
        "name": name,
        "unique_id": f"test.menswear.{name}.0123456789",
        "attached_node": MODEL,
        "column_name": column,
        "test_metadata": {"name": kind},
        "depends_on": {"nodes": [MODEL]},
    }


def simple(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "type": "simple",
        "type_params": {"measure": {"name": name}},
        "config": {"meta": {}},
    }


MANIFEST: dict[str, Any] = {
    "nodes": {
        MODEL: {
            "resource_type": "model",
            "name": "attrition_monthly",
            "unique_id": MODEL,
            "columns": {
                "month_start": {"name": "month_start", "description": "The month.", "config": {}},
                "attrition_rate": {
                    "name": "attrition_rate",
                    "description": "Contacts that lapsed ÷ contacts active before.\nJudged **then**, not now.",
                    "config": {},
                },
            },
        },
        "test.a": generic_test("not_null_attrition_monthly_attrition_rate", "not_null", "attrition_rate"),
        "test.b": generic_test("attrition_is_a_share", "holds", None),
        "test.c": generic_test("unique_attrition_monthly_month_start", "unique", "month_start"),
    },
    "unit_tests": {
        "unit_test.d": {
            "name": "edge_12_attrition_in_months_of_29_30_and_31_days",
            "unique_id": "unit_test.menswear.attrition_monthly.edge_12",
            "depends_on": {"nodes": [MODEL]},
        }
    },
    "semantic_models": {
        "semantic_model.a": {
            "name": "attrition_monthly",
            "node_relation": {"alias": "attrition_monthly", "schema_name": "marts"},
            "dimensions": [{"name": "month_start", "type": "time", "expr": None}],
            "measures": [
                {"name": "lapsed_contacts", "agg": "sum", "expr": None},
                {"name": "contacts_at_risk", "agg": "sum", "expr": "active_at_start"},
            ],
        },
        "semantic_model.b": {
            "name": "rfm",
            "node_relation": {"alias": "rfm", "schema_name": "marts"},
            "dimensions": [],
            "measures": [{"name": "contacts_scored", "agg": "sum", "expr": None}],
        },
    },
    "metrics": {
        "metric.a": {
            "name": "attrition_rate",
            "label": "Attrition rate",
            "type": "ratio",
            "type_params": {"numerator": {"name": "lapsed_contacts"}, "denominator": {"name": "contacts_at_risk"}},
            "config": {
                "meta": {
                    "question": "Are customers leaving?",
                    "column": "attrition_rate",
                    "unit": "share",
                    "grain": "calendar month",
                    "formula": "lapsed < active_at_start",
                    "synonyms": ["churn", "churn rate"],
                    "edge_cases": [12, 15],
                    "chapter": CHAPTER,
                    "shown": {"value": "latest", "as": "of the contacts lapsed", "by": "month_start"},
                }
            },
        },
        "metric.b": simple("lapsed_contacts"),
        "metric.c": simple("contacts_at_risk"),
        "metric.d": simple("contacts_scored"),
    },
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    return copy.deepcopy(MANIFEST)


def meta(manifest: dict[str, Any]) -> dict[str, Any]:
    return manifest["metrics"]["metric.a"]["config"]["meta"]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[dict[str, Any]], list[Kpi]]:
    def reading(manifest: dict[str, Any]) -> list[Kpi]:
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(manifest), encoding="utf-8")
        return read_kpis(path)

    return reading


@pytest.fixture
def kpi(manifest: dict[str, Any], read: Callable[[dict[str, Any]], list[Kpi]]) -> Kpi:
    (only,) = read(manifest)
    return only


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """Marts of a shop whose last day was 15 March: the rate was 1/10 in January, 2/10 in February, 9/10 so far."""
    settings = default_settings(warehouse_path=tmp_path / "shop.duckdb")
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_dates as select date '2024-03-15' as date_day")
        connection.execute(
            """create table marts.attrition_monthly as select * from (values
               (date '2024-01-01', 'old', 0, 4), (date '2024-01-01', 'new', 1, 6), (date '2024-02-01', 'old', 2, 10),
               (date '2024-03-01', 'old', 9, 10)) as given (month_start, kind, lapsed_contacts, active_at_start)"""
        )
    return settings


def test_an_entry_says_all_that_is_declared(kpi: Kpi) -> None:
    value = Value("8.9%", "of the contacts <lapsed>", "December 2025", 0.089, tuple((str(n), n / 9) for n in range(9)))
    page = dictionary_page([kpi], {"attrition_rate": value}, PAGES)
    for said in (
        "```{index} ! attrition rate, ! churn, ! churn rate\n```",
        "## Are customers leaving?",
        '<a href="#are-customers-leaving">Are customers leaving?</a>',
        "### Attrition rate",
        '<a href="#attrition-rate">Attrition rate</a>',
        "<small>December 2025</small><strong>8.9%</strong> of the contacts &lt;lapsed&gt;",
        "\n\nContacts that lapsed ÷ contacts active before.\n\nJudged **then**, not now.\n\n",
        r"<code>lapsed \< active\_at\_start</code>",
        "share, one for each calendar month",
        "**Also called** churn, churn rate",
        f"[chapter 7](/notebooks/{CHAPTER}.ipynb)",
        f'<a href="../dbt/index.html#!/model/{MODEL}"><code>attrition\\_monthly.attrition\\_rate</code></a>',
        "2 edge cases, 3 tests",
        "Case 12: The leap day; months of 29 and of 31 days. "
        '<a href="../dbt/index.html#!/unit_test/unit_test.menswear.attrition_monthly.edge_12">edge_12_',
        'Always: <a href="../dbt/index.html#!/test/test.menswear.attrition_is_a_share.0123456789">attrition_is_a_share',
    ):
        assert said in page
    assert page.count('unit_test.menswear.attrition_monthly.edge_12"') == 1, "a test of an edge case is named under it"
    # a blank line ends a block of HTML, and Markdown begins
    for block in page.strip().split("\n\n"):
        assert not block.startswith(("<div", "<details", "<ul")) or "\n" not in block


def test_a_kpi_has_its_own_tests_its_models_and_no_other_columns(kpi: Kpi) -> None:
    assert [name for name, _ in kpi.tests] == [
        "attrition_is_a_share",
        "edge_12_attrition_in_months_of_29_30_and_31_days",
        "not_null: attrition_rate",
    ]


def test_the_last_month_that_is_over_is_shown(kpi: Kpi, shop: Settings) -> None:
    assert current_values(shop, [kpi])["attrition_rate"] == Value(
        "20.0%", "of the contacts lapsed", "February 2024", 0.2, (("January 2024", 0.1), ("February 2024", 0.2))
    )


@pytest.mark.parametrize(
    ("value", "by", "where", "text", "when"),
    [
        ("total", None, "", "40.0%", "15 March 2024"),
        ("total", None, "kind = 'new'", "16.7%", "15 March 2024"),
        ("largest", "kind", "", "45.8%", "15 March 2024"),
        ("new", "kind", "", "16.7%", "15 March 2024"),
        ("nobody", "kind", "", "no data", ""),
    ],
)
def test_other_values_are_read_as_declared(
    kpi: Kpi, shop: Settings, value: str, by: str | None, where: str, text: str, when: str
) -> None:
    declared = replace(kpi.shown, value=value, by=by, over=str(by), monthly=False, where=where, what="of the {}")
    shown = current_values(shop, [replace(kpi, shown=declared)])["attrition_rate"]
    assert (shown.text, shown.when) == (text, when)
    assert value not in ("largest", "new") or shown.what == f"of the {'old' if value == 'largest' else 'new'}"


@pytest.mark.parametrize("value", ["total", "latest", "largest"])
@pytest.mark.parametrize("expression", ["sum(lapsed_contacts)", "count(distinct kind)"])
def test_an_empty_mart_says_so(kpi: Kpi, shop: Settings, value: str, expression: str) -> None:
    with duckdb.connect(str(shop.warehouse_path)) as connection:
        connection.execute("delete from marts.attrition_monthly; delete from marts.dim_dates")
    empty = replace(kpi, expression=expression, shown=replace(kpi.shown, value=value))
    shown = current_values(shop, [empty])["attrition_rate"]
    assert (shown.text, shown.number, shown.points) == ("no data", None, ())
    assert "<strong>no data</strong>" in dictionary_page([empty], {"attrition_rate": shown}, PAGES)


@pytest.mark.parametrize(
    ("unit", "expression", "text"),
    [
        ("count", "sum(lapsed_contacts * 1000)", "12,000"),
        ("count", "avg(active_at_start)", "7.5"),
        ("money", "sum(lapsed_contacts * 1000.5)", "$12,006"),
        ("money", "avg(lapsed_contacts)", "$3.00"),
        ("days", "min(active_at_start)", "4 days"),
        ("weeks", "min(lapsed_contacts) + 1", "1 week"),
        ("flag", "avg(case when kind = 'new' then 1 else 0 end)", "25.0%"),
        ("flag", "sum(case when kind = 'new' then 1 else 0 end)", "1"),
        ("date", "max(month_start)", "1 March 2024"),
        ("month", "max(month_start)", "March 2024"),
        ("name", "count(distinct kind)", "2"),
    ],
)
def test_a_value_is_written_in_its_unit(kpi: Kpi, shop: Settings, unit: str, expression: str, text: str) -> None:
    total = replace(kpi, unit=unit, expression=expression, shown=replace(kpi.shown, value="total", by=None))
    assert current_values(shop, [total])["attrition_rate"].text == text


def test_marts_that_are_not_there_are_one_clear_line(kpi: Kpi, tmp_path: Path) -> None:
    settings = default_settings(warehouse_path=tmp_path / "empty.duckdb")
    duckdb.connect(str(settings.warehouse_path)).close()
    with pytest.raises(UserError, match=r"the marts cannot be read .*: run `make demo`"):
        current_values(settings, [kpi])


def test_a_small_chart_draws_each_point_from_zero_and_has_a_title() -> None:
    value = Value("4", "", "", 4, (("a", 1.0), ("b", 2.0), ("c", -1.0), ("d", 4.0)))
    line, bars = spark_line(value, "month of birth"), spark_line(value, "decade")
    assert re.findall(r"[ML][\d.]+ ([\d.]+)", line) == ["16.6", "11.4", "27.0", "1.0"]
    assert re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", bars) == [
        ("21.8", "16.6"),
        ("21.8", "11.4"),
        ("21.8", "27.0"),
        ("21.8", "1.0"),
    ]
    assert "<title>By decade, from a to d; drawn from zero</title>" in bars
    assert spark_line(replace(value, points=value.points[:2]), "decade") == ""
    assert spark_line(replace(value, points=(("a", 0.0),) * 5), "decade").count("M") == 5


@pytest.mark.parametrize(
    "key", ["question", "column", "unit", "grain", "formula", "synonyms", "edge_cases", "chapter", "shown"]
)
def test_a_half_declared_kpi_is_refused(manifest: dict[str, Any], read: Any, key: str) -> None:
    # without a question a metric is no KPI but a part of one
    meta(manifest)[key] = "" if key == "question" else None
    with pytest.raises(UserError, match=f"the KPI attrition_rate lacks {key}"):
        read(manifest)


def test_what_a_kpi_names_must_be_there(manifest: dict[str, Any], read: Any) -> None:
    wrong: dict[str, tuple[str, Any]] = {
        "no question of": ("question", "Why?"),
        "attrition_monthly.rate, which dbt does not describe": ("column", "rate"),
        "rfm.attrition_rate, which dbt does not describe": ("mart", "rfm"),
        "which is no dimension of attrition_monthly": ("shown", {"value": "total", "as": "", "by": "decade"}),
        "attrition_rate lacks shown: as": ("shown", {"value": "total"}),
    }
    for says, (key, value) in wrong.items():
        changed = copy.deepcopy(manifest)
        meta(changed)[key] = value
        with pytest.raises(UserError, match=says):
            read(changed)
    manifest["metrics"]["metric.a"]["type_params"]["denominator"]["name"] = "contacts_scored"
    with pytest.raises(UserError, match="a ratio over two semantic models"):
        read(manifest)
    manifest["semantic_models"]["semantic_model.b"]["measures"][0]["agg"] = "percentile"
    with pytest.raises(UserError, match="contacts_scored, which is no measure with one of the aggregations sum,"):
        read(manifest)


def test_a_kpi_declared_twice_is_refused(manifest: dict[str, Any], read: Any) -> None:
    manifest["metrics"]["metric.z"] = {**manifest["metrics"]["metric.a"], "name": "again"}
    with pytest.raises(UserError, match="more than once in dbt: Attrition rate"):
        read(manifest)


def test_an_untested_kpi_is_refused(manifest: dict[str, Any], read: Any) -> None:
    manifest["nodes"] = {MODEL: manifest["nodes"][MODEL]}
    manifest["unit_tests"] = {}
    with pytest.raises(UserError, match="without a dbt test: Attrition rate"):
        read(manifest)


def test_an_unknown_chapter_or_edge_case_is_refused(kpi: Kpi) -> None:
    value = Value("1", "", "", date(2024, 1, 1), ())
    with pytest.raises(UserError, match=r"names edge case 99, which dbt/edge_cases.yml lacks"):
        dictionary_page([replace(kpi, edge_cases=(12, 99))], {"attrition_rate": value}, PAGES)
    with pytest.raises(UserError, match="does not have"):
        dictionary_page([kpi], {"attrition_rate": value}, ["notebooks/01_the_business"])


@pytest.mark.parametrize("name", ["Lapsed, window", "Average order value (AOV)", "Above this contact's own average"])
def test_anchors_are_the_ids_that_headings_get(name: str) -> None:
    assert anchor(name) == make_id(name)
