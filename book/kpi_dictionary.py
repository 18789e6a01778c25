"""The KPI dictionary: one row a KPI, read from the dbt manifest, so that the page and the models cannot differ.

How a KPI is declared is said at the top of `dbt/models/marts/kpis/_kpis__docs.md`: the column that holds it has its
definition as description, and `meta: kpi:` with name, unit, grain, formula, edge cases and chapter.
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

MARKDOWN = MarkdownIt().enable("table")


@dataclass(frozen=True)
class Kpi:
    """One KPI as declared: what it is called, means and counts in, and what computes, shows and tests it."""

    name: str
    definition: str
    unit: str
    grain: str
    formula: str
    chapter: str
    edge_cases: tuple[int, ...]
    column: str
    model: str
    model_id: str
    tests: tuple[str, ...]


def read_kpis(manifest: Path) -> list[Kpi]:
    """Every KPI in the manifest, by name.

    Raises:
        UserError: a declaration lacks a key, two KPIs share a name, or a KPI has no test.
    """
    content = json.loads(manifest.read_text(encoding="utf-8"))
    kpis = [
        _kpi(column["config"]["meta"]["kpi"], column, node, content)
        for node in content["nodes"].values()
        if node["resource_type"] == "model"
        for column in node["columns"].values()
        if "kpi" in column.get("config", {}).get("meta", {})
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
        pages: the book's pages, among which a KPI's chapter is looked up.

    Raises:
        UserError: a KPI names a chapter that the book does not have.
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


def _kpi(declared: dict[str, Any], column: dict[str, Any], node: dict[str, Any], manifest: dict[str, Any]) -> Kpi:
    said = {**declared, "definition": column.get("description")}
    needed = ("name", "definition", "unit", "grain", "formula", "chapter")
    if lacking := [key for key in needed if not said.get(key)]:
        raise UserError(f"the KPI in {node['name']}.{column['name']} lacks {', '.join(lacking)}")
    return Kpi(
        **{key: str(said[key]) for key in needed},
        edge_cases=tuple(declared.get("edge_cases", ())),
        column=column["name"],
        model=node["name"],
        model_id=node["unique_id"],
        tests=_tests(node, column["name"], manifest),
    )


def _tests(node: dict[str, Any], column: str, manifest: dict[str, Any]) -> tuple[str, ...]:
    """What holds the column: its own tests, those of its whole model, and the model's unit tests."""
    model = node["unique_id"]
    attached = [
        _test_name(test, node["name"])
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and test.get("column_name") in (None, column)
        and (test["attached_node"] == model if test.get("attached_node") else model in _reads(test))
    ]
    units = [test["name"] for test in manifest["unit_tests"].values() if model in _reads(test)]
    return tuple(sorted({*attached, *units}))


def _reads(test: dict[str, Any]) -> list[str]:
    reads: list[str] = test["depends_on"]["nodes"]
    return reads


def _test_name(test: dict[str, Any], model: str) -> str:
    """A test's given name; for one that dbt named itself, the kind of test and the column."""
    kind = test.get("test_metadata", {}).get("name")
    if not kind or not test["name"].startswith(f"{kind}_{model}"):
        return str(test["name"])
    return f"{kind}: {test['column_name']}" if test.get("column_name") else str(kind)


def _row(kpi: Kpi, pages: list[str]) -> str:
    page = next((page for page in pages if Path(page).name == kpi.chapter), None)
    if page is None:
        raise UserError(f"the KPI {kpi.name!r} names chapter {kpi.chapter!r}, which the book does not have")
    tests = "".join(f"<li>{html.escape(test)}</li>" for test in kpi.tests)
    cases = ", ".join(map(str, kpi.edge_cases))
    return (
        f'<tr id="{anchor(kpi.name)}"><th scope="row">{html.escape(kpi.name)}'
        f"<span>{html.escape(kpi.unit)}, one for each {html.escape(kpi.grain)}</span></th>"
        f"<td>{MARKDOWN.render(kpi.definition)}<p><code>{html.escape(kpi.formula)}</code></p></td>"
        f'<td><p><a href="../dbt/index.html#!/model/{kpi.model_id}"><code>{kpi.model}</code></a>'
        f"<br><code>{kpi.column}</code></p>"
        f'<p><a href="../{page}.html">Chapter {int(Path(page).name[:2])}</a></p>'
        + (f"<p>Edge cases {cases}</p>" if cases else "")
        + f"<details><summary>{len(kpi.tests)} tests</summary><ul>{tests}</ul></details></td></tr>"
    )
