"""SVG as Vega writes it, made small: the same picture from a third to nine tenths of the characters."""

from __future__ import annotations

import re
from xml.etree import ElementTree  # nosec B405

SVG = "http://www.w3.org/2000/svg"
_SILENT = ("role", "pointer-events", "class")
_RECTANGLE = re.compile(r"M[-\d.,]+h[-\d.]+v[-\d.]+h[-\d.]+Z")


def size(svg: str) -> tuple[int, int]:
    """Width and height of a picture in pixels."""
    found = re.search(r'<svg[^>]* width="(\d+)" height="(\d+)"', svg)
    assert found, "an SVG without a size"
    return int(found[1]), int(found[2])


def lean(svg: str, font: str, font_size: int, width: int | None = None) -> str:
    """The picture without what changes nothing that is seen.

    Args:
        svg: as Vega writes it.
        font: the family, which is said once.
        font_size: the usual size in pixels, which is said once.
        width: pixels that the picture is to have, with empty ground at the right; as drawn if not given.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)  # nosec B314: the picture was drawn a moment ago, by our own converter
    drawn, height = size(svg)
    if width is not None:
        assert root[0].get("width") == str(drawn), "the ground comes first"
        for part in (root, root[0]):
            part.set("width", str(width))
        root.set("viewBox", f"0 0 {width} {height}")
    del root.attrib["version"]
    clips = {f"url(#{clip.get('id')})": clip for clip in root.iter(_tag("clipPath"))}
    usual = {
        **dict.fromkeys(("opacity", "stroke-width", "stroke-opacity", "fill-opacity"), "1"),
        "stroke-miterlimit": "10",
        "font-weight": "normal",
        "transform": "translate(0,0)",
        "font-family": font,
        "font-size": f"{font_size}px",
    }
    _prune(root, usual, clips)
    root.set("font-family", font)
    root.set("font-size", f"{font_size}px")
    _drop_unused(root)
    text = ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")
    # the converter goes on counting from picture to picture
    ids = {name: f"part-{n}" for n, name in enumerate(dict.fromkeys(re.findall(r'id="([^"]+)"', text)))}
    text = re.sub(r'(id="|url\(#|href="#)([^")]+)', lambda m: m[1] + ids.get(m[2], m[2]), text)
    text = re.sub(r"rgb\((\d+), (\d+), (\d+)\)", lambda m: "#" + "".join(f"{int(n):02x}" for n in m.groups()), text)
    # coordinates to a hundredth of a pixel: smaller files, and no last digit that a CPU could round differently
    text = re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), text)
    # corners that are not round
    return re.sub(r"([ML])(-?[\d.]+,-?[\d.]+)C\2,\2,\2", r"\1\2", text)


def _prune(parent: ElementTree.Element, usual: dict[str, str], clips: dict[str, ElementTree.Element]) -> None:
    """Drop what is usual, shapes without paint and groups of nothing; a bar with round corners becomes one shape."""
    for child in list(parent):
        for name, value in list(child.attrib.items()):
            # inside an <img> nobody reads names and roles; the alt text speaks for the picture
            if name.startswith("aria-") or name in _SILENT or usual.get(name) == value:
                del child.attrib[name]
        if child.tag == _tag("defs"):
            continue
        _prune(child, usual, clips)
        _round(child, clips)
        place = list(parent).index(child)
        if (child.tag == _tag("path") and not child.attrib.keys() - {"d", "transform"}) or "display" in child.attrib:
            parent.remove(child)
        elif child.tag == _tag("g") and (not len(child) or not child.attrib):
            parent[place : place + 1] = list(child)
        elif (
            child.tag == _tag("g")
            and len(child) == 1
            and child.keys() == ["transform"]
            and not child[0].get("transform")
        ):
            child[0].set("transform", child.attrib["transform"])
            parent[place] = child[0]


def _round(group: ElementTree.Element, clips: dict[str, ElementTree.Element]) -> None:
    """Vega draws a bar with round corners as a rectangle behind an outline: let the outline be the bar."""
    clip = clips.get(group.get("clip-path", ""))
    if clip is None or len(clip) != 1 or len(group) != 1:
        return
    outline, bar = clip[0].get("d", ""), group[0]
    if "C" in outline and _RECTANGLE.fullmatch(bar.get("d", "")):
        bar.attrib.pop("transform", None)
        bar.set("d", outline)
        del group.attrib["clip-path"]


def _drop_unused(root: ElementTree.Element) -> None:
    """Drop outlines that cut nothing any more."""
    used = {element.get("clip-path") for element in root.iter()}
    for parent in list(root.iter()):
        for defs in [child for child in parent if child.tag == _tag("defs")]:
            for clip in defs.findall(_tag("clipPath")):
                if f"url(#{clip.get('id')})" not in used:
                    defs.remove(clip)
            if not len(defs):
                parent.remove(defs)


def _tag(name: str) -> str:
    return f"{{{SVG}}}{name}"
