"""The models use no construct that one of the engines (DuckDB, Postgres, Spark) refuses or reads otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DBT = Path(__file__).resolve().parents[2] / "dbt"
# macros are left out: they are where engines may differ, behind a dispatch
SQL = sorted([*DBT.glob("models/**/*.sql"), *DBT.glob("tests/**/*.sql")])

# pattern → what is wrong with it, and what to write instead
BANNED: dict[str, str] = {
    r"\bqualify\b": "Postgres has no QUALIFY: filter in an outer select",
    r"\bdistinct\s+on\b": "Spark has no DISTINCT ON: row_number() and a filter",
    r"\bgenerate_series\b|\bunnest\b|\brange\s*\(\s*\d+\s*\)\s*(as\s+)?t\b": "engines differ on series: numbers()",
    r"->": "JSON arrows fail on Spark",
    r"\bage\s*\(": "age() fails on Spark: days_between()",
    r"\b(max|min)_by\s*\(|\barg_(max|min)\s*\(": "max_by fails on Postgres: row_number() and a filter",
    r"\bany_value\s*\(": "any_value differs: min() of what is one value anyway",
    r"\bilike\b": "ILIKE differs: lower(x) like",
    r"(?<![!<>=])~|\bsimilar\s+to\b": "regular expressions match differently: like, or a dispatch macro",
    r"::": "a cast is written cast(x as type)",
    r"\bnow\s*\(|\bcurrent_(date|timestamp|time)\b|\blocaltime": "nothing depends on today: as_of_date()",
    r"\bmedian\s*\(|\bquantile\w*\s*\(|\bapprox_\w+\s*\(": "percentile_cont(0.5) within group",
    r"\bselect\s+\*\s+(exclude|except|replace)\b": "only DuckDB: name the columns",
    r"\b(group|order)\s+by\s+all\b": "only DuckDB: name the columns",
    r"\b(asof|positional|semi|anti)\s+join\b": "not everywhere: exists, or row_number()",
    r"\bpivot\b|\bunpivot\b": "engines differ: case",
    r"\b(date_?(diff|add|part)|strftime|to_char)\s*\(": "engines differ: a macro of macros/time.sql",
    r"\binterval\s+'|\binterval\s+\d": "add_days(), add_months()",
    r"\bdecimal\b(?!\s*\()|\bnumeric\b(?!\s*\()": "a bare decimal rounds differently: decimal(18, 2)",
    r"\bas\s+(float|real|double)\b": "float is 4 bytes on one engine and 8 on another: double(x)",
    r"\bas\s+(varchar|text|string)\b": "the text type is spelt differently: dbt.type_string()",
    r"\bsum\s*\(\s*is_\w+\s*\)": "only DuckDB sums booleans: sum(case when … then 1 else 0 end)",
    r"\bdayofweek\b|\bisodow\b|\bextract\s*\(\s*dow\b": "weeks start on different days: iso_day_of_week()",
    r"//": "integer division is DuckDB's: cast(floor(a / 1.0 / b) as integer)",
    r"\b\d+\s*/\s*\d+\b": "10 / 4 is 2 on Postgres and 2.5 elsewhere: ratio()",
}


def code_of(text: str) -> str:
    """The SQL alone: Jinja (comments, statements and expressions), SQL comments and string literals blanked out."""
    text = re.sub(r"\{#.*?#\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"--[^\n]*", " ", text)
    return re.sub(r"'(?:[^']|'')*'", "''", text)


def jinja_strings_of(text: str) -> str:
    """SQL that is passed to macros as text: the string arguments inside Jinja expressions."""
    expressions = re.findall(r"\{\{.*?\}\}", re.sub(r"\{#.*?#\}", " ", text, flags=re.DOTALL), flags=re.DOTALL)
    return "\n".join(literal for expression in expressions for literal in re.findall(r"'([^']*)'", expression))


def violations(text: str) -> list[str]:
    code = (code_of(text) + "\n" + jinja_strings_of(text)).lower()
    return [f"{match.group(0)!r}: {why}" for pattern, why in BANNED.items() for match in re.finditer(pattern, code)] + (
        ["a quoted identifier fails on Spark: a name that needs no quotes"] if '"' in code_of(text) else []
    )


@pytest.mark.parametrize("path", SQL, ids=lambda p: p.stem)
def test_the_projects_sql_is_portable(path: Path) -> None:
    assert violations(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t qualify row_number() over (order by a) = 1",
        "select distinct on (a) a from t",
        "select * from generate_series(1, 3)",
        "select a ->> 'b' from t",
        'select "Order" from t',
        "select age(a, b) from t",
        "select max_by(a, b) from t",
        "select a::date from t",
        "select current_date",
        "select median(a) from t",
        "select * exclude (a) from t",
        "select a from t group by all",
        "select a - interval '1 day' from t",
        "select cast(a as decimal) from t",
        "select cast(a as float) from t",
        "select cast(a as text) from t",
        "select sum(is_lapsed) from t",
        "select 1 / 3",
        "select a from t where a ~ 'x'",
        "select {{ money('a::decimal(18, 2)') }} from t",
    ],
)
def test_a_construct_that_fails_elsewhere_is_seen(sql: str) -> None:
    assert violations(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "-- qualify, interval '1 day' and \"quotes\" in a comment\nselect 1 as one",
        "select '::' as colons, 'now()' as word from t",
        "{# distinct on #} select {{ double('a') }} as b, {{ days_between('a', 'b') }} as c from t",
        "select cast(a as decimal(18, 2)) as b from t where a <> 3 and a != 4",
        "select percentile_cont(0.5) within group (order by days) as median_days from t",
    ],
)
def test_portable_sql_is_let_through(sql: str) -> None:
    assert violations(sql) == []
