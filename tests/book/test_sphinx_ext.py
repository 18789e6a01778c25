"""What the search is given, how long a page takes to read, and where an index entry leads."""

from types import SimpleNamespace
from typing import Any

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes
from sphinx.search import IndexBuilder

from book.sphinx_ext import _describe, _entries_are_definitions, _words, minutes_to_read


def page(*parts: nodes.Node) -> nodes.document:
    document = new_document("page")
    document += [nodes.title(text="Churn rate"), *parts]
    return document


def raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def words(document: nodes.document) -> list[str]:
    environment: Any = SimpleNamespace(**{
        f"_search_index_{name}": {}
        for name in (
            "titles", "filenames", "mapping", "title_mapping", "all_titles", "index_entries", "objtypes", "objnames",
        )
    })  # fmt: skip
    return _words(IndexBuilder(environment, "en", {}, ""), document).words


def test_cells_of_a_table_are_words_and_pictures_are_none() -> None:
    table = "<table><tr><td>retention</td><td>12.5%</td></tr><tr><th>a&amp;b</th></tr></table><style>.hidden{}</style>"
    document = page(raw(f"{table}<svg><text>drawn</text></svg>"), nodes.paragraph(text="text"))
    before = document.pformat()
    found = words(document)
    assert {"retention", "12", "text"} <= set(found)
    assert not {"drawn", "hidden", "retention12", "amp"} & set(found)
    assert document.pformat() == before, "the page itself must stay"


def test_minutes_count_what_is_read() -> None:
    prose = nodes.paragraph(text="word " * 450)
    code = nodes.literal_block(text="word " * 4000)
    printed = nodes.container("", raw("<td>word</td>" * 4000), classes=["cell_output"])
    folded = raw("<details><summary>x</summary>" + "word " * 4000 + "</details>")
    assert minutes_to_read(page(prose)) == 2
    assert minutes_to_read(page(prose, code, printed, folded)) == 2
    assert minutes_to_read(page(prose, raw("<td>word</td>" * 400))) == 4
    assert minutes_to_read(page()) == 1


def test_an_index_entry_leads_to_a_definition() -> None:
    document = page(addnodes.index(entries=[("single", "churn", "id", "", None), ("single", "CLV", "id", "main", "C")]))
    _entries_are_definitions(SimpleNamespace(), document)  # type: ignore[arg-type]
    assert [entry for node in document.findall(addnodes.index) for entry in node["entries"]] == [
        ("single", "churn", "id", "main", None),
        ("single", "CLV", "id", "main", "C"),
    ]


@pytest.mark.parametrize("base", ["", "https://book.example/"])
def test_a_page_says_what_is_shared_of_it(base: str) -> None:
    app: Any = SimpleNamespace(config=SimpleNamespace(html_title="Book", html_baseurl=base))
    context = {"title": '<span class="n">7.</span> Churn &amp; more', "pageurl": f"{base}a.html"}
    _describe(app, "a", "page.html", context, page(nodes.paragraph(text='One "fact". ' + "word " * 60)))
    tags = context["metatags"]
    assert '<meta name="description" content="One &quot;fact&quot;. word' in tags
    assert '<meta property="og:description" content="One &quot;fact&quot;. word' in tags
    assert "7. Churn &amp; more" in tags
    assert ("preview.png" in tags) == bool(base) == ("summary_large_image" in tags) == ("og:url" in tags)
