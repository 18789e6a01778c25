"""Stands in for dbt's own cross-database macros where sqlfluff renders the models without dbt."""


def type_string() -> str:
    """The text type, as DuckDB spells it."""
    return "text"
