"""A chart fits the page's column and a phone: exact width, full lettering, every name, and the same data."""

import json
import re
from typing import Any

import altair as alt
import nbformat
import pandas as pd
import pytest
import vl_convert

from book.chart_widths import NARROW, WIDE, broken, fitted, for_page, for_phone
from book.charts import VEGA_LITE, show
from book.paths import NOTEBOOKS
from book.svg import size

MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
STATES = ["California", "New York", "Texas", "Illinois", "District of Columbia", "Florida", "Pennsylvania", "Arizona"]
LONG = "days from the first purchase of a contact to the second purchase of the same contact"
SERIES = ["customers who came back within the year", "customers who did not", "everybody else"]


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"month": month, "day": pd.Timestamp(month), "series": name, "value": 1000.0 * n + 317 * k, "week": n}
            for n, month in enumerate(MONTHS)
            for k, name in enumerate(SERIES)
        ]
    )


def names(of: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"name": of, "value": [float(1234 * (n + 1)) for n in range(len(of))]})


def bars(of: list[str]) -> alt.Chart:
    return alt.Chart(names(of)).mark_bar().encode(x=alt.X("name:N", sort=of, title=None), y="value:Q")


def lines() -> alt.Chart:
    return alt.Chart(rows()).mark_line(point=True).encode(x=alt.X("month:O", title=LONG), y="value:Q", color="series:N")


def heat() -> alt.Chart:
    return alt.Chart(rows()).mark_rect().encode(x="month:O", y=alt.Y("series:N", title=None), color="value:Q")


def labelled() -> alt.LayerChart:
    flat = alt.Chart(names([f"int_orders__counted_again_{n}" for n in range(4)])).encode(x="value:Q", y="name:N")
    return flat.mark_bar() + flat.mark_text(align="left", dx=6).encode(text=alt.Text("value:Q", format=",d"))


def two_scales() -> alt.LayerChart:
    base = alt.Chart(rows()).encode(x="week:Q")
    second = base.mark_line().encode(y=alt.Y("value:Q", title=f"{LONG}, {LONG}"))
    return alt.layer(base.mark_bar(size=8).encode(y="week:Q"), second).resolve_scale(y="independent")


CHARTS: dict[str, Any] = {
    "lines with a legend too long for a row": lines,
    "time": lambda: alt.Chart(rows()).mark_bar().encode(x="yearmonth(day):T", y="value:Q", color="series:N"),
    "heat map": heat,
    "names that break, with values behind": labelled,
    "two scales": two_scales,
    "names below": lambda: bars(STATES),
    "short names below": lambda: bars(["Mon", "Tue", "Wed"]),
    "side by side": lambda: alt.hconcat(heat().properties(width=330), heat().properties(width=330)),
    "a grid of widths of its own": lambda: alt.concat(*[bars(STATES).properties(width=200)] * 3, columns=2),
    "one above the other": lambda: alt.vconcat(lines(), bars(["a", "b"])),
    "columns": lambda: lines().properties(width=270).facet(column=alt.Column("series:N", title=None)),
    "columns by encoding": lambda: bars(["a", "b"]).encode(column="name:N"),
    "wrapped": lambda: lines().properties(width=150).facet("series:N", columns=2),
    "rows": lambda: lines().properties(height=60).facet(row="series:N"),
    "wide by its own word": lambda: lines().properties(width=2000),
}


@pytest.fixture(scope="module", params=CHARTS, ids=[name.replace(" ", "-") for name in CHARTS])
def drawn(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Any]:
    """A chart's specification and its figure."""
    chart = CHARTS[request.param]()
    with alt.theme.enable("none"):
        spec = chart.to_dict()
    return spec, show(chart, alt="Of every kind one chart.", caption="A chart", data=rows())


def lettering(svg: str) -> list[float]:
    sizes = [float(found) for found in re.findall(r'font-size="([\d.]+)px"', svg)]
    assert len(sizes) == svg.count("font-size"), "a size in another unit"
    return sizes


def words(svg: str) -> set[str]:
    return set(re.findall(r">([^<>]+)</t(?:ext|span)>", svg))


