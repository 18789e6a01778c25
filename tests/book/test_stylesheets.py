"""Rules for what no page has go; all others stay as they are."""

from pathlib import Path

import pytest

from book.stylesheets import names_in_use, slim

KEPT = [
    "a{color:red}",
    ".used{a:b}",
    ".used .also>p::before{a:b}",
    ".used:not(.unused){a:b}",
    ":is(.unused,p){a:b}",
    "[class*=unused]{a:b}",
    "@media print{.used{a:b}}",
    "@keyframes x{from{a:b}to{a:c}}",
    ":root{--x:url(data:image/svg+xml;x)}",
]
GONE = [
    ".unused{a:b}",
    ".used.unused{a:b}",
    ".used .unused p{a:b}",
    "@media print{.unused{a:b}}",
    "@font-face{font-family:x;src:url(x.woff2)}",
    "/* words */",
]
NAMES = {"used", "also"}


@pytest.mark.parametrize("rule", KEPT)
def test_a_rule_that_may_be_needed_stays(rule: str) -> None:
    assert slim(rule, NAMES) == rule


@pytest.mark.parametrize("rule", GONE)
def test_a_rule_that_nothing_needs_goes(rule: str) -> None:
    assert slim(f"a{{b:c}}{rule}", NAMES) == "a{b:c}"


def test_of_several_selectors_those_in_use_stay() -> None:
    assert slim(".used,.unused, p{a:b}", NAMES) == ".used, p{a:b}"


def test_names_come_from_pages_and_scripts(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "page.html").write_text('<p class="one two-three">four</p>')
    (tmp_path / "_static" / "a.mjs").write_text('x.classList.add("more-right")')
    names = names_in_use(tmp_path)
    assert {"one", "two-three", "more-right"} <= names
    assert "four" not in names
