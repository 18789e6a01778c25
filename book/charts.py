"""One plot style for the whole book: static SVG, light and dark, wide and for a phone, with caption, alt text and data.

A chapter draws with Altair and ends the cell with `show(chart, alt=…, caption=…)`. Nothing in the output depends on the
run, the machine's fonts or the engine, so that stored outputs can be compared byte for byte; nothing needs JavaScript.

A colour that must differ between the themes is written as its name: `alt.value("@accent")`. Names are the fields of
`book.palette.Palette`, and `@series1` … `@series5`.
"""

from __future__ import annotations

import functools
import html
import json
import re
import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

# a checker of international web addresses that compiles a grammar for a second on import; jsonschema, which Altair
# loads, does without it where it is missing
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import altair as altair  # noqa: E402 (a chapter draws with this one)
import pandas as pd  # noqa: E402
import vl_convert  # noqa: E402

from .chart_widths import NARROW, WIDE, fitted, for_page, for_phone  # noqa: E402
from .frames import Table, table  # noqa: E402
from .palette import DARK, LIGHT, Palette  # noqa: E402
from .svg import lean, size  # noqa: E402

# the converter carries Liberation Sans, so widths are the same everywhere; the others are as wide, or hardly wider
FONT = "Liberation Sans, Arial, Helvetica, Arimo, Roboto, DejaVu Sans Condensed, sans-serif"
FONT_SIZE, HEIGHT = 13, 300
PHONE = "(max-width: 640px)"
"""Windows in which the narrow picture stands."""

ROWS_SHOWN = 10
"""The table below a chart stops after so many rows; the file that it links to has all."""

VEGA_LITE = altair.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]

altair.data_transformers.disable_max_rows()


@dataclass(frozen=True)
class Figure:
    """A finished chart as notebooks and pages show it: a picture for each theme, wide and narrow."""

    light: str
    dark: str
    light_narrow: str
    dark_narrow: str
    alt: str
    caption: str
    data: pd.DataFrame

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": f"[Chart] {self.alt}"}

    def html(self) -> str:
        """A figure of two pictures, of which the page's theme shows one, a caption, and the data to unfold."""
        rows = self._rows(ROWS_SHOWN)
        return (
            '<figure class="chart">\n'
            + _picture(self.light, self.light_narrow, 'class="chart-light"', self.alt)
            + _picture(self.dark, self.dark_narrow, 'class="chart-dark" style="display:none"', self.alt)
            + f"<figcaption>{html.escape(self.caption)}</figcaption>\n"
            f"<details><summary>The numbers in this chart</summary>\n{rows.html()}\n{self._file()}</details>\n"
            "</figure>"
        )

    def _rows(self, limit: int | None) -> Table:
        return table(self.data.columns, self.data.astype(object).to_numpy().tolist(), limit=limit)

    def _file(self) -> str:
        """A link that carries all rows, where the table does not."""
        if len(self.data) <= ROWS_SHOWN:
            return ""
        uri = "data:text/csv;charset=utf-8," + quote(self._rows(None).csv(), safe="=:/,;()!*@$+")
        return f"<p><a download=\"numbers.csv\" href='{uri}'>All {len(self.data):,} rows as CSV</a></p>\n"


def show(chart: Any, *, alt: str, caption: str, data: pd.DataFrame | None = None, narrow: Any = None) -> Figure:
    """The chart as a `Figure`, to be a cell's last line.

    Args:
        chart: any Altair chart; size it only where the default (the page's width, 300 high) does not fit.
        alt: what a reader who cannot see the picture should learn from it, in a sentence or two.
        caption: what the picture shows, not what to conclude from it.
        data: what the unfolding table holds; the chart's own frame if not given.
        narrow: the chart for a phone, where what `book.chart_widths` makes of `chart` does not read well.

    Raises:
        ValueError: alt text or caption is missing, a layered chart comes without `data`, or labels and legends leave
            no width for the plot.
    """
    if len(alt.split()) < 4 or not caption.strip():
        raise ValueError("a chart needs alt text of at least four words and a caption")
    if data is None:
        data = chart.data
    if not isinstance(data, pd.DataFrame):
        raise ValueError("give show() the frame for the chart's table: data=…")
    spec = _spec(chart)
    pictures = _drawn(for_page(spec), WIDE) + _drawn(for_phone(spec if narrow is None else _spec(narrow)), NARROW)
    return Figure(*pictures, alt, caption, data)


