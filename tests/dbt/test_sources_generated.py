"""What dbt reads about the CRM is what the declaration gives, and staging covers each column once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mock_data.schema import CRM, dbt_sources
from warehouse.settings import Settings

DBT = Path(__file__).resolve().parents[2] / "dbt"


def test_generated_files_are_fresh() -> None:
    assert [path.name for path in dbt_sources.stale()] == []


def test_a_stale_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in dbt_sources.STAGING.glob("stg_crm__*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(dbt_sources, "STAGING", tmp_path)
    assert dbt_sources.main(["--check"]) == 1
    assert dbt_sources.main([]) == 0
    assert dbt_sources.main(["--check"]) == 0
    changed = tmp_path / "_crm__sources.yml"
    changed.write_text(changed.read_text(encoding="utf-8").replace("Given name", "First name"), encoding="utf-8")
    assert dbt_sources.stale() == [changed]


@pytest.mark.parametrize("path", sorted(dbt_sources.STAGING.glob("stg_crm__*.sql")), ids=lambda path: path.stem)
def test_staging_keeps_every_declared_column_once(path: Path) -> None:
    sql = path.read_text(encoding="utf-8")
    table = dbt_sources._SOURCE_CALL.search(sql)
    assert table is not None
    renamed = dbt_sources.staging_columns(sql)
    assert set(renamed) == {field.name for field in CRM[table.group(1)].fields}
    assert len(set(renamed.values())) == len(renamed), "two fields are renamed alike"


@pytest.mark.parametrize("path", sorted(dbt_sources.STAGING.glob("stg_crm__*.sql")), ids=lambda path: path.stem)
def test_staging_casts_each_column_to_what_it_holds(path: Path) -> None:
    casts = {
        "as_text": {"id", "reference", "text", "picklist"},
        "as_boolean": {"boolean"},
        "as_integer": {"integer"},
        "as_double": {"number"},
        "as_money": {"money"},
        "as_percent": {"percent"},
        "as_date": {"date"},
        "as_utc": {"datetime"},
    }
    sql = path.read_text(encoding="utf-8")
    table = dbt_sources._SOURCE_CALL.search(sql)
    assert table is not None
    for macro, types in casts.items():
        for line in sql.splitlines():
            if f"{{{{ {macro}(" in line:
                (landed,) = dbt_sources.staging_columns(line)
                assert CRM[table.group(1)].field(landed).type.value in types, line.strip()


def test_the_as_of_date_is_the_same_everywhere() -> None:
    project = yaml.safe_load((DBT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"]["default_as_of_date"] == str(Settings.model_fields["as_of_date"].default)
