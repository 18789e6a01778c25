"""One plot style for the whole book: static SVG in a light and a dark variant, with a caption, alt text and the data.

A chapter draws with Altair and ends the cell with `show(chart, alt=…, caption=…)`. Nothing in the output depends on the
run, the machine's fonts or the engine, so that stored outputs can be compared byte for byte; nothing needs JavaScript.

A colour that must differ between the themes is written as its name: `alt.value("@accent")`. Names are the fields of
`book.palette.Palette`, and `@series1` … `@series5`.
"""

from __future__ import annotations

import html
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

from .frames import table  # noqa: E402
from .palette import DARK, LIGHT, Palette  # noqa: E402

# the converter carries Liberation Sans, so widths are the same everywhere; Arial has the same widths in a browser
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH, HEIGHT = 620, 300
VEGA_LITE = altair.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]

altair.data_transformers.disable_max_rows()


@dataclass(frozen=True)
class Figure:
    """A finished chart as notebooks and pages show it."""

    light: str
    dark: str
    alt: str
    caption: str
    data: pd.DataFrame

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": f"[Chart] {self.alt}"}

    def html(self) -> str:
        """A figure of two images, of which the page's theme shows one, a caption, and the data to unfold."""
        rows = table(self.data.columns, self.data.astype(object).to_numpy().tolist(), limit=None)
        return (
            '<figure class="chart">\n'
            + _image(self.light, 'class="chart-light"', self.alt)
            + "\n"
            + _image(self.dark, 'class="chart-dark" style="display:none"', self.alt)
            + "\n"
            f"<figcaption>{html.escape(self.caption)}</figcaption>\n"
            f"<details><summary>The numbers in this chart</summary>\n{rows.html()}\n</details>\n"
            "</figure>"
        )


def show(chart: Any, *, alt: str, caption: str, data: pd.DataFrame | None = None) -> Figure:
    """The chart as a `Figure`, to be a cell's last line.

    Args:
        chart: any Altair chart; size it only where the default (620 × 300) does not fit.
        alt: what a reader who cannot see the picture should learn from it, in a sentence or two.
        caption: what the picture shows, not what to conclude from it.
        data: what the unfolding table holds; the chart's own frame if not given.

    Raises:
        ValueError: alt text or caption is missing, or a layered chart comes without `data`.
    """
    if len(alt.split()) < 4 or not caption.strip():
        raise ValueError("a chart needs alt text of at least four words and a caption")
    if data is None:
        data = chart.data
    if not isinstance(data, pd.DataFrame):
        raise ValueError("give show() the frame for the chart's table: data=…")
    spec = _spec(chart)
    return Figure(_svg(spec, LIGHT), _svg(spec, DARK), alt, caption, data)


def style(palette: Palette) -> dict[str, Any]:
    """The Vega-Lite configuration of every chart in the book, in one theme."""
    quiet = {"labelColor": palette.quiet, "titleColor": palette.quiet}
    return {
        "background": palette.page,
        "font": FONT,
        "padding": 8,
        "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": HEIGHT, "discreteHeight": {"step": 28}},
        "axis": {
            **quiet,
            "domainColor": palette.line,
            "gridColor": palette.line,
            "tickColor": palette.line,
            "labelFontSize": 13,
            "titleFontSize": 13,
            "titleFontWeight": "normal",
            "titlePadding": 12,
            "labelPadding": 6,
            "labelLimit": 260,
        },
        "axisX": {"grid": False, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 12},
        "axisY": {"domain": False, "ticks": False, "tickCount": 6},
        "legend": {**quiet, "labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal", "orient": "top"},
        "header": {**quiet, "labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal"},
        "title": {"color": palette.ink, "fontSize": 15, "anchor": "start"},
        "mark": {"color": palette.series[0]},
        "bar": {"cornerRadiusEnd": 2},
        "line": {"strokeWidth": 2.5},
        "point": {"size": 60, "filled": True},
        "rule": {"color": palette.quiet},
        "text": {"color": palette.ink, "fontSize": 12},
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


def _svg(spec: dict[str, Any], palette: Palette) -> str:
    svg: str = vl_convert.vegalite_to_svg(_coloured(spec, palette), vl_version=VEGA_LITE, config=style(palette))
    # inside an <img> nobody reads these; the alt text speaks for the picture
    svg = re.sub(r' (?:aria-[a-z]+|role|pointer-events|class)="[^"]*"', "", svg)
    # the converter goes on counting from picture to picture
    ids = {name: f"part-{n}" for n, name in enumerate(dict.fromkeys(re.findall(r'id="([^"]+)"', svg)))}
    svg = re.sub(r'(id="|url\(#|href="#)([^")]+)', lambda m: m[1] + ids.get(m[2], m[2]), svg)
    # coordinates to a hundredth of a pixel: smaller files, and no last digit that a CPU could round differently
    return re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), svg)


def _coloured(part: Any, palette: Palette) -> Any:
    """`part` of a specification with every colour name replaced by the theme's colour."""
    if isinstance(part, dict):
        return {key: _coloured(value, palette) for key, value in part.items()}
    if isinstance(part, list):
        return [_coloured(value, palette) for value in part]
    if isinstance(part, str) and (named := re.fullmatch(r"@(series)?([a-z]+|[1-5])", part)):
        return palette.series[int(named[2]) - 1] if named[1] else getattr(palette, named[2])
    return part


def _image(svg: str, kind: str, alternative: str) -> str:
    """The picture as an <img> that carries its SVG, in single quotes because SVG is full of double ones."""
    uri = "data:image/svg+xml," + quote(svg.replace("\n", " "), safe=' =:/,;()!*@$+"<>')
    return f"<img {kind} src='{uri}' alt=\"{html.escape(alternative)}\">"
