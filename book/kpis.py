"""The KPIs: what dbt's semantic layer declares of them, and what they come to now.

How a KPI is declared is said at the top of `dbt/models/marts/kpis/_kpis__docs.md`: a metric over a semantic model, with
the rest in its `config: meta:`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from warehouse.errors import UserError
from warehouse.settings import Settings

from .marts import reading_marts
from .numbers import count, day, decimal, money, month, percent

# What the KPIs answer, in the order in which an owner asks.
QUESTIONS = (
    "How much do we sell?",
    "What is an order worth?",
    "Who buys?",
    "Do they come back?",
    "Are customers leaving?",
    "Which customers matter most?",
    "Do leads become customers?",
    "What does a new customer cost?",
    "How does the wholesale pipeline stand?",
    "What comes back, and why?",
    "Does service keep customers?",
)
NO_DATA = "no data"

_NEEDED = ("question", "column", "unit", "grain", "formula", "synonyms", "edge_cases", "chapter", "shown")
_AGGREGATE = {
    "sum": "sum({})",
    "average": "avg(cast({} as double precision))",
    "median": "percentile_cont(0.5) within group (order by {})",
    "min": "min({})",
    "max": "max({})",
    "count_distinct": "count(distinct {})",
}
_WORDS = ("hours", "days", "weeks", "months")


@dataclass(frozen=True)
class Shown:
    """How the value of today is read.

    Attributes:
        value: `latest`, the last month that is over; `total`, all rows; `largest`, the point where the KPI is largest;
            or one of the points by name.
        what: the words that follow the number; `{}` stands for the point.
        by: SQL of the points that the small chart runs over, months where `monthly`; None for no chart.
        over: the same in words: "month of first purchase date".
        where: SQL of the rows that count; empty for all.
    """

    value: str
    what: str
    by: str | None
    over: str
    monthly: bool
    where: str


@dataclass(frozen=True)
class Kpi:
    """One KPI as declared: what it is called, means and counts in, and what computes, shows and tests it.

    Attributes:
        metric: its name in the semantic layer; `name` is for people.
        column, model, model_id: where the mart has it at its grain.
        tests: name and dbt id of each test that holds it.
        expression, source: SQL of the metric, and the table that it is computed over.
    """

    metric: str
    name: str
    definition: str
    question: str
    unit: str
    grain: str
    formula: str
    synonyms: tuple[str, ...]
    edge_cases: tuple[int, ...]
    chapter: str
    column: str
    model: str
    model_id: str
    tests: tuple[tuple[str, str], ...]
    expression: str
    source: str
    shown: Shown


@dataclass(frozen=True)
class Value:
    """What a KPI comes to.

    Attributes:
        text: as shown: "8.8%"; `NO_DATA` where the mart has none.
        what: of what: "of the contacts active at its start lapsed".
        when: the month or the day it stands for: "December 2025".
        number: the bare value.
        points: label and value of each point of the small chart, in order.
    """

    text: str
    what: str
    when: str
    number: float | date | None
    points: tuple[tuple[str, float], ...]


def read_kpis(manifest: Path) -> list[Kpi]:
    """Every KPI in the manifest, by question and name.

    Raises:
        UserError: a declaration lacks a key, names what is not there, two KPIs share a name, or a KPI has no test.
    """
    content = json.loads(manifest.read_text(encoding="utf-8"))
    kpis = [
        _kpi(metric, content)
        for metric in content.get("metrics", {}).values()
        if "question" in metric["config"]["meta"]
    ]
    names = [kpi.name for kpi in kpis]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"KPIs declared more than once in dbt: {', '.join(twice)}")
    if untested := [kpi.name for kpi in kpis if not kpi.tests]:
        raise UserError(f"KPIs without a dbt test: {', '.join(untested)}")
    return sorted(kpis, key=lambda kpi: (QUESTIONS.index(kpi.question), kpi.name.casefold()))


def current_values(settings: Settings, kpis: Sequence[Kpi]) -> dict[str, Value]:
    """Metric → what it comes to in the warehouse that the settings name.

    Raises:
        UserError: the marts are not there.
    """
    with reading_marts(settings) as connection:
        as_of: date | None = connection.execute(text("select max(date_day) from marts.dim_dates")).scalar()
        return {kpi.metric: _value(kpi, as_of, connection) for kpi in kpis}


def _kpi(metric: dict[str, Any], manifest: dict[str, Any]) -> Kpi:
    meta = metric["config"]["meta"]
    lacking = [key for key in _NEEDED if meta.get(key) in (None, "")]
    if lacking := lacking or [f"shown: {key}" for key in ("value", "as") if key not in meta["shown"]]:
        raise UserError(f"the KPI {metric['name']} lacks {', '.join(lacking)}")
    if meta["question"] not in QUESTIONS:
        raise UserError(f"the KPI {metric['name']} answers {meta['question']!r}, no question of book/kpis.py")
    expression, semantic = _expression(metric["name"], manifest)
    home = semantic["node_relation"]
    model = meta.get("mart", home["alias"])
    node: dict[str, Any] = next((node for node in manifest["nodes"].values() if node["name"] == model), {})
    column = node.get("columns", {}).get(meta["column"])
    if not column or not column.get("description"):
        raise UserError(f"the KPI {metric['name']} names {model}.{meta['column']}, which dbt does not describe")
    return Kpi(
        metric=metric["name"],
        name=metric["label"],
        definition=column["description"],
        **{key: str(meta[key]) for key in ("question", "unit", "grain", "formula", "chapter", "column")},
        synonyms=tuple(meta["synonyms"]),
        edge_cases=tuple(meta["edge_cases"]),
        model=model,
        model_id=node["unique_id"],
        tests=_tests(node, meta["column"], manifest),
        expression=expression,
        source=f"{home['schema_name']}.{home['alias']}",
        shown=_shown(metric["name"], meta["shown"], semantic),
    )


def _expression(name: str, manifest: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """SQL of a metric, simple or a ratio of simple ones, and the semantic model that it is computed over."""
    metric = next(metric for metric in manifest["metrics"].values() if metric["name"] == name)
    if metric["type"] == "ratio":
        parts = [_expression(metric["type_params"][part]["name"], manifest) for part in ("numerator", "denominator")]
        (above, semantic), (below, other) = parts
        if other["name"] != semantic["name"]:
            raise UserError(f"the KPI {name} is a ratio over two semantic models, which the dictionary cannot show")
        return f"cast({above} as double precision) / nullif({below}, 0)", semantic
    measure = metric["type_params"]["measure"]["name"]
    for semantic in manifest["semantic_models"].values():
        for declared in semantic["measures"]:
            if declared["name"] == measure and declared["agg"] in _AGGREGATE:
                return _AGGREGATE[declared["agg"]].format(declared.get("expr") or measure), semantic
    known = ", ".join(_AGGREGATE)
    raise UserError(f"the KPI {name} reads {measure}, which is no measure with one of the aggregations {known}")


def _shown(name: str, declared: dict[str, Any], semantic: dict[str, Any]) -> Shown:
    by = declared.get("by")
    dimension = next((dimension for dimension in semantic["dimensions"] if dimension["name"] == by), None)
    if by and dimension is None:
        raise UserError(f"the KPI {name} is shown by {by}, which is no dimension of {semantic['name']}")
    monthly = dimension is not None and dimension["type"] == "time"
    points = (dimension.get("expr") or by) if dimension else None
    over = str(by).replace("_", " ")
    return Shown(
        value=str(declared["value"]),
        what=str(declared["as"]),
        by=f"cast(date_trunc('month', {points}) as date)" if monthly else points,
        over=("month" if by in ("month_start", "date_day") else f"month of {over}") if monthly else over,
        monthly=monthly,
        where=declared.get("where", ""),
    )


def _tests(node: dict[str, Any], column: str, manifest: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What holds the column: its own tests, those of its whole model, and the model's unit tests."""
    model = node["unique_id"]
    attached = {
        _test_name(test, node["name"]): str(test["unique_id"])
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and test.get("column_name") in (None, column)
        and (test["attached_node"] == model if test.get("attached_node") else model in _reads(test))
    }
    units = {
        str(test["name"]): str(test["unique_id"]) for test in manifest["unit_tests"].values() if model in _reads(test)
    }
    return tuple(sorted({**attached, **units}.items()))


