"""What is generated from the declaration: DDL for each engine and Arrow schemas."""

from __future__ import annotations

import pyarrow as pa

from .declaration import Field, FieldType, Object

# one line a type: DuckDB, Postgres, Arrow. Datetimes are UTC without a zone; money is never a float.
_TYPES: dict[FieldType, tuple[str, str, pa.DataType]] = {
    FieldType.ID: ("varchar", "varchar(18)", pa.string()),
    FieldType.REFERENCE: ("varchar", "varchar(18)", pa.string()),
    FieldType.TEXT: ("varchar", "text", pa.string()),
    FieldType.PICKLIST: ("varchar", "text", pa.string()),
    FieldType.BOOLEAN: ("boolean", "boolean", pa.bool_()),
    FieldType.INTEGER: ("bigint", "bigint", pa.int64()),
    FieldType.NUMBER: ("double", "double precision", pa.float64()),
    FieldType.MONEY: ("decimal(18,2)", "numeric(18,2)", pa.decimal128(18, 2)),
    FieldType.PERCENT: ("decimal(5,2)", "numeric(5,2)", pa.decimal128(5, 2)),
    FieldType.DATE: ("date", "date", pa.date32()),
    FieldType.DATETIME: ("timestamp", "timestamp", pa.timestamp("us")),
}

ENGINES = ("duckdb", "postgres")


def sql_type(field: Field, engine: str) -> str:
    """The column's type as `engine` ("duckdb" or "postgres") spells it."""
    return _TYPES[field.type][ENGINES.index(engine)]


def arrow_type(field: Field) -> pa.DataType:
    """The column's Arrow type."""
    return _TYPES[field.type][2]


def arrow_schema(table: Object) -> pa.Schema:
    """The table's Arrow schema, columns in declared order."""
    return pa.schema([pa.field(f.name, arrow_type(f), nullable=not f.required) for f in table.fields])


def qualified_name(table: Object, schema: str | None = None) -> str:
    """``crm."order"``: quoted, since order, user and case are reserved words."""
    return f'{schema or table.schema}."{table.name}"'


def create_table(table: Object, engine: str, schema: str | None = None) -> str:
    """The table's DDL for `engine`, in another `schema` if one is given.

    Without keys, so that a load never waits for an index: :func:`primary_key` adds them afterwards, and dbt tests
    keys and references on every engine.
    """
    columns = [f"    {f.name} {sql_type(f, engine)}{' not null' if f.required else ''}" for f in table.fields]
    return f"create table {qualified_name(table, schema)} (\n" + ",\n".join(columns) + "\n)"


def primary_key(table: Object, schema: str | None = None) -> str:
    """Adds the primary key to a loaded Postgres table; in DuckDB its index would cost more than it tells."""
    return f"alter table {qualified_name(table, schema)} add primary key ({table.key})"
