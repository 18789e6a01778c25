"""What the site needs beyond Jupyter Book: formulas, code in colour, a strip under each heading, less to load."""

from __future__ import annotations

import html
import re
from typing import Any, ClassVar

from docutils import nodes
from latex2mathml.converter import convert
from pygments.lexer import inherit
from pygments.lexers.sql import SqlLexer
from pygments.token import Keyword, Name, Text
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.search import IndexBuilder, WordStore

from . import highlight

# scripts and style sheets that extensions add to every page and no page of this book uses
UNUSED_ASSETS = re.compile(
    r"thebe|design-tabs|require\.js|mathjax|toggle(button|Hint|Open)|DOCUMENTATION_OPTIONS\.(pagename|search_as)",
    re.IGNORECASE,
)
DESCRIPTION_LENGTH = 160
WORDS_A_MINUTE = 200
# words that nobody reads one after the other; a table in a page's text is read, one that a cell printed is looked at
NOT_READ = (nodes.literal_block, nodes.math, nodes.math_block, nodes.comment)


class SqlCellLexer(SqlLexer):
    """A `%%sql` cell: its first line, then SQL, in which `{{name}}` stands for a Python value."""

    name = "SQL cell"
    tokens: ClassVar = {
        "root": [(r"%%sql.*\n", Keyword.Namespace), (r"\{\{.*?\}\}", Name.Variable), inherit, (r".", Text)]
    }


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    # written by `book.build`: the strip's facts, the same on every page, and each page's own
    app.add_config_value("book_facts", {}, "html")
    app.add_config_value("book_pages", {}, "html")
    app.add_html_math_renderer("mathml", (_inline_math, None), (_block_math, None))
    app.add_lexer("sqlcell", SqlCellLexer)
    highlight.register(app)
    IndexBuilder._word_collector = _words  # type: ignore[method-assign,assignment]
    app.connect("doctree-read", _mark_sql_cells)
    app.connect("doctree-read", _entries_are_definitions)
    app.connect("html-page-context", _describe)
    app.connect("html-page-context", _strip)
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


def _entries_are_definitions(app: Sphinx, doctree: nodes.document) -> None:
    """An index entry stands where a term is defined: the search shows it before pages that only use the word."""
    for node in doctree.findall(addnodes.index):
        node["entries"] = [(kind, value, target, "main", key) for kind, value, target, _, key in node["entries"]]


_collected_by_sphinx = IndexBuilder._word_collector


def _words(builder: IndexBuilder, doctree: nodes.document) -> WordStore:
    """The words of a page for the search. Sphinx takes tags out of HTML and leaves nothing in their place."""
    spaced = doctree.deepcopy()
    for node in list(spaced.findall(nodes.raw)):
        node.replace_self(nodes.raw("", re.sub(r"[<>]", " ", _text(node.astext())), format=node.get("format", "")))
    return _collected_by_sphinx(builder, spaced)


def _describe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Describe the page to search engines and to those with whom it is shared.

    A page without a description of its own gets the beginning of its first paragraph. Where the site has an address,
    a picture goes with it.
    """
    tags = context.get("metatags", "")
    given = re.search(r'<meta content="([^"]*)" name="description"|<meta name="description" content="([^"]*)"', tags)
    if given:
        text = html.unescape(given[1] or given[2])
    else:
        first = next(iter(doctree.findall(nodes.paragraph)), None) if doctree else None
        text = " ".join(first.astext().split()) if first else f"{context.get('title', page)}: {app.config.html_title}"
        if len(text) > DESCRIPTION_LENGTH:
            text = text[:DESCRIPTION_LENGTH].rpartition(" ")[0] + " …"
        tags += f'<meta name="description" content="{html.escape(text)}">\n'
    title = " ".join(_text(str(context.get("title", ""))).split())
    shared = {"og:type": "article", "og:site_name": app.config.html_title, "og:title": title, "og:description": text}
    card = "summary"
    if base := app.config.html_baseurl:
        shared |= {"og:url": str(context.get("pageurl")), "og:image": f"{base}_static/preview.png"}
        card = "summary_large_image"
    tags += "".join(f'<meta property="{name}" content="{html.escape(value)}">\n' for name, value in shared.items())
    context["metatags"] = tags + f'<meta name="twitter:card" content="{card}">\n'


def minutes_to_read(doctree: nodes.document) -> int:
    """Whole minutes for the words of a page, at least 1; code, printed tables and what is folded are not counted."""
    return max(1, round(_read(doctree) / WORDS_A_MINUTE))


def _read(node: nodes.Node) -> int:
    if isinstance(node, nodes.Text):
        return len(node.split())
    if isinstance(node, nodes.raw):
        return len(_text(re.sub(r"<details\b.*?</details>", " ", node.astext(), flags=re.DOTALL)).split())
    if isinstance(node, NOT_READ) or (isinstance(node, nodes.Element) and "cell_output" in node.get("classes", ())):
        return 0
    return sum(_read(child) for child in node.children)


def _text(markup: str) -> str:
    """The words of a piece of HTML, with a space where a tag stood: neighbouring cells of a table are no one word."""
    markup = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", markup, flags=re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<[^<>]+>", " ", markup))


def _strip(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Put the strip under the first heading: reading time, data, version, ways to run and change the page, models."""
    body = context.get("body", "")
    if doctree is None or "</h1>" not in body:
        return
    own = app.config.book_pages.get(page, {})
    strip = app.builder.templates.render(
        "strip.html", {**app.config.book_facts, **own, "minutes": minutes_to_read(doctree)}
    )
    heading, end, rest = body.partition("</h1>")
    context["body"] = heading + end + strip + rest


def _drop_assets(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    def used(asset: Any) -> bool:
        content = " ".join(str(part) for part in (getattr(asset, "filename", asset), getattr(asset, "attributes", "")))
        return not UNUSED_ASSETS.search(content)

    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if used(asset)]
    for script in context["script_files"]:
        script.attributes.setdefault("defer", "defer")  # the text comes first
