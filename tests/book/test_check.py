"""The browser check finds every fault that it is there for."""

import os
import shutil
from pathlib import Path

import pytest

from book.check import BROWSERS, check
from warehouse.errors import UserError

HEAD = (
    '<!doctype html><html lang="en" data-theme="light"><head><title>T</title>'
    '<meta name="description" content="d"><meta name="viewport" content="width=device-width">'
    '<link rel="icon" href="data:,"><style>@media (prefers-color-scheme: dark) { .dim { color: #eee } }'
    "@media (forced-colors: active) { .forced { forced-color-adjust: none; color: #eee; background: #fff } }"
    "</style></head>"
)
# the theme follows the reader's choice, as the site's own script does it
THEME = (
    "<script>document.documentElement.dataset.theme ="
    " matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'</script>"
)
TABLE = "<table><thead><tr><th>Month</th></tr></thead><tbody><tr><td>May</td></tr></tbody></table>"
GOOD = (
    f'{HEAD}<body>{THEME}<main><article><h1 id="top">Good</h1><p>Text <a href="#top">top</a> and enough of it that a '
    f"reader has something to read</p>{TABLE}</article></main></body></html>"
)
LARGE = "large.css"

FAULTS = {
    "<title>T</title>||": "no title",
    '<meta name="description" content="d">||': "no meta description",
    '<h1 id="top">||<h2 id="top">': "0 visible h1",
    "Text||<img src='data:,'>": "without alt",
    "Text ||<script>console.error('broken')</script>": "console: broken",
    "Text  ||<script>throw new Error('thrown')</script>": "script error",
    "Text   ||<img alt='' src='missing.png'>": "404",
    "Text    ||<img alt='' src='http://127.0.0.2:9/x.png'>": "request to another host",
    "#top||elsewhere.html": "dead link: elsewhere.html",
    "#top ||#nowhere": "has no #nowhere",
    "<p>||<p style='width:2000px'>": "phone: 1618 pixels wider than the screen",
    "<p>  ||<p style='width:340px'>": "400 %: 28 pixels wider than the screen",
    "<p> ||<p style='color:#ddd'>": "light: axe: color-contrast",
    "<p>   ||<p class='dim'>": "dark: axe: color-contrast",
    "<p>    ||<p class='forced'>": "forced colours: axe: color-contrast",
    "<th>Month||<th>": "axe: empty-table-header",  # of minor impact
    "<script>document||<script>0;document.body": "dark: theme is light",
    "<table>||<div style='overflow-x:auto' tabindex=0><table style='width:1400px'>": "'Month' hides columns",
    "<table> ||<details><summary>More</summary><div style='overflow-x:auto' tabindex=0><table style='width:1400px'>": (
        "'Month' hides columns"
    ),
    "<td>||<td style='font-size:13px'>": "'Month' has lettering of 13 px",
    "</head>||<link rel='stylesheet' href='large.css'></head>": "to load before scrolling",
    "May||" + "<br>" * 6001: "elements, more than 6000",
    "</head> ||<style>@media (scripting: none) { table { display: none } }</style></head>": (
        "no JavaScript: 1 tables cannot be seen"
    ),
    "</body>||<script>onscroll = () => fetch('good.html')</script><p style='height:3000px'></p></body>": (
        "request failed"  # only where the network is gone
    ),
}

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, BROWSERS)), reason="no Chromium on the PATH; .ci/run installs one"
)


@pytest.mark.slow(seconds=60)
def test_a_good_page_passes_and_every_fault_is_found(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_text(GOOD, encoding="utf-8")
    (tmp_path / LARGE).write_bytes(b"/*" + os.urandom(220_000).hex().encode() + b"*/")
    for number, change in enumerate(FAULTS):
        old, new = change.split("||")
        assert old.rstrip() in GOOD
        (tmp_path / f"fault_{number:02}.html").write_text(GOOD.replace(old.rstrip(), new, 1), encoding="utf-8")
    visits = {visit.name: visit.problems for visit in check(tmp_path)}
    assert visits["good.html"] == []
    for number, fault in enumerate(FAULTS.values()):
        assert any(fault in problem for problem in visits[f"fault_{number:02}.html"]), fault


def test_a_folder_without_a_site_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no site"):
        check(tmp_path)
