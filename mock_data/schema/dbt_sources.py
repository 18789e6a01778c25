"""dbt's view of the CRM, written from the declaration: `sources.yml`, and one YAML file per staging model.

`python -m mock_data.schema.dbt_sources` rewrites the files; with `--check` it writes nothing and names the stale ones.
A staging model's SQL says what each field is renamed to; descriptions, keys, references and picklists are the
declaration's. What the declaration cannot know (unit tests, say) lies in hand-written files beside these.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

from mock_data.schema import CRM, Field, FieldType
from warehouse.errors import run_command

STAGING = Path(__file__).resolve().parents[2] / "dbt" / "models" / "staging" / "crm"
_HEADER = "# Generated from mock_data/schema by `python -m mock_data.schema.dbt_sources`: change it there. {why}\n"

# Words that SQL keeps for itself: the table's name must be quoted on every engine.
_RESERVED = frozenset({"case", "order", "user"})
# Tables in which something moves every day the shop is open, so that a stopped replication shows.
_MOVING = ("contact", "order", "order_item")
# Columns of every object, described once; the landing enforces them, so they carry no tests.
_SYSTEM = frozenset(
    {
        "created_date",
        "created_by_id",
        "last_modified_date",
        "last_modified_by_id",
        "system_modstamp",
        "is_deleted",
        "_fivetran_synced",
        "owner_id",
    }
)
_SOURCE_CALL = re.compile(r"source\('crm', '(\w+)'\)")
# {{ as_text('bill_to_contact_id') }} as bill_to_contact_id
_COLUMN = re.compile(r"\{\{ as_\w+\('(\w+)'\) \}\} as (\w+)")


# Digits in all and after the point that staging keeps of a number: landed_numbers_are_kept compares.
_KEPT = {FieldType.MONEY: (18, 2), FieldType.PERCENT: (5, 2), FieldType.INTEGER: (18, 0)}


def _column_config(field: Field) -> dict[str, Any]:
    return {"config": {"meta": {"personal_data": True}, "tags": ["personal_data"]}} if field.personal else {}


def _landed_config(field: Field) -> dict[str, Any]:
    if field.type not in _KEPT:
        return _column_config(field)
    digits, decimals = _KEPT[field.type]
    return {"config": {"meta": {"digits": digits, "decimals": decimals}}}


def sources() -> dict[str, Any]:
    """The document of `_crm__sources.yml`: every CRM table, also those that no model reads yet."""
    tables = []
    for table in CRM.values():
        entry: dict[str, Any] = {"name": table.name, "description": table.description}
        if table.name in _RESERVED:
            entry["quoting"] = {"identifier": True}
        if table.name in _MOVING:
            # against the wall clock, for a CRM that is really replicated: `dbt source freshness`
            day = {"period": "day"}
            entry["config"] = {
                "loaded_at_field": "_fivetran_synced",
                "freshness": {"warn_after": {"count": 1, **day}, "error_after": {"count": 7, **day}},
            }
        columns = []
        for field in table.fields:
            columns.append({"name": field.name, "description": field.description, **_landed_config(field)})
        entry["columns"] = columns
        tables.append(entry)
    return {
        "version": 2,
        "sources": [
            {
                "name": "crm",
                "description": "The CRM as its replication lands it: one row a record, overwritten in place; UTC.",
                "schema": "{{ var('crm_schema', 'crm') }}",
                "config": {"meta": {"loader": "fivetran layout"}, "tags": ["crm"]},
                "tables": tables,
            }
        ],
    }


def staging_columns(sql: str) -> dict[str, str]:
    """Landed field → the column it becomes, as a staging model's SQL says."""
    return dict(_COLUMN.findall(sql))


def _staging_models() -> dict[str, tuple[str, dict[str, str]]]:
    """CRM table → its staging model's name and renamed columns."""
    models = {}
    for path in sorted(STAGING.glob("stg_crm__*.sql")):
        sql = path.read_text(encoding="utf-8")
        called = _SOURCE_CALL.search(sql)
        if called is None or called.group(1) not in CRM:
            raise ValueError(f"{path.name} reads no table that mock_data/schema declares")
        models[called.group(1)] = (path.stem, staging_columns(sql))
    return models


def _column_tests(field: Field, is_key: bool, models: dict[str, tuple[str, dict[str, str]]]) -> list[Any]:
    tests: list[Any] = []
    if field.name in _SYSTEM:
        return tests
    if is_key:
        tests.append("unique")
    if field.required and field.type is not FieldType.BOOLEAN:
        tests.append("not_null")
    if field.picklist:
        # another CRM has values of its own: they are listed, and stop no build
        arguments = {"values": list(field.picklist)}
        tests.append({"accepted_values": {"arguments": arguments, "config": {"severity": "warn"}}})
    if len(field.references) == 1 and field.references[0] in models:
        model, columns = models[field.references[0]]
        key = columns[CRM[field.references[0]].key]
        relationship: dict[str, Any] = {"arguments": {"to": f"ref('{model}')", "field": key}}
        if "crm_table(" in (STAGING / f"{model}.sql").read_text(encoding="utf-8"):
            # a CRM may do without that table, and keep the references to it
            relationship["config"] = {"enabled": f"{{{{ '{model}' not in var('crm_missing_tables') }}}}"}
        tests.append({"relationships": relationship})
    return tests


def staging() -> dict[str, dict[str, Any]]:
    """File name → document, one per staging model: its columns described, keyed and tested."""
    models = _staging_models()
    documents = {}
    for name, (model, renamed) in models.items():
        table = CRM[name]
        columns = []
        for landed, column_name in renamed.items():
            field = table.field(landed)
            column: dict[str, Any] = {"name": column_name, "description": field.description, **_column_config(field)}
            tests = _column_tests(field, landed == table.key, models)
            if landed == "_fivetran_synced" and name == "order":
                tests.append("fresh_as_of")  # against the as-of date, in every build
            if tests:
                column["data_tests"] = tests
            columns.append(column)
        documents[f"{model}.yml"] = {
            "version": 2,
            "models": [
                {
                    "name": model,
                    "description": f"{table.description} Renamed and typed, deleted rows included; one row a record.",
                    "columns": columns,
                }
            ],
        }
    return documents


def render() -> dict[Path, str]:
    """Path → text of every generated file."""
    documents = {"_crm__sources.yml": (sources(), "The raw tables that staging reads.")}
    for name, document in staging().items():
        documents[name] = (document, "What the staging model's columns mean and must satisfy.")
    return {
        STAGING / name: _HEADER.format(why=why)
        + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=118)
        for name, (document, why) in documents.items()
    }


def stale() -> list[Path]:
    """The generated files whose text on disk is not what the declaration gives."""
    return [path for path, text in render().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    """Rewrite what is stale, or with `--check` only name it and return 1."""
    old = stale()
    if "--check" in arguments:
        for path in old:
            print(f"error: {path.name} is stale; run python -m mock_data.schema.dbt_sources", file=sys.stderr)
        return 1 if old else 0
    texts = render()
    for path in old:
        path.write_text(texts[path], encoding="utf-8")
        print(f"wrote {path.name}")
    return 0


if __name__ == "__main__":
    run_command(main, sys.argv[1:])
