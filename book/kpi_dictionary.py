"""The KPI dictionary: one entry a KPI, made from the dbt manifest and the marts, so that page and models agree."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT

from .kpis import QUESTIONS, Kpi, Value

EDGE_CASES = PROJECT_ROOT / "dbt" / "edge_cases.yml"
# the small chart, in its own units
_WIDTH, _HEIGHT = 120, 28
_MARKDOWN = re.compile(r"([\\`*_\[\]{}<>#|$])")


def dictionary_page(kpis: Sequence[Kpi], values: Mapping[str, Value], pages: Sequence[str]) -> str:
    """The dictionary as Markdown, for a page to include: a section each question, a heading each KPI.

    Args:
        kpis: the entries, in order.
        values: metric → what it comes to.
        pages: the book's pages, among which a KPI's chapter is looked up.

    Raises:
        UserError: a KPI names a chapter that the book does not have, or an edge case that is not in the list.
    """
    cases: dict[int, dict[str, Any]] = yaml.safe_load(EDGE_CASES.read_text(encoding="utf-8"))["cases"]
    asked = {question: [kpi for kpi in kpis if kpi.question == question] for question in QUESTIONS}
    sections = [_contents(asked)]
    for question, answers in asked.items():
        if answers:
            sections += [f"## {question}", *(_entry(kpi, values[kpi.metric], cases, pages) for kpi in answers)]
    return "\n\n".join(sections) + "\n"


def anchor(name: str) -> str:
    """The fragment that leads to a heading: `attrition-rate` for "Attrition rate"."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def spark_line(value: Value, over: str) -> str:
    """The small chart as SVG in the colour of the text: a line over months, else bars; empty under three points.

    Args:
        value: what the KPI comes to; its points are drawn.
        over: what the points are, in words.
    """
    numbers = [number for _, number in value.points]
    if len(numbers) < 3:
        return ""
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    scale = (_HEIGHT - 2) / ((high - low) or 1)
    step = _WIDTH / len(numbers)
    heights = [f"{_HEIGHT - 1 - (number - low) * scale:.1f}" for number in numbers]
    if over.startswith("month"):
        places = [f"{(place + 0.5) * step:.1f} {height}" for place, height in enumerate(heights)]
        drawing = f'<path class="line" d="M{"L".join(places)}"/>'
    else:
        ground = f"{_HEIGHT - 1 + low * scale:.1f}"
        bars = "".join(f"M{(place + 0.5) * step:.1f} {ground}V{height}" for place, height in enumerate(heights))
        drawing = f'<path class="bars" stroke-width="{max(step * 0.7, 0.6):.1f}" d="{bars}"/>'
    first, last = value.points[0][0], value.points[-1][0]
    title = html.escape(f"By {over}, from {first} to {last}; drawn from zero")
    return (
        f'<svg class="spark" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}" '
        f'preserveAspectRatio="none"><title>{title}</title>{drawing}</svg>'
    )


def _contents(asked: Mapping[str, Sequence[Kpi]]) -> str:
    """Every question with the KPIs that answer it, as links."""
    items = "".join(
        f'<li><a href="#{anchor(question)}">{question}</a><span>'
        + ", ".join(f'<a href="#{anchor(kpi.name)}">{html.escape(kpi.name)}</a>' for kpi in answers)
        + "</span></li>"
        for question, answers in asked.items()
        if answers
    )
    return f'<ul class="kpi-contents">{items}</ul>'


def _entry(kpi: Kpi, value: Value, cases: Mapping[int, Mapping[str, Any]], pages: Sequence[str]) -> str:
    page = next((page for page in pages if Path(page).name == kpi.chapter), None)
    if page is None:
        raise UserError(f"the KPI {kpi.name!r} names chapter {kpi.chapter!r}, which the book does not have")
    if unknown := [str(number) for number in kpi.edge_cases if number not in cases]:
        raise UserError(f"the KPI {kpi.name!r} names edge case {', '.join(unknown)}, which dbt/edge_cases.yml lacks")
    # main entries of the index are what the search puts first; a comma would part them
    terms = dict.fromkeys(term.casefold().replace(",", "") for term in (kpi.name, *kpi.synonyms))
    first, rest = _sentences(kpi.definition)
    computed = f'<a href="{_docs("model", kpi.model_id)}"><code>{_plain(f"{kpi.model}.{kpi.column}")}</code></a>'
    facts = [
        f"**Formula** <code>{_plain(kpi.formula)}</code>",
        f"**Unit** {kpi.unit}, one for each {_plain(kpi.grain)}",
        *([f"**Also called** {_plain(', '.join(kpi.synonyms))}"] if kpi.synonyms else []),
        f"**Shown in** [chapter {int(kpi.chapter[:2])}](/{page}.ipynb)",
        f"**Computed by** {computed}",
    ]
    blocks = [
        f"```{{index}} {', '.join(f'! {term}' for term in terms)}\n```",
        f"### {_plain(kpi.name)}",
        _now(kpi, value),
        first,
        *([rest] if rest else []),
        '<div class="kpi-facts">',
        "\n".join(f"- {fact}" for fact in facts),
        "</div>",
        _checks(kpi, cases),
    ]
    return "\n\n".join(blocks)


def _now(kpi: Kpi, value: Value) -> str:
    chart = spark_line(value, kpi.shown.over)
    small = f'<span class="kpi-chart">{chart}<small>by {html.escape(kpi.shown.over)}</small></span>' if chart else ""
    when = f"<small>{value.when}</small>" if value.when else ""
    said = f'<span class="kpi-value">{when}<strong>{value.text}</strong> {html.escape(value.what)}</span>'
    return f'<div class="kpi-now">{said}{small}</div>'


def _checks(kpi: Kpi, cases: Mapping[int, Mapping[str, Any]]) -> str:
    """What the tests hold, folded: the edge cases in words with their tests, then the other tests."""
    links = {
        name: f'<a href="{_docs(test_id.split(".")[0], test_id)}">{html.escape(name)}</a>'
        for name, test_id in kpi.tests
    }
    items, left = [], dict(links)
    for number in kpi.edge_cases:
        held = [links[name] for name in cases[number].get("tests", ()) if name in links]
        for name in cases[number].get("tests", ()):
            left.pop(name, None)
        items.append(f"<li>Case {number}: {html.escape(str(cases[number]['what']))} {', '.join(held)}</li>")
    items.append(f"<li>Always: {', '.join(left.values())}</li>" if left else "")
    counted = f"{len(kpi.tests)} tests" if len(kpi.tests) != 1 else "1 test"
    covered = (
        f"{len(kpi.edge_cases)} edge cases, " if len(kpi.edge_cases) > 1 else "1 edge case, " if kpi.edge_cases else ""
    )
    return f'<details class="kpi-tests"><summary>{covered}{counted}</summary><ul>{"".join(items)}</ul></details>'


def _sentences(definition: str) -> tuple[str, str]:
    """The first sentence and the rest, both Markdown."""
    parts = re.split(r"(?<=\.)\s+(?=[A-Z`])", definition.strip(), maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _docs(kind: str, unique_id: str) -> str:
    """The page of dbt's docs that is about a model or a test."""
    return f"../dbt/index.html#!/{kind}/{unique_id}"


def _plain(words: str) -> str:
    """Words in which Markdown finds nothing to format."""
    return _MARKDOWN.sub(r"\\\1", words)
