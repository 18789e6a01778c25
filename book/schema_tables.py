"""The CRM schema as tables and as a diagram, made from the declaration in `mock_data.schema`.

The reference page and the chapters use the same functions. The diagram is plain SVG: no script, the same characters on
every run, colours from the page's theme.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mock_data.schema import CRM, Field, Object

from .chart_widths import broken
from .palette import LIGHT


@dataclass(frozen=True)
class Html:
    """A piece of HTML that a notebook shows, with one line of text for where HTML cannot be shown."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


# --- tables ----------------------------------------------------------------------------------------------------------


def object_table(names: Iterable[str] = tuple(CRM), *, link: bool = False) -> Html:
    """One row an object: its table, Salesforce name, id prefix, number of fields, and what a row stands for.

    With `link`, a table's name leads to its section of the reference page.
    """
    rows = [
        (
            f'<a href="#{o.name.replace("_", "-")}">{_code(o.name)}</a>' if link else _code(o.name),
            _code(o.api_name),
            _code(o.prefix),
            str(len(o.fields)),
            _prose(o.description),
        )
        for o in (CRM[name] for name in names)
    ]
    return Html(
        _table(("Table", "Salesforce object", "Id prefix", "Fields", "One row is"), rows, numeric=(3,)),
        f"[Table] {len(rows)} CRM objects",
    )


def field_table(name: str) -> Html:
    """One row a field of the object `name`: type, what it points at or may hold, and what its name does not say.

    Raises:
        KeyError: the CRM has no such object.
    """
    rows = [
        (_code(f.name), f.type.value + ("" if f.required else ", may be NULL"), _meaning(f)) for f in CRM[name].fields
    ]
    return Html(_table(("Field", "Type", "Meaning"), rows), f"[Table] {len(rows)} fields of {name}")


def reference_page() -> str:
    """Markdown for the reference page: a section an object, its fields below."""
    parts = [object_table(link=True).html]
    for crm_object in CRM.values():
        note = f" {_prose(crm_object.prefix_note)}" if crm_object.prefix_note else ""
        parts.append(
            f"## {crm_object.name}\n\n{_prose(crm_object.description)} "
            f"Salesforce calls it `{crm_object.api_name}`; its ids start with `{crm_object.prefix}`.{note}\n\n"
            + field_table(crm_object.name).html
        )
    return "\n\n".join(parts) + "\n"


