"""The models' unit tests hold under every setting: they pin what they rely on, and judge the code alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.running import dbt
from warehouse.settings import PROJECT_ROOT, Settings

# every var that a user may set, each far from what the unit tests want; the last day comes from the environment
ODD = {
    "business_timezone": "Australia/Lord_Howe",
    "lapse_window_days": 31,
    "funnel_window_days": 7,
    "case_window_days": 3,
    "crm_schema": "elsewhere",
    "crm_missing_columns": {
        "stg_crm__orders": ["status", "type"],
        "stg_crm__opportunities": ["amount", "is_won", "created_date"],
        "stg_crm__return_order_line_items": ["refund_amount_c"],
    },
    "crm_missing_tables": ["stg_crm__subscriptions", "stg_crm__opportunities"],
    "activated_order_statuses": ["Shipped"],
    "retail_order_types": ["Online"],
    "business_account_types": ["Reseller"],
}
LAST_DAY = "2024-02-10"
# the last day is set by another name; the others are none of a user's
ELSEWHERE = {"as_of_date", "default_as_of_date", "primary_key_test_macros"}


def test_every_var_is_set_oddly() -> None:
    project = yaml.safe_load((PROJECT_ROOT / "dbt" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert set(ODD) == set(project["vars"]) - ELSEWHERE
    assert all(ODD[name] != project["vars"][name] for name in ODD)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("settings_are", ["default", "odd"])
def test_unit_tests_hold(engine: str, settings_are: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    settings: Settings = request.getfixturevalue(f"default_{engine}")
    if engine == "duckdb":
        # dbt opens the file for writing, and others are reading it
        copy = shutil.copy(settings.warehouse_path, tmp_path / "warehouse.duckdb")
        settings = settings.model_copy(update={"warehouse_path": Path(copy)})
    odd = ("--vars", json.dumps(ODD)) if settings_are == "odd" else ()
    last_day = LAST_DAY if settings_are == "odd" else str(settings.as_of_date)
    done = dbt(settings, tmp_path, "test", "--select", "test_type:unit", *odd, AS_OF_DATE=last_day)
    assert done.not_passed() == {}
    assert done.status == 0, done.printed[-3000:]
    assert len(done.results) > 60
