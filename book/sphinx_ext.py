"""What the site needs beyond Jupyter Book: formulas as MathML, SQL in colour, page descriptions, fewer scripts."""

from __future__ import annotations

import html
import re
from typing import Any, ClassVar

from docutils import nodes
from latex2mathml.converter import convert
from pygments.lexer import inherit
from pygments.lexers.sql import SqlLexer
from pygments.token import Keyword, Name, Text
from sphinx.application import Sphinx

from . import highlight

# scripts and style sheets that extensions add to every page and no page of this book uses
UNUSED_ASSETS = re.compile(r"thebe|design-tabs|require\.js|mathjax", re.IGNORECASE)
DESCRIPTION_LENGTH = 160


class SqlCellLexer(SqlLexer):
    """A `%%sql` cell: its first line, then SQL, in which `{{name}}` stands for a Python value."""

    name = "SQL cell"
    tokens: ClassVar = {
        "root": [(r"%%sql.*\n", Keyword.Namespace), (r"\{\{.*?\}\}", Name.Variable), inherit, (r".", Text)]
    }


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", (_inline_math, None), (_block_math, None))
    app.add_lexer("sqlcell", SqlCellLexer)
    highlight.register(app)
    app.connect("doctree-read", _mark_sql_cells)
    app.connect("html-page-context", _describe)
    # after every extension has added its own files
    app.connect("html-page-context", _drop_assets, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline_math(translator: Any, node: nodes.Element) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block_math(translator: Any, node: nodes.Element) -> None:
    translator.body.append(f'<div class="math" tabindex="0">{convert(node.astext(), display="block")}</div>\n')
    raise nodes.SkipNode


def _mark_sql_cells(app: Sphinx, doctree: nodes.document) -> None:
    for block in doctree.findall(nodes.literal_block):
        if block.astext().startswith("%%sql"):
            block["language"] = "sqlcell"


def _describe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give a page without a description of its own the beginning of its first paragraph."""
    tags = context.get("metatags", "")
    if 'name="description"' in tags:
        return
    first = next(iter(doctree.findall(nodes.paragraph)), None) if doctree else None
    text = " ".join(first.astext().split()) if first else f"{context.get('title', page)}: {app.config.html_title}"
    if len(text) > DESCRIPTION_LENGTH:
        text = text[:DESCRIPTION_LENGTH].rpartition(" ")[0] + " …"
    context["metatags"] = tags + f'<meta name="description" content="{html.escape(text)}">\n'


def _drop_assets(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    def used(asset: Any) -> bool:
        content = " ".join(str(part) for part in (getattr(asset, "filename", asset), getattr(asset, "attributes", "")))
        return not UNUSED_ASSETS.search(content)

    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if used(asset)]
