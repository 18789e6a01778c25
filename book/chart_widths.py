"""A chart at a given width: the page's column, or a phone. Works on Vega-Lite specifications, and draws the same data.

The width is that of the whole picture with its axes and legends, for the lettering keeps its size only where a picture
is shown as large as it was made. On a phone, what stood side by side is stacked, titles and long labels break
into lines, a legend takes as many columns as fit, and an axis has fewer ticks.
"""

from __future__ import annotations

import copy
import json
import math
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

Spec = dict[str, Any]

WIDE, NARROW = 688, 360
"""Pixels of the whole picture: the column of a chapter at 1280 px, and a phone."""

LETTER = 6.6
"""Average width of a letter of 13 px in pixels, a little more than Liberation Sans needs."""

_LEGENDS = ("color", "fill", "stroke", "shape", "size", "strokeDash", "opacity")
_SMALLEST = 60  # pixels of a plot
_AXES = 80  # a first guess at what axes and padding take of the width
_PLOT = NARROW - _AXES
_LABEL = 130  # the widest label of a category, in pixels
_TICKS = 5
_STEP, _LINE = 28, 16  # heights of a category and of a further line of its label


def fitted(spec: Spec, total: int, drawn_width: Callable[[Spec], int]) -> Spec:
    """`spec` with plots as wide as it takes for the whole picture to be `total` pixels wide (or up to 2 less).

    Widths that a chart states itself stay where all of it fits.

    Args:
        spec: Vega-Lite, which is not changed.
        total: pixels of the whole picture.
        drawn_width: pixels of the picture that a specification gives.

    Raises:
        ValueError: labels or legends alone are wider than that.
    """
    spec = copy.deepcopy(spec)
    views = list(_views(spec))
    if any("width" in view for view in views) and drawn_width(spec) <= total:
        return spec
    slope = float(_across(spec))
    plot, before = math.floor(total / slope) - _AXES, None
    for _ in range(8):
        for view in views:
            view["width"] = plot
        drawn = drawn_width(spec)
        if total - 2 * slope < drawn <= total:
            return spec
        if before and before[0] != plot:  # how many plots stand side by side
            slope = (before[1] - drawn) / (before[0] - plot)
        if slope < 0.2:  # labels or a legend take it, whatever the plot's width
            break
        before = (plot, drawn)
        plot = max(math.floor(plot - (drawn - total) / slope), _SMALLEST)
    if drawn <= total:
        return spec
    raise ValueError(f"a chart does not fit into {total} px: shorten the labels or the legend that take all its width")


