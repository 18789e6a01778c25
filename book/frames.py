"""Query results as the book shows them: the same rows look the same from DuckDB and from Postgres.

The engines hand over one value in different Python types (an average is a float here, a Decimal of 16 places there).
Everything that prints or draws a result goes through this module, so the difference is settled once.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

DIGITS = 6
"""Decimal places that are shown and drawn: engines agree to nine, so no rounding edge lies between them."""

ROWS_SHOWN = 40
"""A table stops after so many rows and says how many there are."""


@dataclass(frozen=True)
class Table:
    """Column names, rows of cells as text, and which columns are numbers; knows its own HTML and plain text."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    total: int

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}

    def html(self) -> str:
        """An HTML table: numbers to the right, a scope on every head, and a region a keyboard can scroll."""
        sides = ['class="number"' if numeric else "" for numeric in self.numeric]
        head = "".join(
            f'<th scope="col" {side}>{html.escape(name)}</th>' for name, side in zip(self.names, sides, strict=True)
        )
        body = "\n".join(
            "<tr>"
            + "".join(f"<td {side}>{html.escape(cell)}</td>" for cell, side in zip(row, sides, strict=True))
            + "</tr>"
            for row in self.rows
        )
        note = f'<p class="rows">{self._note()}</p>\n' if self._note() else ""
        return (
            '<div class="result" role="region" aria-label="Table" tabindex="0">\n<table>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n{note}</div>"
        ).replace(" >", ">")

    def text(self) -> str:
        """The same table in characters, for a terminal."""
        lines = [self.names, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.names))]
        out = [
            "  ".join(
                cell.rjust(width) if numeric else cell.ljust(width)
                for cell, width, numeric in zip(line, widths, self.numeric, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join(out + ([self._note()] if self._note() else []))

    def _note(self) -> str:
        return f"{len(self.rows)} of {self.total:,} rows" if self.total > len(self.rows) else ""


def table(names: Iterable[str], rows: Iterable[Sequence[object]], limit: int | None = ROWS_SHOWN) -> Table:
    """Raw values of any engine as a `Table` of at most `limit` rows (None: all)."""
    names, values = tuple(names), [tuple(row) for row in rows]
    columns = list(zip(*values, strict=True)) or [()] * len(names)
    return Table(
        names=names,
        rows=tuple(tuple(cell(value) for value in row) for row in values[:limit]),
        numeric=tuple(_is_numeric(column) for column in columns),
        total=len(values),
    )


def cell(value: object) -> str:
    """One value as text: NULL is an en dash, money keeps its cents, other fractions lose their trailing zeros."""
    if value is None or value is pd.NaT or value != value:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _fraction(float(value)) if -_exponent(value) > DIGITS else f"{value:f}"
    if isinstance(value, float):
        return _fraction(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == datetime.min.time() else "%Y-%m-%d %H:%M:%S")
    return str(value)


def frame(result: Any) -> pd.DataFrame:
    """A `%sql` result (or a frame) as a frame fit for a chart: numbers as numbers, days as timestamps, order kept."""
    data = result if isinstance(result, pd.DataFrame) else pd.DataFrame([tuple(r) for r in result], columns=result.keys)
    return data.apply(_column).reset_index(drop=True)


def _column(values: pd.Series[Any]) -> pd.Series[Any]:
    known = values.dropna()
    if known.map(lambda v: isinstance(v, Decimal | float)).all() and len(known):
        return values.astype(float).round(DIGITS)
    if known.map(lambda v: isinstance(v, date)).all() and len(known):
        return pd.to_datetime(values).astype("datetime64[us]")
    return values


def _fraction(value: float) -> str:
    text = f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _is_numeric(column: Sequence[object]) -> bool:
    known = [value for value in column if value is not None]
    return bool(known) and all(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in known)
