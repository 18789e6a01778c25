"""What a reader takes from a table is what a machine reads, and a table that scrolls says so."""

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from book.check import BROWSERS, FLAGS, find_browser
from book.paths import PAGES
from book.serve import serving

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, BROWSERS)), reason="no Chromium on the PATH; .ci/run installs one"
)

TABLE = """
<div class="result" id="{id}" tabindex="0" style="width: 300px; overflow: auto"><table style="width: {width}px">
<thead><tr><th data-name="month_start">Month</th><th data-name="net_revenue">Net revenue</th><th>note</th></tr></thead>
<tbody><tr><td data-value="2025-12-01">Dec 2025</td><td data-value="1234.5">$1,234.50</td><td>a "b", c</td></tr>
<tr><td data-value="">–</td><td data-value="-0.25">−$0.25</td><td>d</td></tr></tbody></table></div>
"""
PLAIN = '<div class="result"><table><tr><td>plain</td></tr></table></div>'
ROWS = [["month_start", "net_revenue", "note"], ["2025-12-01", "1234.5", 'a "b", c'], ["", "-0.25", "d"]]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    site = tmp_path_factory.mktemp("site")
    shutil.copy(PAGES / "static" / "book.mjs", site)
    body = TABLE.format(id="narrow", width=200) + TABLE.format(id="wide", width=900) + PLAIN
    details = '<article class="bd-article"><details><summary>More</summary>text</details></article>'
    (site / "07_a.html").write_text(
        f'<html data-theme="dark"><meta charset="utf-8"><body>{body}{details}<pre><code>x</code></pre>'
        '<script defer src="book.mjs"></script></body></html>'
    )
    with serving(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        found = context.new_page()
        found.goto(f"{address}07_a.html")
        yield found
        browser.close()


def clipboard(page: Page) -> list[list[str]]:
    text: str = page.evaluate("() => navigator.clipboard.readText()")
    return [line.split("\t") for line in text.split("\n")]


def test_copy_gives_raw_names_and_values(page: Page) -> None:
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert clipboard(page) == ROWS


def test_csv_gives_raw_names_and_values(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    assert download.value.suggested_filename == "07_a-1.csv"
    download.value.save_as(tmp_path / "a.csv")
    assert list(csv.reader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8")))) == ROWS


def test_a_selection_is_copied_as_raw_values(page: Page) -> None:
    page.evaluate("() => getSelection().selectAllChildren(document.querySelector('#narrow tbody tr'))")
    page.keyboard.press("Control+c")
    assert clipboard(page) == [ROWS[1]]
    # a part of one cell stays as it reads
    page.evaluate(
        "() => getSelection().setBaseAndExtent(...(t => [t, 1, t, 4])(document.querySelector('#narrow td').firstChild))"
    )
    page.keyboard.press("Control+c")
    assert clipboard(page) == [["ec "]]


def test_a_table_without_raw_values_has_no_buttons(page: Page) -> None:
    assert page.locator(".take").count() == 2


def test_a_table_that_scrolls_says_at_which_side_more_is(page: Page) -> None:
    def sides() -> list[str]:
        page.wait_for_timeout(100)
        return [page.locator(f"#{name}").get_attribute("class") or "" for name in ("narrow", "wide")]

    assert sides() == ["result", "result more-right"]
    page.evaluate("() => { document.querySelector('#wide').scrollLeft = 100; }")
    assert sides() == ["result", "result more-right more-left"]
    page.evaluate("() => { document.querySelector('#wide').scrollLeft = 9999; }")
    assert sides() == ["result", "result more-left"]


def test_paper_is_white_and_unfolded_and_the_screen_comes_back(page: Page) -> None:
    state = "() => [document.documentElement.dataset.theme, document.querySelector('details').open]"
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(state) == ["light", True]
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(state) == ["dark", False]