def style(palette: Palette, *, phone: bool = False) -> dict[str, Any]:
    """The Vega-Lite configuration of every chart in the book, in one theme; lettering has one size on every screen."""
    quiet = {"labelColor": palette.quiet, "titleColor": palette.quiet}
    return {
        "background": palette.page,
        "font": FONT,
        "padding": 4 if phone else 8,
        "view": {"stroke": None, "continuousHeight": HEIGHT, "discreteHeight": {"step": 28}},
        "axis": {
            **quiet,
            "domainColor": palette.line,
            "gridColor": palette.line,
            "tickColor": palette.line,
            "labelFontSize": FONT_SIZE,
            "titleFontSize": FONT_SIZE,
            "titleFontWeight": "normal",
            "titlePadding": 8 if phone else 12,
            "labelPadding": 6,
            "labelLimit": 260,
        },
        "axisX": {
            "grid": False,
            "labelAngle": 0,
            "labelOverlap": "parity" if phone else "greedy",
            "labelSeparation": 10 if phone else 12,
        },
        "axisQuantitative": {"tickCount": 5 if phone else 6},
        **({"axisTemporal": {"tickCount": 4}} if phone else {}),
        "axisY": {"domain": False, "ticks": False},
        "legend": {
            **quiet,
            "labelFontSize": FONT_SIZE,
            "titleFontSize": FONT_SIZE,
            "titleFontWeight": "normal",
            "orient": "top",
            "columnPadding": 18,
        },
        "header": {**quiet, "labelFontSize": FONT_SIZE, "titleFontSize": FONT_SIZE, "titleFontWeight": "normal"},
        "title": {"color": palette.ink, "fontSize": 15, "anchor": "start"},
        "mark": {"color": palette.series[0]},
        "bar": {"cornerRadiusEnd": 2},
        "line": {"strokeWidth": 2.5},
        "point": {"size": 36 if phone else 60, "filled": True},
        "rule": {"color": palette.quiet},
        "text": {"color": palette.ink, "fontSize": FONT_SIZE},
        "range": {
            "category": list(palette.series),
            "heatmap": list(palette.heat),
            "ramp": list(palette.heat),
            "ordinal": list(palette.heat),
        },
    }


def _spec(chart: Any) -> dict[str, Any]:
    with altair.theme.enable("none"):
        spec: dict[str, Any] = chart.to_dict()
    spec.pop("config", None)
    return spec


def _drawn(spec: dict[str, Any], total: int) -> tuple[str, str]:
    """The picture, `total` pixels wide, in the light and in the dark theme."""

    @functools.cache
    def light(text: str) -> str:
        return _rendered(json.loads(text), LIGHT, total)

    spec = fitted(spec, total, lambda tried: size(light(json.dumps(tried)))[0])
    exact = total if total == NARROW else None
    return (
        lean(light(json.dumps(spec)), FONT, FONT_SIZE, exact),
        lean(_rendered(spec, DARK, total), FONT, FONT_SIZE, exact),
    )


def _rendered(spec: dict[str, Any], palette: Palette, total: int) -> str:
    config = style(palette, phone=total == NARROW)
    svg: str = vl_convert.vegalite_to_svg(_coloured(spec, palette), vl_version=VEGA_LITE, config=config)
    return svg


def _coloured(part: Any, palette: Palette) -> Any:
    """`part` of a specification with every colour name replaced by the theme's colour."""
    if isinstance(part, dict):
        return {key: _coloured(value, palette) for key, value in part.items()}
    if isinstance(part, list):
        return [_coloured(value, palette) for value in part]
    if isinstance(part, str) and (named := re.fullmatch(r"@(series)?([a-z]+|[1-5])", part)):
        return palette.series[int(named[2]) - 1] if named[1] else getattr(palette, named[2])
    return part


def _picture(wide: str, narrow: str, kind: str, alternative: str) -> str:
    """The two widths of a picture, each with its size, so that nothing moves when it comes."""

    def sized(svg: str) -> str:
        return 'width="{}" height="{}"'.format(*size(svg))

    return (
        f"<picture {kind}>\n<source media=\"{PHONE}\" {sized(narrow)} srcset='{_uri(narrow)}'>\n"
        f"<img src='{_uri(wide)}' {sized(wide)} alt=\"{html.escape(alternative)}\">\n</picture>\n"
    )


def _uri(svg: str) -> str:
    """An address that carries the picture, for an attribute in single quotes because SVG is full of double ones.

    Spaces are written out: the address in a `srcset` ends at the first.
    """
    return "data:image/svg+xml," + quote(svg.replace("\n", " "), safe='=:/,;()!*@$+"<>')
