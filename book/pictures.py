"""Takes what pages carry inside them, pictures and numbers, out into files of the site, so that a page weighs little.

A stored notebook carries its pictures as data addresses and so shows them wherever it is opened. A page of the site
fetches a picture when the reader comes near it, and never that of the theme that is not shown. Without JavaScript a
browser fetches all pictures at once.
"""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

FOLDER = "_images"
_KINDS = {"image/svg+xml": "svg", "text/csv;charset=utf-8": "csv"}
_CARRIED = re.compile(
    r"(?P<attribute>\b(?:src|srcset|href)=)'data:(?P<kind>[a-z/+]+(?:;charset=utf-8)?),(?P<data>[^']*)'"
)


def take_out(site: Path) -> int:
    """Move the SVG pictures and CSV files that pages of the built `site` carry into its `_images`; returns how many.

    A file's name is the page's and a hash of its content, so that it changes when the content does.
    """
    files = {}
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        root = "../" * (len(page.relative_to(site).parts) - 1)
        found: dict[str, bytes] = {}
        light = _CARRIED.sub(lambda carried: _address(carried, page.stem, root, found), text)  # noqa: B023
        if found:
            page.write_text(light, encoding="utf-8")
            files.update(found)
    for name, content in files.items():
        (site / FOLDER).mkdir(exist_ok=True)
        (site / FOLDER / name).write_bytes(content)
    return len(files)


def _address(carried: re.Match[str], stem: str, root: str, found: dict[str, bytes]) -> str:
    """The attribute with the file's address in place of the content, which goes into `found`."""
    ending = _KINDS.get(carried["kind"])
    if ending is None:
        return carried[0]
    content = unquote_to_bytes(html.unescape(carried["data"]))
    name = f"{stem}-{hashlib.sha256(content).hexdigest()[:10]}.{ending}"
    found[name] = content
    lazy = ' loading="lazy" decoding="async"' if carried["attribute"] == "src=" else ""
    return f'{carried["attribute"]}"{root}{FOLDER}/{name}"{lazy}'
