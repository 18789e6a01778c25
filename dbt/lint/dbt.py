"""Stands in for dbt's own cross-database macros where sqlfluff renders the models without dbt."""


def type_string() -> str:
    """A text type that every dialect can parse."""
    return "varchar(255)"