def _reads(test: dict[str, Any]) -> list[str]:
    reads: list[str] = test["depends_on"]["nodes"]
    return reads


def _test_name(test: dict[str, Any], model: str) -> str:
    """A test's given name; for one that dbt named itself, the kind of test and the column."""
    kind = test.get("test_metadata", {}).get("name")
    if not kind or not test["name"].startswith(f"{kind}_{model}"):
        return str(test["name"])
    return f"{kind}: {test['column_name']}" if test.get("column_name") else str(kind)


def _value(kpi: Kpi, as_of: date | None, connection: Connection) -> Value:
    shown = kpi.shown
    where = f" where {shown.where}" if shown.where else ""
    rows: list[tuple[str, float | date]] = []
    if shown.by:
        points = f"select {shown.by} as point, {kpi.expression} as value from {kpi.source}{where} group by 1"
        known = [row for row in connection.execute(text(points)) if None not in tuple(row)]
        # sorted here: the engines order words differently
        for point, value in sorted(tuple(row) for row in known):
            if not shown.monthly or _is_over(point, as_of):
                rows.append((month(point) if shown.monthly else str(point), _bare(value)))
    when = day(as_of) if as_of else ""
    label, number = "", None
    if shown.value == "total":
        total = f"select {kpi.expression}, count(*) from {kpi.source}{where}"
        value, counted = connection.execute(text(total)).one()
        number = _bare(value) if counted and value is not None else None
    elif shown.value == "latest" and rows:
        label, number = rows[-1]
        when = label
    elif shown.value == "largest" and rows:
        label, number = max(rows, key=lambda row: row[1])
    else:
        label, number = next((row for row in rows if row[0] == shown.value), ("", None))
    if number is None:
        return Value(NO_DATA, "", "", None, ())
    chart = tuple((point, float(value)) for point, value in rows if not isinstance(value, date))
    return Value(_written(number, kpi), shown.what.replace("{}", label), when, number, chart)


def _bare(value: Any) -> float | date:
    if isinstance(value, date):
        return value
    return int(value) if value == int(value) else float(value)


def _is_over(first: date, as_of: date | None) -> bool:
    """Whether the month that begins on `first` was over by the as-of date."""
    return as_of is not None and (first + timedelta(days=31)).replace(day=1) <= as_of + timedelta(days=1)


def _written(number: float | date, kpi: Kpi) -> str:
    """The number in the KPI's unit; a flag is a share where it is averaged, and a count where it is summed."""
    if isinstance(number, date):
        return month(number) if kpi.unit == "month" else day(number)
    if kpi.unit == "share" or (kpi.unit == "flag" and kpi.expression.startswith("avg(")):
        return percent(number)
    if kpi.unit == "money":
        return money(number, 0 if abs(number) >= 1000 else 2)
    written = count(number) if isinstance(number, int) else decimal(number)
    return f"{written} {kpi.unit if number != 1 else kpi.unit[:-1]}" if kpi.unit in _WORDS else written
