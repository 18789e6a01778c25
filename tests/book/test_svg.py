"""A lean picture shows what Vega drew: no shape, word or clip is lost."""

import re
from typing import Any

import altair as alt
import pandas as pd
import pytest
import vl_convert

from book.charts import FONT, FONT_SIZE, VEGA_LITE, style
from book.palette import LIGHT
from book.svg import lean, size

DATA = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, 5.0, 3.0], "kind": ["a", "b", "b"]})


def raw(chart: Any) -> str:
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=VEGA_LITE, config=style(LIGHT))
    return svg


def painted(svg: str) -> int:
    return len(re.findall(r'<(?:path|line|rect|text)[^>]*(?:fill|stroke)="#', svg.replace("rgb(", "#(")))


BASE = alt.Chart(DATA)
CHARTS = {
    "bars": BASE.mark_bar().encode(x="x:O", y="y:Q"),
    "stacked": BASE.mark_bar().encode(x="kind:N", y="y:Q", color="x:O"),
    "a line that is cut": BASE.mark_line(clip=True).encode(x="x:Q", y=alt.Y("y:Q", scale=alt.Scale(domain=[0, 4]))),
    "an area that is cut": BASE.mark_area(clip=True).encode(x="x:Q", y=alt.Y("y:Q", scale=alt.Scale(domain=[0, 4]))),
    "heat": BASE.mark_rect().encode(x="x:O", y="kind:N", color="y:Q"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_shape_and_word_stays(name: str) -> None:
    drawn = raw(CHARTS[name])
    small = lean(drawn, FONT, FONT_SIZE)
    assert len(small) < 0.7 * len(drawn)
    assert painted(small) == painted(drawn)
    assert re.findall(r">([^<>]+)</text>", small) == re.findall(r">([^<>]+)</text>", drawn)
    assert ("clip-path" in small) == ("cut" in name or name == "stacked")
    assert size(small) == size(drawn)


def test_a_bar_keeps_its_place_and_size() -> None:
    """Its outline is drawn where its group stands."""
    small = lean(raw(CHARTS["bars"]), FONT, FONT_SIZE)
    bars = [tag for tag in re.findall(r"<path[^>]*>", small) if "C" in tag]
    tops = [float(re.findall(r"translate\([\d.]+,([\d.]+)\)", tag)[0]) for tag in bars]
    heights = [300 - top for top in tops]
    assert heights == pytest.approx([300 * y / 5 for y in DATA.y], abs=0.01)


def test_a_picture_gets_the_width_that_it_is_to_have() -> None:
    drawn = raw(CHARTS["bars"])
    wide = lean(drawn, FONT, FONT_SIZE, size(drawn)[0] + 5)
    assert size(wide) == (size(drawn)[0] + 5, size(drawn)[1])
    assert f'viewBox="0 0 {size(drawn)[0] + 5} {size(drawn)[1]}"' in wide
