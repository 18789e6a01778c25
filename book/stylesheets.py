"""Takes out of the site's style sheets the rules for what no page has: the theme brings thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import tinycss2
from tinycss2 import ast

NESTED = ("media", "supports", "layer", "container")


def names_in_use(site: Path) -> set[str]:
    """Every name that may be a class in the site: those in its pages, and every word of its scripts."""
    names: set[str] = set()
    for page in site.rglob("*.html"):
        for classes in re.findall(r'\bclass="([^"]*)"', page.read_text(encoding="utf-8")):
            names.update(classes.split())
    for script in [*site.glob("_static/**/*.js"), *site.glob("_static/**/*.mjs")]:
        names.update(re.findall(r"[A-Za-z][\w-]*", script.read_text(encoding="utf-8")))
    return names


def slim(css: str, names: set[str]) -> str:
    """The style sheet without rules that need a class outside `names`, without comments and without font faces."""
    return "".join(rule.serialize() for rule in _kept(_parsed(css), names))


def _parsed(css: str | Iterable[ast.Node]) -> list[ast.Node]:
    parsed: list[ast.Node] = tinycss2.parse_rule_list(css, skip_comments=True, skip_whitespace=True)
    return parsed


def _kept(rules: list[ast.Node], names: set[str]) -> Iterator[ast.Node]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [selector for selector in _selectors(rule.prelude) if _classes(selector) <= names]
            if selectors:
                rule.prelude = [node for selector in selectors for node in (COMMA, *selector)][1:]
                yield rule
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTED and rule.content is not None:
            rule.content = list(_kept(_parsed(rule.content), names))
            if rule.content:
                yield rule
        elif not (rule.type == "at-rule" and rule.lower_at_keyword in ("font-face", "charset")):
            yield rule


COMMA = ast.LiteralToken(0, 0, ",")


def _selectors(prelude: list[ast.Node]) -> Iterator[list[ast.Node]]:
    selector: list[ast.Node] = []
    for node in prelude:
        if node == ",":
            yield selector
            selector = []
        else:
            selector.append(node)
    yield selector


def _classes(selector: list[ast.Node]) -> set[str]:
    """The classes that an element must have; those inside `:not()` and the like may be missing."""
    return {after.value for dot, after in pairwise(selector) if dot == "." and after.type == "ident"}
