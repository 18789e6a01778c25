"""The declaration is whole and every engine takes the DDL made from it."""

import re
from collections import Counter

import duckdb
import pytest

from mock_data.schema import CRM, TABLES
from mock_data.schema.declaration import FieldType, Object, api_name
from mock_data.schema.render import arrow_schema, create_table

SYSTEM = {"created_date", "created_by_id", "last_modified_date", "last_modified_by_id", "system_modstamp", "is_deleted"}
LINE_ITEMS = {"order_item", "opportunity_line_item", "shipment_item", "return_order_line_item"}


@pytest.mark.parametrize("table", CRM.values(), ids=lambda t: t.name)
def test_an_object_has_its_id_its_system_fields_and_an_owner_unless_it_is_a_line(table: Object):
    names = [f.name for f in table.fields]
    assert not [name for name, n in Counter(names).items() if n > 1]
    assert names[0] == "id"
    assert {*names} >= SYSTEM
    assert table.name not in LINE_ITEMS or "owner_id" not in names
    assert re.fullmatch("[0-9a-zA-Z]{3}", table.prefix)
    assert table.name.endswith("_c") == api_name(table.name).endswith("__c")


def test_prefixes_tell_objects_apart():
    assert len({table.prefix for table in CRM.values()}) == len(CRM)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_every_field_is_described_and_every_reference_points_somewhere(table: Object):
    for field in table.fields:
        assert field.description.endswith(".") or field.description.endswith("`.")
        assert all(name in CRM for name in field.references)
        assert bool(field.references) == (field.type is FieldType.REFERENCE)
        assert bool(field.picklist) == (field.type is FieldType.PICKLIST)


def test_duckdb_takes_the_ddl_and_gives_the_arrow_schema_back():
    with duckdb.connect() as connection:
        for schema in {t.schema for t in TABLES.values()}:
            connection.execute(f"create schema {schema}")
        for table in TABLES.values():
            connection.execute(create_table(table, "duckdb"))
            found = connection.execute(f'select * from {table.schema}."{table.name}"').to_arrow_table().schema
            assert [(f.name, f.type) for f in found] == [(f.name, f.type) for f in arrow_schema(table)]
