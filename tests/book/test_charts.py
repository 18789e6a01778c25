"""Charts are the same bytes on every run and from every engine, need nothing from outside, and speak."""

import re
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import altair as alt
import pandas as pd
import pytest

from book.charts import FONT, show
from book.frames import frame
from book.palette import DARK, LIGHT
from warehouse.settings import PROJECT_ROOT

ALT = "Revenue rises from January to February."


def chart(data: pd.DataFrame) -> alt.Chart:
    return (
        alt.Chart(frame(data))
        .mark_bar()
        .encode(x="month:T", y="revenue:Q", color=alt.condition("datum.revenue > 15", alt.value("@accent"), "kind:N"))
    )


def rows(day: type = date, number: type = float) -> pd.DataFrame:
    return pd.DataFrame(
        {"month": [day(2024, 1, 1), day(2024, 2, 1)], "revenue": [number("10.5"), number("20.25")], "kind": ["a", "b"]}
    )


def test_both_engines_draw_the_same_picture() -> None:
    duckdb = show(chart(rows(date, float)), alt=ALT, caption="Revenue")
    postgres = show(chart(rows(datetime, Decimal)), alt=ALT, caption="Revenue")
    assert duckdb.html() == postgres.html()


def test_another_process_draws_the_same_picture() -> None:
    program = (
        "from tests.book.test_charts import *\nprint(show(chart(rows()), alt=ALT, caption='Revenue').html(), end='')"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=PROJECT_ROOT,
            env={"PATH": "", "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert pages == {show(chart(rows()), alt=ALT, caption="Revenue").html()}


def test_each_theme_has_its_own_colours() -> None:
    figure = show(chart(rows()), alt=ALT, caption="Revenue")
    assert LIGHT.accent in figure.light
    assert DARK.accent in figure.dark
    assert "@accent" not in figure.light + figure.dark
    for colour in (LIGHT.accent, LIGHT.page):
        assert colour not in figure.dark


def test_a_figure_asks_for_nothing_from_outside() -> None:
    page = show(chart(rows()), alt=ALT, caption="Revenue").html()
    assert "<script" not in page
    assert set(re.findall(r"https?[^ \"'>]+", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert FONT.partition(",")[0] == "Liberation Sans"  # the font that the converter carries


def test_a_figure_speaks() -> None:
    page = show(chart(rows()), alt='Revenue "rises" from January on.', caption="A <b> caption").html()
    assert page.count('alt="Revenue &quot;rises&quot; from January on."') == 2
    assert "A &lt;b&gt; caption" in page
    assert "20.25" in page[page.index("<details>") :]


@pytest.mark.parametrize("words", [{"alt": "A chart", "caption": "Revenue"}, {"alt": ALT, "caption": " "}])
def test_a_silent_figure_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="alt text"):
        show(chart(rows()), **words)


def test_a_layered_chart_brings_its_table() -> None:
    layered = chart(rows()) + chart(rows())
    with pytest.raises(ValueError, match="data="):
        show(alt.layer(layered, data=alt.Undefined), alt=ALT, caption="Revenue")
    assert "<table>" in show(layered, alt=ALT, caption="Revenue", data=rows()).html()
