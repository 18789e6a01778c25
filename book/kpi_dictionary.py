"""The KPI dictionary: one row a KPI, read from the dbt manifest, so that the page and the models cannot differ.

A KPI is declared as `meta: {kpi: {...}}` on its model or on a column of it (a list where there are several), with the
keys `name`, `unit` and `grain`; `definition` defaults to the description of what carries it, `chapter` names the
notebook that shows it. The tests in the row are those that dbt attaches to the model.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from warehouse.errors import UserError


@dataclass(frozen=True)
class Kpi:
    """One KPI as declared: what it is called, means and counts in, and what computes, shows and tests it."""

    name: str
    definition: str
    unit: str
    grain: str
    model: str
    model_id: str
    chapter: str
    tests: tuple[str, ...]


def read_kpis(manifest: Path) -> list[Kpi]:
    """Every KPI in the manifest, by name.

    Raises:
        UserError: a declaration lacks a key, two KPIs share a name, or a KPI has no test.
    """
    content = json.loads(manifest.read_text(encoding="utf-8"))
    models = [node for node in content["nodes"].values() if node["resource_type"] == "model"]
    kpis = [
        _kpi(declared, node, carrier, _tests(node, content))
        for node in models
        for carrier in (node, *node["columns"].values())
        for declared in _declared(carrier)
    ]
    kpis.sort(key=lambda kpi: kpi.name.casefold())
    names = [kpi.name for kpi in kpis]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"KPIs declared more than once in dbt: {', '.join(twice)}")
    if untested := [kpi.name for kpi in kpis if not kpi.tests]:
        raise UserError(f"KPIs without a dbt test: {', '.join(untested)}")
    return kpis


def dictionary_page(kpis: list[Kpi], pages: list[str]) -> str:
    """The dictionary as an HTML table without blank lines, for a Markdown page to include.

    Args:
        kpis: the rows.
        pages: the site's pages, so that a chapter's name finds its file: `07` or `07_attrition` will do.
    """
    rows = "\n".join(_row(kpi, pages) for kpi in kpis)
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("KPI", "Definition", "Where it comes from"))
    table = (
        '<div class="result dictionary" role="region" aria-label="KPI dictionary" tabindex="0">\n<table>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
    )
    return re.sub(r"\n\s*\n", "\n", table)


def anchor(name: str) -> str:
    """The fragment that leads to a KPI's row: `attrition-rate` for "Attrition rate"."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def _declared(carrier: dict[str, Any]) -> list[dict[str, Any]]:
    meta = carrier.get("config", {}).get("meta") or carrier.get("meta") or {}
    kpi = meta.get("kpi", [])
    return kpi if isinstance(kpi, list) else [kpi]


def _kpi(declared: dict[str, Any], node: dict[str, Any], carrier: dict[str, Any], tests: tuple[str, ...]) -> Kpi:
    definition = declared.get("definition") or carrier.get("description", "")
    values = {"name": declared.get("name"), "unit": declared.get("unit"), "grain": declared.get("grain")}
    if lacking := [key for key, value in {**values, "definition": definition}.items() if not value]:
        raise UserError(f"the KPI {declared.get('name', '')!r} of dbt model {node['name']} lacks {', '.join(lacking)}")
    return Kpi(
        name=declared["name"],
        definition=definition,
        unit=declared["unit"],
        grain=declared["grain"],
        model=node["name"],
        model_id=node["unique_id"],
        chapter=str(declared.get("chapter", "")),
        tests=tests,
    )


def _tests(node: dict[str, Any], manifest: dict[str, Any]) -> tuple[str, ...]:
    """What dbt runs against the model, in words: generic tests by kind and column, others by name."""
    attached = [
        test
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test" and node["unique_id"] in (test.get("attached_node"), *_reads(test))
    ]
    units = [test["name"] for test in manifest.get("unit_tests", {}).values() if node["unique_id"] in _reads(test)]
    return tuple(sorted({*map(_test_name, attached), *units}))


def _reads(test: dict[str, Any]) -> list[str]:
    reads: list[str] = test["depends_on"]["nodes"]
    return reads


def _test_name(test: dict[str, Any]) -> str:
    generic = test.get("test_metadata")
    if not generic or test.get("config", {}).get("alias"):
        return str(test["name"])
    return f"{generic['name']} {test['column_name']}" if test.get("column_name") else str(generic["name"])


def _row(kpi: Kpi, pages: list[str]) -> str:
    tests = "".join(f"<li>{html.escape(test)}</li>" for test in kpi.tests)
    chapter = next((page for page in pages if kpi.chapter and Path(page).name.startswith(kpi.chapter)), None)
    if kpi.chapter and chapter is None:
        raise UserError(f"the KPI {kpi.name!r} names chapter {kpi.chapter!r}, which the book does not have")
    link = (
        f'<p>Chapter <a href="../{chapter}.html">{int(Path(chapter).name[:2])}</a></p>' if chapter and kpi.chapter else ""
    )
    return (
        f'<tr id="{anchor(kpi.name)}"><th scope="row">{html.escape(kpi.name)}'
        f"<span>{html.escape(kpi.unit)}; one value per {html.escape(kpi.grain)}</span></th>"
        f"<td>{MarkdownIt().render(kpi.definition)}</td>"
        f'<td><p><a href="../dbt/index.html#!/model/{kpi.model_id}"><code>{kpi.model}</code></a></p>{link}'
        f"<details><summary>{len(kpi.tests)} tests</summary><ul>{tests}</ul></details></td></tr>"
    )
