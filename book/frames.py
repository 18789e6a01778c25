"""Query results as the book shows them: the same rows look the same from DuckDB and from Postgres.

The engines hand over one value in different Python types (an average is a float here, a Decimal of 16 places there).
Everything that prints or draws a result goes through this module, so the difference is settled once.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from .columns import DIGITS, MISSING, cell, form, heading, is_missing, writer

ROWS_SHOWN = 40
"""A table stops after so many rows and says how many there are."""

WRITTEN_NUMBER = re.compile(r"[±+−-]? ?\$?(\d{1,3}(,\d{3})+|\d{1,4})(\.\d+)?( ?%)?|–")
LONG, LONG_NAME = 16, re.compile(r"[^\s]{17}")


@dataclass(frozen=True)
class Table:
    """A result as a reader sees it, and as a program would: knows its own HTML and plain text.

    Attributes:
        names: the columns' own names.
        headings: what stands above the columns.
        rows: the cells as shown.
        values: the cells as a program reads them (`0.0878`, `2025-12-01`), row for row.
        numeric: which columns are numbers.
        total: how many rows the result has, shown or not.
    """

    names: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    values: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    total: int

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}

    def html(self) -> str:
        """An HTML table: numbers to the right, a scope on every head, and a group that a keyboard can scroll.

        `data-name` and `data-value` hold what is copied and downloaded, where the text is another.
        """
        sides = [' class="number"' if numeric else "" for numeric in self.numeric]
        head = " ".join(
            f'<th scope="col"{side}{_data("name", name, heading)}>{html.escape(heading)}</th>'
            for name, heading, side in zip(self.names, self.headings, sides, strict=True)
        )
        body = "\n".join(
            "<tr>"
            + " ".join(
                f"<td{side}{_data('value', value, text)}>{_breakable(text)}</td>"
                for text, value, side in zip(row, values, sides, strict=True)
            )
            + "</tr>"
            for row, values in zip(self.rows, self.values, strict=True)
        )
        note = f'<p class="rows">{self._note()}</p>\n' if self._note() else ""
        return (
            f'<div class="result" role="group" aria-label="{self._label()}" tabindex="0">\n<table>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n{note}</div>"
        )

    def text(self) -> str:
        """The same table in characters, for a terminal."""
        lines = [self.headings, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.names))]
        out = [
            "  ".join(
                cell.rjust(width) if numeric else cell.ljust(width)
                for cell, width, numeric in zip(line, widths, self.numeric, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join(out + ([self._note()] if self._note() else []))

    def csv(self) -> str:
        """The rows that it holds, as a program reads them; the same characters from every engine."""
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows([self.names, *self.values])
        return written.getvalue()

    def _label(self) -> str:
        # a group, not a region: a page with twenty tables would otherwise have twenty landmarks
        return html.escape("Table: " + ", ".join(name for name in self.headings if name))

    def _note(self) -> str:
        if not self.total:
            return "no rows"
        return f"{len(self.rows)} of {self.total:,} rows" if self.total > len(self.rows) else ""


def table(names: Iterable[str], rows: Iterable[Sequence[object]], limit: int | None = ROWS_SHOWN) -> Table:
    """Raw values of any engine as a `Table` of at most `limit` rows (None: all).

    What a column shows follows from its name (`book.columns`); text is shown as it is.
    """
    names, values = tuple(names), [tuple(row) for row in rows]
    columns = list(zip(*values, strict=True)) or [()] * len(names)
    writers = [
        writer(form(name, column), column) if _is_known(column) else cell
        for name, column in zip(names, columns, strict=True)
    ]
    return Table(
        names=names,
        headings=tuple(map(heading, names)),
        rows=tuple(
            tuple(MISSING if is_missing(value) else write(value) for value, write in zip(row, writers, strict=True))
            for row in values[:limit]
        ),
        values=tuple(tuple("" if is_missing(value) else cell(value) for value in row) for row in values[:limit]),
        numeric=tuple(_is_numeric(column) for column in columns),
        total=len(values),
    )


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


def _data(kind: str, value: str, text: str) -> str:
    return f' data-{kind}="{html.escape(value)}"' if value != text else ""


def _breakable(text: str) -> str:
    """A cell whose long names may go on in the next line after an underscore, a dot or an at sign."""
    escaped = html.escape(text)
    if len(text) <= LONG or not LONG_NAME.search(text):
        return escaped
    return re.sub(r"(?<=\w)([_.@:])(?=\w)", r"\1<wbr>", escaped)


def _is_known(column: Sequence[object]) -> bool:
    return any(not is_missing(value) for value in column)


def _is_numeric(column: Sequence[object]) -> bool:
    known = [value for value in column if not is_missing(value)]
    return bool(known) and all(
        WRITTEN_NUMBER.fullmatch(v)
        if isinstance(v, str)
        else isinstance(v, int | float | Decimal) and not isinstance(v, bool)
        for v in known
    )
