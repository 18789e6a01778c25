"""The dictionary says what the manifest says, and refuses a KPI that is half declared."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from book.kpi_dictionary import anchor, dictionary_page, read_kpis
from warehouse.errors import UserError

CHAPTER = "07_attrition_and_the_dashboard"
MODEL = "model.menswear.attrition_monthly"


def generic_test(name: str, kind: str, column: str | None) -> dict[str, Any]:
    return {
        "resource_type": "test",
        "name": name,
        "attached_node": MODEL,
        "column_name": column,
        "test_metadata": {"name": kind},
        "depends_on": {"nodes": [MODEL]},
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
                    "description": "Contacts that lapsed ÷ contacts active before.\n\nJudged **then**, not now.",
                    "config": {
                        "meta": {
                            "kpi": {
                                "name": "Attrition rate",
                                "unit": "share",
                                "grain": "calendar month",
                                "formula": "lapsed < active",
                                "edge_cases": [12, 15],
                                "chapter": CHAPTER,
                            }
                        }
                    },
                },
            },
        },
        "test.a": generic_test("not_null_attrition_monthly_attrition_rate", "not_null", "attrition_rate"),
        "test.b": generic_test("attrition_is_a_share", "holds", None),
        "test.c": generic_test("unique_attrition_monthly_month_start", "unique", "month_start"),
    },
    "unit_tests": {"unit_test.d": {"name": "edge_case_12_leap_day", "depends_on": {"nodes": [MODEL]}}},
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    return copy.deepcopy(MANIFEST)


def kpi(manifest: dict[str, Any]) -> dict[str, Any]:
    return manifest["nodes"][MODEL]["columns"]["attrition_rate"]["config"]["meta"]["kpi"]


def read(manifest: dict[str, Any], folder: Path) -> Any:
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return read_kpis(path)


def test_a_row_says_all_that_is_declared(manifest: dict[str, Any], tmp_path: Path) -> None:
    page = dictionary_page(read(manifest, tmp_path), [f"notebooks/{CHAPTER}"])
    for said in (
        'id="attrition-rate"',
        "share, one for each calendar month",
        "<strong>then</strong>",
        "<code>lapsed &lt; active</code>",
        f'href="../dbt/index.html#!/model/{MODEL}"',
        f'href="../notebooks/{CHAPTER}.html">Chapter 7<',
        "Edge cases 12, 15",
        "3 tests",
    ):
        assert said in page
    assert "\n\n" not in page  # a blank line would end the HTML block of the Markdown page


def test_a_kpi_has_its_own_tests_its_models_and_no_other_columns(manifest: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(manifest, tmp_path)
    assert row.tests == ("attrition_is_a_share", "edge_case_12_leap_day", "not_null: attrition_rate")


@pytest.mark.parametrize("key", ["name", "unit", "grain", "formula", "chapter"])
def test_a_half_declared_kpi_is_refused(manifest: dict[str, Any], tmp_path: Path, key: str) -> None:
    del kpi(manifest)[key]
    with pytest.raises(UserError, match=f"attrition_monthly.attrition_rate lacks {key}"):
        read(manifest, tmp_path)


def test_a_kpi_declared_twice_is_refused(manifest: dict[str, Any], tmp_path: Path) -> None:
    columns = manifest["nodes"][MODEL]["columns"]
    columns["month_start"]["config"] = columns["attrition_rate"]["config"]
    with pytest.raises(UserError, match="more than once in dbt: Attrition rate"):
        read(manifest, tmp_path)


def test_an_untested_kpi_is_refused(manifest: dict[str, Any], tmp_path: Path) -> None:
    manifest["nodes"] = {MODEL: manifest["nodes"][MODEL]}
    manifest["unit_tests"] = {}
    with pytest.raises(UserError, match="without a dbt test: Attrition rate"):
        read(manifest, tmp_path)


def test_an_unknown_chapter_is_refused(manifest: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not have"):
        dictionary_page(read(manifest, tmp_path), ["notebooks/01_the_business"])


def test_anchors() -> None:
    assert anchor("Lapsed (window)") == "lapsed-window"