def _meaning(field: Field) -> str:
    parts = [_prose(field.description)]
    if field.references:
        parts.append("Points at " + ", ".join(_code(name) for name in field.references) + ".")
    if field.picklist:
        parts.append("One of " + ", ".join(_code(value) for value in field.picklist) + ".")
    if field.personal:
        parts.append('<span class="tag">personal data</span>')
    return " ".join(parts)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], numeric: tuple[int, ...] = ()) -> str:
    def line(cells: tuple[str, ...], tag: str, scope: str = "") -> str:
        sides = [' class="number"' if i in numeric else "" for i in range(len(cells))]
        return " ".join(f"<{tag}{scope}{side}>{cell}</{tag}>" for cell, side in zip(cells, sides, strict=True))

    head = line(heads, "th", ' scope="col"')
    body = "\n".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return (
        f'<div class="result reference" role="group" aria-label="Table: {", ".join(heads)}" tabindex="0">\n<table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>" if text else ""


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


# --- diagram ---------------------------------------------------------------------------------------------------------

# where each object stands, as (column, row): who, then what happened, then its lines, then what is sold
_AREAS: dict[str, dict[str, tuple[float, float]]] = {
    "People": {"account": (1, 1), "contact": (1, 2.5), "address": (1, 4), "user": (1, 5.5), "user_role": (1, 6.5)},
    "Orders": {
        "order": (2, 2.5),
        "shipment": (2, 4),
        "return_order": (2, 5.5),
        "order_item": (3, 2.5),
        "shipment_item": (3, 4),
        "return_order_line_item": (3, 5.5),
    },
    "Catalogue": {
        "pricebook_2": (4, 0.5),
        "pricebook_entry": (4, 1.5),
        "product_2": (4, 3),
        "product_category": (4, 4),
    },
    "Marketing and sales": {
        "campaign": (0, 0),
        "campaign_member": (0, 1),
        "lead": (0, 2),
        "opportunity_history": (2, 0),
        "opportunity": (2, 1),
        "opportunity_line_item": (3, 0.5),
    },
    "Service and subscriptions": {"task": (0, 4), "event": (0, 5), "case": (0, 6), "subscription_c": (2, 7)},
}
_AREA_COLOURS = {area: number for number, area in enumerate(_AREAS, start=1)}
_POSITIONS = {name: place for area in _AREAS.values() for name, place in area.items()}
_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN = 172, 66, 124, 42, 14
_LETTERS, _LINE = 14, 16  # of a name in its box: letters in a line, pixels from line to line
_FONT, _SMALLEST = 13, 12
_COLUMN_OF_TEXT = 640  # a diagram that needs more than this is a large one: its page has to be wider


def schema_diagram(names: Iterable[str] = tuple(CRM)) -> Html:
    """The objects `names` and the references between them (who owns or changed a row is left out: every row has it).

    A line starts at the object that holds the reference and ends in a dot at the object it points at; it is dashed
    where one field may point at several objects. The same as a list comes with it: for a phone, and to be read aloud.
    """
    chosen = [CRM[name] for name in names]
    shown = {o.name for o in chosen}
    links: dict[tuple[str, str], bool] = {}  # (from, to): whether every field that points there may point elsewhere
    for source in chosen:
        for field in source.fields:
            for target in shown & set(field.references) - {source.name, "user"}:
                link = (source.name, target)
                links[link] = links.get(link, True) and len(field.references) > 1
    columns, rows = zip(*(_POSITIONS[name] for name in shown), strict=True)
    left, top = min(columns) * _COLUMN, min(rows) * _ROW
    width = (max(columns) - min(columns)) * _COLUMN + _WIDTH + 3 * _MARGIN
    height = (max(rows) - min(rows)) * _ROW + _HEIGHT + 2 * _MARGIN
    narrowest = -(-width * _SMALLEST // _FONT)
    body = [_line(*link, dashed=dashed) for link, dashed in sorted(links.items())] + [
        _box(o) for o in sorted(chosen, key=lambda o: o.name)
    ]
    label = f"Diagram of {len(chosen)} CRM objects and the {len(links)} references between them"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" '
        f'viewBox="{left - _MARGIN:g} {top - _MARGIN:g} {width:g} {height:g}" font-family="inherit" '
        # it never grows beyond its own size, and shrinks only until its words would be too small
        f'font-size="{_FONT}" style="max-width: {width:g}px; min-width: {narrowest:g}px">\n'
        + "\n".join(body)
        + "\n</svg>"
    )
    legend = " ".join(
        f'<span><i style="background:{_series(_AREA_COLOURS[area])}"></i>{area}</span>'
        for area, members in _AREAS.items()
        if shown & members.keys()
    )
    kind = "diagram large" if narrowest > _COLUMN_OF_TEXT else "diagram"
    scroll = f'<div class="wide" role="region" aria-label="{label}" tabindex="0">\n{svg}\n</div>'
    return Html(
        f'<figure class="{kind}">\n{scroll}\n{_relations(shown, links)}\n<figcaption>{legend}</figcaption>\n</figure>',
        f"[Diagram] {label}",
    )


def _relations(shown: set[str], links: dict[tuple[str, str], bool]) -> str:
    """The diagram as a list, area by area: what each object points at, and what it may point at."""
    items = []
    for name in (name for members in _AREAS.values() for name in members if name in shown):
        targets = sorted((target, may) for (source, target), may in links.items() if source == name)
        says = [
            f"{verb} {', '.join(held)}"
            for verb, kind in (("points at", False), ("may point at", True))
            if (held := [f"<code>{_breakable(target)}</code>" for target, may in targets if may is kind])
        ]
        items.append(
            f'<li style="border-color:{_series(_AREA_COLOURS[_area(name)])}"><strong>{_breakable(name)}</strong>'
            f"{' ' + '; '.join(says) if says else ''}</li>"
        )
    # hidden here, for a notebook has no style sheet; the book's shows it where the diagram has no room
    return '<ul class="as-list" style="display:none">\n' + "\n".join(items) + "\n</ul>"


def _breakable(name: str) -> str:
    return name.replace("_", "_<wbr>")


def _area(name: str) -> str:
    return next(area for area, members in _AREAS.items() if name in members)


def _box(crm_object: Object) -> str:
    x, y = _corner(crm_object.name)
    lines = broken(crm_object.name, _LETTERS)
    first = y + _HEIGHT / 2 + 5 - _LINE / 2 * (len(lines) - 1)
    name = "".join(f'<tspan x="{x + 15:g}" y="{first + _LINE * i:g}">{line}</tspan>' for i, line in enumerate(lines))
    return (
        f'<g><rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" '
        f'fill="var(--book-surface, {LIGHT.surface})" stroke="var(--book-line, {LIGHT.line})"/>'
        f'<rect class="area" x="{x:g}" y="{y:g}" width="5" height="{_HEIGHT}" rx="2.5" '
        f'fill="{_series(_AREA_COLOURS[_area(crm_object.name)])}"/>'
        f'<text fill="var(--book-ink, {LIGHT.ink})">{name}</text></g>'
    )


def _line(source: str, target: str, *, dashed: bool) -> str:
    """A curve from `source` to `target`: sideways between columns, up or down within one."""
    (sx, sy), (tx, ty) = _corner(source), _corner(target)
    if sx == tx:
        down = 1 if ty > sy else -1
        if abs(ty - sy) <= 1.5 * _ROW:  # neighbours: straight from edge to edge
            x = sx + _WIDTH / 2
            start, end = sy + (_HEIGHT if down > 0 else 0), ty + (0 if down > 0 else _HEIGHT)
            path, dot = f"M{x:g},{start:g} V{end:g}", (x, end)
        else:  # further apart: around the boxes between
            start, end, bend = sy + _HEIGHT / 2, ty + _HEIGHT / 2, sx + _WIDTH + 26
            path = f"M{sx + _WIDTH:g},{start:g} C{bend:g},{start:g} {bend:g},{end:g} {sx + _WIDTH:g},{end:g}"
            dot = (sx + _WIDTH, end)
    else:
        right = tx > sx
        x1, x2 = (sx + _WIDTH, tx) if right else (sx, tx + _WIDTH)
        y1, y2, middle = sy + _HEIGHT / 2, ty + _HEIGHT / 2, (x1 + x2) / 2
        path, dot = f"M{x1:g},{y1:g} C{middle:g},{y1:g} {middle:g},{y2:g} {x2:g},{y2:g}", (x2, y2)
    colour = f"var(--book-quiet, {LIGHT.quiet})"
    dashes = ' stroke-dasharray="2 4"' if dashed else ""
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-opacity=".6" stroke-width="1.25"{dashes}/>'
        f'<circle cx="{dot[0]:g}" cy="{dot[1]:g}" r="3" fill="{colour}"/>'
    )


def _corner(name: str) -> tuple[float, float]:
    column, row = _POSITIONS[name]
    return column * _COLUMN, row * _ROW


def _series(number: int) -> str:
    return f"var(--book-series-{number}, {LIGHT.series[number - 1]})"
