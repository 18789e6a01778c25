"""The landing page's numbers, read from the warehouse and the dbt manifest when the site is built."""

from __future__ import annotations

import html
import json
from pathlib import Path

from sqlalchemy import text

from warehouse.settings import Settings

from .marts import reading_marts
from .numbers import count, money

_QUESTION = """
select (select count(*) from marts.dim_contacts where order_count > 0), count(*), sum(net_revenue) from marts.fct_orders
"""


def read_facts(settings: Settings, manifest: Path, kpis: int) -> list[tuple[str, str]]:
    """Pairs of a number and what it counts, as shown.

    Raises:
        UserError: the marts are not there.
    """
    with reading_marts(settings) as connection:
        customers, orders, revenue = connection.execute(text(_QUESTION)).one()
    content = json.loads(manifest.read_text(encoding="utf-8"))
    kinds = [node["resource_type"] for node in content["nodes"].values()]
    data_tests, unit_tests = kinds.count("test"), len(content["unit_tests"])
    return [
        (count(customers), "customers"),
        (count(orders), "orders"),
        (money((revenue or 0) / 1_000_000, 1) + " m", "net revenue"),
        (count(kinds.count("model")), "dbt models"),
        (count(data_tests + unit_tests), f"dbt tests, {count(unit_tests)} of them unit tests"),
        (count(kpis), "KPIs, one definition each"),
    ]


def facts_strip(facts: list[tuple[str, str]]) -> str:
    """The facts as a row of figures, in HTML without blank lines (a Markdown page includes it)."""
    cells = "\n".join(
        f"<div><dt>{html.escape(label)}</dt><dd>{html.escape(number)}</dd></div>" for number, label in facts
    )
    return f'<dl class="facts">\n{cells}\n</dl>\n'
