"""The picture of the handbook that the README shows, and the site's for links from elsewhere: facts and the chart.

`python -m book.preview` draws it from the warehouse and stores it beside the site's other files; a test holds the
stored one to the default world. The site's own is drawn with each build.
"""

from __future__ import annotations

import argparse
import html
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

import vl_convert

from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

from .charts import FONT, Figure
from .execute import refuse_other_world
from .facts import read_facts
from .kpis import read_kpis
from .landing import buyers_chart
from .marts import reading_marts
from .palette import LIGHT
from .paths import MANIFEST, PAGES

STORED = PAGES / "static" / "preview.svg"
WIDTH, HEIGHT = 1200, 630
"""Pixels, in the proportion that pages which show links ask for."""

TITLE = "Menswear Analytics Handbook"
SUBTITLE = "From a shop’s CRM to tested KPIs. Every number is computed by the code beside it."
_MARGIN, _CHART_TOP, _CHART_WIDTH, _FACTS_LEFT = 56, 172, 760, 872


def preview(settings: Settings, manifest: Path) -> str:
    """The picture as SVG, of the warehouse that the settings name.

    Raises:
        UserError: the marts cannot be read.
    """
    with reading_marts(settings) as connection:
        chart = buyers_chart(connection)
    return drawn(read_facts(settings, manifest, len(read_kpis(manifest))), chart)


def drawn(facts: Sequence[tuple[str, str]], chart: Figure | None) -> str:
    """The picture as SVG.

    Args:
        facts: pairs of a number and what it counts.
        chart: stands to the left of them, in the light theme; nothing where there is nothing to draw.
    """
    step = (HEIGHT - _CHART_TOP - _MARGIN) / max(len(facts), 1)
    rows = "\n".join(
        f'<text x="{_FACTS_LEFT}" y="{_CHART_TOP + step * place + 30:.0f}" font-size="32" font-weight="bold" '
        f'fill="{LIGHT.ink}">{html.escape(number)}</text>\n'
        f'<text x="{_FACTS_LEFT}" y="{_CHART_TOP + step * place + 53:.0f}" font-size="18" '
        f'fill="{LIGHT.quiet}">{html.escape(label)}</text>'
        for place, (number, label) in enumerate(facts)
    )
    left = f"{_nested(chart.light)}\n{_lines(chart.caption)}\n" if chart else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="{FONT}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{LIGHT.page}"/>\n'
        f'<rect width="{WIDTH}" height="8" fill="{LIGHT.series[0]}"/>\n'
        f'<text x="{_MARGIN}" y="84" font-size="46" font-weight="bold" fill="{LIGHT.series[0]}">{TITLE}</text>\n'
        f'<text x="{_MARGIN}" y="126" font-size="22" fill="{LIGHT.quiet}">{SUBTITLE}</text>\n'
        f"{left}{rows}\n</svg>\n"
    )


def _nested(chart: str) -> str:
    """The chart as a part of a larger SVG, at its place and as wide as it has room."""
    size = re.match(r'<svg[^>]*? width="(\d+)" height="(\d+)"', chart)
    assert size, "an SVG without a size"
    return (
        f'<svg x="{_MARGIN - 8}" y="{_CHART_TOP - 8}" width="{_CHART_WIDTH}" height="{HEIGHT - _CHART_TOP - 70}" '
        f'viewBox="0 0 {size[1]} {size[2]}" preserveAspectRatio="xMinYMin meet">{chart[chart.index(">") + 1 :]}'
    )


def _lines(caption: str) -> str:
    return "\n".join(
        f'<text x="{_MARGIN}" y="{HEIGHT - 52 + 21 * place}" font-size="16" fill="{LIGHT.quiet}">'
        f"{html.escape(line)}</text>"
        for place, line in enumerate(textwrap.wrap(caption, 96))
    )


def png(svg: str) -> bytes:
    """The same picture as PNG, for pages that show no SVG."""
    picture: bytes = vl_convert.svg_to_png(svg, scale=1)
    return picture


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m book.preview", description=__doc__.splitlines()[0])
    parser.parse_args(arguments)
    settings = load_settings()
    refuse_other_world(settings)
    if not MANIFEST.is_file():
        raise UserError(f"missing: {MANIFEST.relative_to(PROJECT_ROOT)}: `make demo` makes it")
    STORED.write_text(preview(settings, MANIFEST), encoding="utf-8")
    print(STORED.relative_to(PROJECT_ROOT))
    return 0


if __name__ == "__main__":
    run_command(main)