def for_page(spec: Spec) -> Spec:
    """`spec` with every name of a category shown: bars lie down, legends and labels break where they would not fit."""
    spec = copy.deepcopy(spec)
    across = _across(spec)
    for view in _views(spec):
        width = view.get("width")
        _keep_names(view, _rows(view, spec, []), width if isinstance(width, int) else WIDE // across - _AXES)
        for part, rows in _encoded(view, spec, _rows(spec, spec, [])):
            for channel in _legends(part):
                _settle_legend(channel, rows, WIDE)
            if across > 1:
                _settle_names(part, view, rows, WIDE // across // 3)
                _settle_titles(part, width if isinstance(width, int) else WIDE // across - _AXES, view)
    return spec


def for_phone(spec: Spec) -> Spec:
    """`spec` for a picture of 360 px: the same marks and data, stacked, with lettering and ticks that fit.

    Plots have no width afterwards: `fitted` gives it.
    """
    spec = _stacked(copy.deepcopy(spec))
    for view in _views(spec):
        view.pop("width", None)
        _break_title(view, 36)
        _keep_names(view, _rows(view, spec, []), _PLOT)
        for part, rows in _encoded(view, spec, _rows(spec, spec, [])):
            for channel in _legends(part):
                _settle_legend(channel, rows, NARROW)
            _settle_names(part, view, rows, _LABEL)
            _settle(part, view)
    return spec


def _views(spec: Spec) -> Iterator[Spec]:
    """The parts of a composition that have a size of their own."""
    for kind in ("hconcat", "vconcat", "concat"):
        for part in spec.get(kind, []):
            yield from _views(part)
    if "spec" in spec:
        yield from _views(spec["spec"])
    if "mark" in spec or "layer" in spec:
        yield spec


def _across(spec: Spec) -> int:
    """How many plots stand side by side."""
    if "hconcat" in spec:
        return sum(_across(part) for part in spec["hconcat"])
    parts: list[Spec] = spec.get("concat") or spec.get("vconcat") or ([spec["spec"]] if "spec" in spec else [])
    inner = max((_across(part) for part in parts), default=1)
    if "concat" in spec:
        return inner * min(spec.get("columns", len(parts)), len(parts))
    facet, encoding = spec.get("facet", {}), spec.get("encoding", {})
    column = (
        encoding.get("column") or encoding.get("facet") or facet.get("column") or (facet if "field" in facet else {})
    )
    if not column:
        return inner
    names = len(_categories(column, _rows(spec, spec, []))) or 1
    return inner * min(spec.get("columns") or column.get("columns") or names, names)


def _stacked(spec: Spec) -> Spec:
    """What stands side by side, one above the other."""
    if "hconcat" in spec:
        spec["vconcat"] = spec.pop("hconcat")
    if "concat" in spec:
        spec["columns"] = 1
    if "field" in spec.get("facet", {}):
        spec["columns"] = 1
    for holder in (spec.get("facet", {}), spec.get("encoding", {})):
        if "column" in holder and "row" not in holder:
            holder["row"] = holder.pop("column")
        if "row" in holder:
            header = {"orient": "top", "labelAnchor": "start", "labelAngle": 0}
            holder["row"]["header"] = {**header, **(holder["row"].get("header") or {})}
        if "facet" in holder:
            holder["facet"]["columns"] = 1
    for kind in {"vconcat", "concat"} & spec.keys():
        spec[kind] = [_stacked(part) for part in spec[kind]]
    return spec


def _encoded(part: Spec, spec: Spec, rows: list[Spec]) -> Iterator[tuple[Spec, list[Spec]]]:
    """The layers of a view that encode something, each with the rows that it draws."""
    rows = _rows(part, spec, rows)
    if "encoding" in part:
        yield part, rows
    for layer in part.get("layer", []):
        yield from _encoded(layer, spec, rows)


def _rows(part: Spec, spec: Spec, otherwise: list[Spec]) -> list[Spec]:
    """The rows of a part of `spec`; `otherwise` where it has none of its own."""
    data = part.get("data") or {}
    rows: list[Spec] = data.get("values") or spec.get("datasets", {}).get(data.get("name"), otherwise)
    return rows


def _settle(part: Spec, view: Spec) -> None:
    """Titles, ticks and bars of one layer of `view` on a phone."""
    encoding, mark = part["encoding"], part.get("mark")
    if isinstance(mark, dict) and mark.get("type") == "bar" and "size" in mark and _is_upright(encoding):
        mark["size"] = round(mark["size"] * _PLOT / (WIDE - _AXES), 2)
    for name in ("x", "y"):
        axis = encoding.get(name, {}).get("axis") or {}
        if isinstance(axis.get("tickCount"), int):
            axis["tickCount"] = min(axis["tickCount"], _TICKS)
    _settle_titles(part, _PLOT, view)


def _settle_titles(part: Spec, width: int, view: Spec) -> None:
    """Break titles that are longer than their axes: `width` pixels, and the view's height."""
    height = view.get("height")
    for name, length in (("x", width), ("y", height if isinstance(height, int) else 300)):
        channel = part["encoding"].get(name, {})
        for holder in (channel, channel.get("axis") or {}):
            _break_title(holder, int(length / LETTER))


def _legends(part: Spec) -> list[Spec]:
    """The channels of a layer that have a legend."""
    channels = [part["encoding"].get(name, {}) for name in _LEGENDS]
    return [channel for channel in channels if "field" in channel and channel.get("legend", {}) is not None]


def _is_upright(encoding: Spec) -> bool:
    """Whether bars stand on the x axis, so that their size is a width."""
    return "x" in encoding and "y" in encoding and not _is_discrete(encoding["y"])


def _is_discrete(channel: Spec) -> bool:
    return channel.get("type") in ("nominal", "ordinal")


def _keep_names(view: Spec, rows: list[Spec], plot: int) -> None:
    """Bars with names below them show every name; where they do not fit into `plot` pixels, the bars lie down."""
    mark, encoding = view.get("mark"), view.get("encoding", {})
    x = encoding.get("x", {})
    kind = mark.get("type") if isinstance(mark, dict) else mark
    if kind != "bar" or x.get("type") != "nominal" or "axis" in x or not _is_upright(encoding):
        return
    names = _categories(x, rows)
    if len(names) * (LETTER * max(map(len, names), default=0) + 10) <= plot:
        x["axis"] = {"labelOverlap": False}
        return
    for one, other in (("x", "y"), ("xOffset", "yOffset")):
        held = {one: encoding.pop(other, None), other: encoding.pop(one, None)}
        encoding.update({key: value for key, value in held.items() if value is not None})
    view["height"] = max(view.get("height", 0), 20 * len(names))


def _categories(channel: Spec, rows: list[Spec]) -> list[str]:
    """Every value of a discrete channel as it is written."""
    domain = (channel.get("scale") or {}).get("domain")
    sort = channel.get("sort")
    known = domain if isinstance(domain, list) else sort if isinstance(sort, list) else []
    return list(dict.fromkeys(map(str, [*known, *(row[channel["field"]] for row in rows if channel["field"] in row)])))


def _settle_names(part: Spec, view: Spec, rows: list[Spec], label: int) -> None:
    """Break the names beside a y axis that are longer than `label` pixels, and make room for their lines."""
    channel = part["encoding"].get("y", {})
    if "field" not in channel or not _is_discrete(channel) or channel.get("axis", {}) is None:
        return
    axis = channel.setdefault("axis", {})
    if "values" in axis:
        return
    names = _categories(channel, rows)
    lines = _break_labels(axis, names, int(label / LETTER))
    axis["labelLimit"] = label + 20
    if lines > 1:
        height = view.get("height")
        step = max(_STEP, lines * _LINE + 6)
        view["height"] = max(height if isinstance(height, int) else 0, step * len(names))


def _settle_legend(channel: Spec, rows: list[Spec], total: int) -> None:
    """As many columns as fit into `total` pixels, with names in lines where one alone is wider."""
    legend = channel.setdefault("legend", {})
    letters = int((total - 60) / LETTER)
    for holder in (channel, legend):
        _break_title(holder, letters)
    if not _is_discrete(channel):
        legend["gradientLength"] = min(legend.get("gradientLength", 200), 200)
        return
    names = _categories(channel, rows)
    _break_labels(legend, names, letters)
    widest = max((min(len(name), letters) for name in names), default=1) * LETTER + 34
    fit = max(1, min(len(names), int((total - 20) // widest)))
    legend["columns"] = min(legend.get("columns", fit), fit)
    legend["labelLimit"] = 0


def _break_title(holder: Spec, letters: int) -> None:
    title = holder.get("title")
    if isinstance(title, str) and len(title) > letters:
        holder["title"] = textwrap.wrap(title, letters)
    elif isinstance(title, dict):
        holder["title"] = {**title, "text": broken(title["text"], letters)} if "text" in title else title


def _break_labels(guide: Spec, names: list[str], letters: int) -> int:
    """Let a guide write its long labels in lines; returns how many lines the longest has."""
    lines = {name: broken(name, letters) for name in names if len(name) > letters}
    if lines and "labelExpr" not in guide and "format" not in guide:
        guide["labelExpr"] = f"{json.dumps(lines, ensure_ascii=False)}[datum.label] || datum.label"
        return max(map(len, lines.values()))
    return 1


def broken(text: str, letters: int) -> list[str]:
    """`text` in lines of about `letters` at most, broken after spaces, underscores, hyphens and slashes."""
    lines = [""]
    for piece in re.split(r"(?<=[\s_/-])(?![\s_/-])", text):
        if lines[-1] and len((lines[-1] + piece).rstrip()) > letters:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]
