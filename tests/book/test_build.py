"""The table of contents, the sources behind it, and the folder that Jupyter Book is given."""

import re
from pathlib import Path

import yaml

from book.build import dbt_docs, gather, site_name, toc_pages
from book.paths import CONFIG, PAGES, TOC
from warehouse.settings import PROJECT_ROOT

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