def test_the_narrow_picture_is_as_wide_as_a_phone_and_the_wide_one_as_the_column(drawn: tuple[Any, Any]) -> None:
    _, figure = drawn
    assert size(figure.light_narrow)[0] == size(figure.dark_narrow)[0] == NARROW
    assert size(figure.light)[0] == size(figure.dark)[0] <= WIDE
    for svg in (figure.light, figure.light_narrow, figure.dark_narrow):
        width, height = size(svg)
        assert f'viewBox="0 0 {width} {height}"' in svg  # nothing is scaled
        assert min(lettering(svg)) >= 12


def marks(spec: dict[str, Any]) -> list[tuple[str, int]]:
    """The kinds of mark that a specification draws, and how many of each."""
    scene = vl_convert.vegalite_to_scenegraph(spec, vl_version=VEGA_LITE)["scenegraph"]
    found: dict[str, int] = {}

    def walk(part: dict[str, Any]) -> None:
        if part.get("role") == "mark" and part["marktype"] != "group":
            found[part["marktype"]] = found.get(part["marktype"], 0) + len(part["items"])
        for item in part.get("items", []):
            walk(item)

    walk(scene)
    return sorted(found.items())


def test_the_narrow_picture_draws_the_same_data(drawn: tuple[Any, Any]) -> None:
    spec, _ = drawn
    narrow = for_phone(spec)
    assert narrow["datasets"] == spec["datasets"]
    assert marks(narrow) == marks(spec) != []


def test_the_chart_that_was_given_stays_as_it_is(drawn: tuple[Any, Any]) -> None:
    spec, _ = drawn
    before = json.dumps(spec)
    for_page(spec)
    for_phone(spec)
    assert json.dumps(spec) == before


@pytest.mark.parametrize("of", [STATES, ["0–15", "15–30", "30–45", "45–60", "60–90", "90+"]])
def test_no_name_of_a_bar_is_left_out(of: list[str]) -> None:
    for chart in (bars(of), bars(of).properties(width=200)):
        figure = show(chart, alt="Bars, one for each name.", caption="Bars")
        for svg in (figure.light, figure.light_narrow):
            said = " ".join(re.findall(r">([^<>]+)</t(?:ext|span)>", svg))
            assert not [name for name in of if name not in said]


def test_long_labels_titles_and_legends_break_and_lose_no_word() -> None:
    for chart in (lines(), labelled(), two_scales()):
        figure = show(chart, alt="Of every kind one chart.", caption="A chart", data=rows())
        wide, narrow = ("".join(sorted("".join(words(svg)))) for svg in (figure.light, figure.light_narrow))
        assert "…" not in wide + narrow
    assert LONG not in words(show(lines(), alt="Lines over two years.", caption="Lines").light_narrow)


def test_a_narrow_chart_of_its_own_is_taken() -> None:
    figure = show(bars(["a"]), alt="One bar for the page.", caption="A bar", narrow=bars(["phone"]))
    assert "phone" in words(figure.light_narrow) - words(figure.light)
    assert size(figure.light_narrow)[0] == NARROW


def test_labels_that_leave_no_room_are_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="does not fit into 360 px: shorten"):
        fitted(for_phone(bars(["a"]).to_dict()), NARROW, lambda _: 700)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one", ["one"]),
        ("return_order_line_item", ["return_order_", "line_item"]),
        ("Underwear and Socks", ["Underwear and", "Socks"]),
        ("int_orders__counted", ["int_orders__", "counted"]),
        ("unbreakable_but_for_the_underscores", ["unbreakable_", "but_for_the_", "underscores"]),
    ],
)
def test_text_breaks_between_words(text: str, lines: list[str]) -> None:
    assert broken(text, 14) == lines
    assert "".join(broken(text, 14)) == text.replace(" ", "") if " " not in text else " ".join(lines) == text


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_chart_of_a_stored_chapter_has_its_narrow_picture(path: Any) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html", "")
            if '<figure class="chart">' in page:
                assert page.count(f'<source media="(max-width: 640px)" width="{NARROW}"') == 2, cell.source[-80:]
