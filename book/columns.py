"""How a table shows a column to a reader: its heading and the form of its values, both from the column's name.

A name in the warehouse says what it counts in by its words (`attrition_rate`, `net_revenue`, `month_start`). The rules
below are the one place that turns such a name into a heading (`months_to_payback`: "Months to payback") and its values
into what a person reads (`0.0878`: "8.8%"); `tests/book/test_columns.py` holds them to the units that KPIs declare.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from statistics import median

import pandas as pd

from .numbers import count, decimal, money, percent

DIGITS = 6
"""Decimal places that a value keeps: engines agree to nine, so no rounding edge lies between them."""
MISSING = "–"
PROPER = {
    word.casefold(): word
    for word in (
        *("AOV", "API", "CAC", "CLV", "CRM", "CSV", "DDL", "ID", "KPI", "LTV", "MRR", "PII", "RFM", "SQL", "URL"),
        *calendar.month_name[1:],
    )
}
del PROPER["may"]  # the verb is the commoner
# a model's name is one word, with its underscores
WORD = re.compile(r"(?:fct|dim|stg|int)_\w+|[^_\s]+|(?<=\s)(?=\s|$)")
MONEY = {
    *(
        "amount",
        "budget",
        "cac",
        "cost",
        "costs",
        "discount",
        "margin",
        "price",
        "refund",
        "refunds",
        "revenue",
        "spend",
    ),
    *("tax", "aov", "clv", "ltv", "mrr", "loss", "deal"),
}
SHARES = {"rate", "share", "attrition", "retention"}
PERCENT = {"percent", "percentage"}  # a hundred times a share
# a number by which something is called (also "bought_in"), or a place: shown as it is
NAMES = {"year", "in", "id", "code", "number", "seed", "rank", "hour", "latitude", "longitude"}
NOT_SHARES = {"purchase_rate", "dropout_rate"}  # events per week
# what a money word before one of these counts is things, not dollars
THINGS = {
    "days",
    "orders",
    "lines",
    "share",
    "rate",
    "percent",
    "quantity",
    "count",
    "month",
    "months",
    "id",
    "date",
    "type",
}


class Form(StrEnum):
    """What a column's values are to a reader."""

    TEXT = "text"
    NAME = "name"
    COUNT = "count"
    NUMBER = "number"
    MONEY = "money"
    SHARE = "share"
    PERCENT = "percent"
    MONTH = "month"


def heading(name: str) -> str:
    """A column's name as a person would write it: `avg_cac_c` becomes "Avg CAC"; what has spaces already stays.

    Salesforce ends the names of fields that a company adds with `_c`; readers do not need to know.
    """
    words = [PROPER.get(word.casefold(), word) for word in WORD.findall(re.sub(r"_c$", "", name))]
    if words and words[-1] in PERCENT and len(words) > 1:
        words.pop()  # its cells say %
    text = " ".join(words)
    return text[:1].upper() + text[1:] if len(text) > 1 else text


def form(name: str, values: Sequence[object]) -> Form:
    """What the values of a column called `name` are; None, and NaN, say nothing."""
    known = [value for value in values if not is_missing(value)]
    words = re.sub(r"_c$", "", name.casefold()).replace("_", " ").split() or [""]
    if known and all(isinstance(value, date) for value in known):
        return Form.MONTH if "month" in words else Form.TEXT
    if known and all(isinstance(value, str) and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value) for value in known):
        return Form.MONTH
    if not known or not all(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in known):
        return Form.TEXT
    if name in NOT_SHARES:
        return Form.NUMBER
    if words[-1] in PERCENT:
        return Form.PERCENT
    if SHARES & set(words):
        return Form.SHARE
    if (MONEY & set(words) or (words[1:] and words[-1] == "value")) and not THINGS & set(words):
        return Form.MONEY
    if words[-1] in NAMES:
        return Form.NAME
    return Form.COUNT if all(float(str(value)).is_integer() for value in known) else Form.NUMBER


def writer(kind: Form, values: Sequence[object]) -> Callable[[object], str]:
    """The function that writes one value of a column of this form; all values of one column get the same decimals."""
    if kind in (Form.TEXT, Form.NAME):
        return plain
    if kind is Form.MONTH:
        return lambda value: f"{_first_day(value):%b %Y}"
    sizes = [abs(float(v)) for v in values if isinstance(v, int | float | Decimal) and v == v] or [0.0]
    if kind is Form.MONEY:
        places = 0 if max(sizes) >= 10_000 else 2
        return lambda value: money(_number(value), places)
    if kind in (Form.SHARE, Form.PERCENT):
        unit = 1 if kind is Form.SHARE else 100
        places = 1 if max(sizes) >= 0.01 * unit or max(sizes) == 0 else 2
        return lambda value: percent(_number(value) / unit, places)
    if kind is Form.COUNT:
        return lambda value: count(_number(value))
    if all(isinstance(v, Decimal) and _exponent(v) >= -2 for v in values if not is_missing(v)):
        places = max(-_exponent(v) for v in values if isinstance(v, Decimal))  # as exact as it was asked for
        return lambda value: decimal(_number(value), places)
    # three figures of a usual value, at least one decimal and at most four
    usual = median([size for size in sizes if size] or [1.0])
    places = next((n for n in (1, 2, 3) if usual * 10**n >= 100), 4)
    needed = max(len(_fraction(float(str(v))).partition(".")[2]) for v in values if not is_missing(v))
    return lambda value: decimal(_number(value), min(places, needed))


def plain(value: object) -> str:
    """A value that is no quantity."""
    return ("yes" if value else "no") if isinstance(value, bool) else cell(value)


def cell(value: object) -> str:
    """One value as a program reads it: money keeps its cents, other fractions lose their trailing zeros."""
    if is_missing(value):
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _fraction(float(value)) if -_exponent(value) > DIGITS else f"{value:f}"
    if isinstance(value, float):
        return _fraction(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == datetime.min.time() else "%Y-%m-%d %H:%M:%S")
    return str(value)


def is_missing(value: object) -> bool:
    """Whether a value is NULL, NaN or no time at all."""
    return value is None or value is pd.NaT or value != value


def _number(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _fraction(value: float) -> str:
    text = f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _first_day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(f"{value}-01")
