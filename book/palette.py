"""The book's colours, declared once: charts, pages and diagrams all take them from here.

The five series colours differ in lightness by at least nine points of CIE L*, so that they survive greyscale, and stay
apart under the three kinds of colour blindness; `tests/book/test_palette.py` holds them to it. The fifth is for
context ("everybody else"), never for the point of a chart.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """One theme's colours, each as #rrggbb.

    Attributes:
        page: the page's background, and a chart's.
        surface: cards, code, table heads.
        ink: text.
        quiet: secondary text, axis labels.
        line: rules, grids, borders.
        accent: links, and the one mark a chart is about.
        series: five colours for categories, most prominent first.
        heat: ends and middle of a scale from little to much.
    """

    page: str
    surface: str
    ink: str
    quiet: str
    line: str
    accent: str
    series: tuple[str, str, str, str, str]
    heat: tuple[str, str, str]


LIGHT = Palette(
    page="#ffffff",
    surface="#f5f6f8",
    ink="#1b2230",
    quiet="#535d6e",
    line="#dde1e8",
    accent="#a63d17",
    series=("#17315c", "#a63d17", "#2f8579", "#c3861a", "#a9bdd3"),
    heat=("#eef3f9", "#7f9fc6", "#17315c"),
)
DARK = Palette(
    page="#12171f",
    surface="#1b222d",
    ink="#e7ebf2",
    quiet="#a9b3c2",
    line="#333d4c",
    accent="#ff9d66",
    series=("#9cc0f7", "#ee8348", "#2f958a", "#fae0a0", "#4c6a99"),
    heat=("#1c2736", "#4a72a8", "#c5dcff"),
)


def css() -> str:
    """Both palettes as CSS custom properties: `--book-ink`, `--book-series-1`, …; light without JavaScript."""
    return "\n".join(
        f"{selector} {{\n{_properties(palette)}\n}}"
        for selector, palette in (("html", LIGHT), ('html[data-theme="dark"]', DARK))
    )


def _properties(palette: Palette) -> str:
    plain = {name: getattr(palette, name) for name in ("page", "surface", "ink", "quiet", "line", "accent")}
    series = {f"series-{number}": colour for number, colour in enumerate(palette.series, start=1)}
    return "\n".join(f"  --book-{name}: {colour};" for name, colour in {**plain, **series}.items())
