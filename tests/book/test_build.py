"""The table of contents, the sources behind it, and the folder that Jupyter Book is given."""

import json
import re
from pathlib import Path

import pytest
import yaml

from book.build import dbt_docs, gather, leftovers, page_facts, site_name, toc_pages
from book.paths import CONFIG, PAGES, TOC
from warehouse.settings import PROJECT_ROOT, load_settings

PARTS = ["Design", "Mock", "Process", "Test", "Analyse", "Visualise", "Automate"]


def toc() -> dict:  # type: ignore[type-arg]
    return yaml.safe_load(TOC.read_text(encoding="utf-8"))


def test_the_book_has_its_seven_parts_in_order() -> None:
    assert [part["caption"] for part in toc()["parts"]] == [*PARTS, "Reference"]


def test_every_page_of_the_contents_has_a_source_and_every_source_a_place() -> None:
    pages = list(toc_pages(toc()))
    assert len(pages) == len(set(pages))
    sources = [*PAGES.glob("*.md"), *(PROJECT_ROOT / "notebooks").glob("*.ipynb")]
    assert sorted(pages) == sorted(path.relative_to(PROJECT_ROOT).with_suffix("").as_posix() for path in sources)


def test_only_the_landing_page_moves() -> None:
    moved = {page: site_name(page) for page in toc_pages(toc()) if site_name(page) != page}
    assert moved == {"book/index": "index"}


def test_no_page_loads_from_elsewhere() -> None:
    """Links may lead out; style sheets, scripts, pictures and fonts may not come in."""
    files = [CONFIG, *(path for path in PAGES.rglob("*") if path.suffix in (".css", ".html", ".md", ".svg", ".yml"))]
    for path in files:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        for loading in ("src=", "url(", "@import", "<link"):
            for use in text.split(loading)[1:]:
                assert not use.lstrip("\"'").startswith(("http", "//")), f"{path.name}: {loading}{use[:60]}"


def test_the_style_sheet_has_each_section_once() -> None:
    """A copy further down would win over what stands above."""
    heads = re.findall(
        r"^/\* --- ([\w ]+)", (PAGES / "static" / "book.css").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert len(heads) > 5
    assert [head for head in heads if heads.count(head) > 1] == []


def test_gather_makes_the_folder_equal(tmp_path: Path) -> None:
    gather({"a.md": b"one", "sub/b.md": b"two"}, tmp_path / "src")
    gather({"a.md": b"one", "c.md": b"three"}, tmp_path / "src")
    found = {p.relative_to(tmp_path / "src").as_posix(): p.read_bytes() for p in (tmp_path / "src").rglob("*")}
    assert found == {"a.md": b"one", "c.md": b"three"}


def test_the_dbt_docs_ask_for_nothing_that_is_not_there_and_tell_no_path() -> None:
    icon = "<link href=\"${require('./assets/favicons/favicon.ico')}\">"
    page = dbt_docs(f'{icon} <use xlink:href="{{{{ icon }}}}"> {PROJECT_ROOT}/dbt')
    assert page == '<link href="../_static/favicon.svg"> <use ng-attr-xlink:href="{{ icon }}"> dbt'


def test_the_dbt_docs_have_words_where_no_script_runs() -> None:
    page = dbt_docs("<title>dbt Docs</title></head><body><div ui-view></div></body>")
    assert page.count("<noscript>") == 1
    assert "../book/kpi_dictionary.html" in page and "../book/models.html" in page
    assert "<title>dbt docs of the Menswear Analytics Handbook</title>" in page


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("see {doc}`chapter`", "{doc}`"),
        ("<p>:::{dropdown} More</p>", ":::"),
        ("of {{ share }}", "{{"),
        ("<code>{glue:text}</code>share", "{glue"),
        ("<code>&lt;span data-say=&quot;share&quot;&gt;12%&lt;/span&gt;</code>", "data-say"),
        ("a ``word`` of", "``"),
        ('<p><span data-say="share"></span></p>', "no number for share"),
    ],
)
def test_what_a_reader_must_not_see_is_found(shown: str, told: str) -> None:
    found = leftovers(f"<head><title>t</title></head><p>Text {shown} text</p>")
    assert found and all(told in text for text in found)


@pytest.mark.parametrize(
    "shown",
    [
        "<pre>{{ ref('x') }} ::: ``a`` {doc}`b`</pre>",
        "<code>{{ x }}</code>",
        '<span data-say="share">12%</span>',
        "<script>`${a}``${b}`; {{}}</script>",
        "1:2 {a} `b`",
    ],
)
def test_code_and_prose_are_left_alone(shown: str) -> None:
    assert leftovers(f"<p>Text {shown} text</p>") == []


def test_a_page_leads_to_its_repository_where_one_is_set() -> None:
    chapter = json.dumps({"cells": [{"cell_type": "code", "source": ["select 1"]}]}).encode()
    alone = page_facts("notebooks/07_a", chapter, load_settings(env_file=None), {})
    assert alone == {"notebook": "07_a.ipynb", "links": [], "relations": []}
    settings = load_settings(env_file=None, repository_url="https://github.com/some-one/a.book")
    assert page_facts("notebooks/07_a", chapter, settings, {})["links"] == [
        ("Open in Binder", "https://mybinder.org/v2/gh/some-one/a.book/main?labpath=notebooks/07_a.ipynb"),
        ("Open in Codespaces", "https://codespaces.new/some-one/a.book"),
        ("Edit this page", "https://github.com/some-one/a.book/edit/main/notebooks/07_a.ipynb"),
    ]
    assert page_facts("book/index", b"# Title", settings, {}) == {
        "notebook": "",
        "links": [("Edit this page", "https://github.com/some-one/a.book/edit/main/book/index.md")],
        "relations": [],
    }
