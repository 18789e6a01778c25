"""What the landing page tells the shop's owner: findings with their numbers, and one chart, read from the marts.

A heading that claims something is checked when the site is built. In the default world, which the book was written
about, a claim that no longer holds stops the build; in any other world its topic stands there instead.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import altair as alt
import pandas as pd
import yaml
from sqlalchemy import Connection, Row, text

from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT, Settings

from .charts import Figure, show
from .execute import refuse_other_world
from .marts import reading_marts
from .numbers import count, money, month, percent

YEAR = 12
BEST = ("Champions", "Loyal")
ATTRITION_PAGE, CASES_PAGE = "notebooks/07_attrition_and_the_dashboard", "notebooks/10_sales_pipeline_and_service"

_MONTHS = "select month_start, net_revenue from marts.order_kpis_monthly order by month_start"
_LAPSE = "select count(*), sum(case when is_lapsed then 1 else 0 end) from marts.customer_lapse"
_SEGMENTS = "select segment, count(*), sum(monetary) from marts.rfm group by segment"
_CASES = "select case_group, purchases, repurchases from marts.repurchase_after_case"
_ATTRITION = """
select month_start, new_contacts, lapsed_contacts, active_at_end from marts.attrition_monthly order by month_start
"""


@dataclass(frozen=True)
class Finding:
    """One thing that the marts say.

    Attributes:
        figure: its number, as shown in large type.
        claim: its heading, where it `holds`.
        topic: its heading otherwise, which claims nothing.
        holds: whether the numbers bear the claim out.
        words: sentences that are true of any world.
        page: where the book shows it.
        link: what that page's link says.
    """

    figure: str
    claim: str
    topic: str
    holds: bool
    words: str
    page: str
    link: str


def findings_piece(settings: Settings) -> str:
    """The findings and the chart in HTML, for the landing page to include.

    Raises:
        UserError: the marts cannot be read, or a claim does not hold in the default world.
    """
    with reading_marts(settings) as connection:
        found = read_findings(connection, settings.as_of_date)
        if (broken := [finding for finding in found if not finding.holds]) and _is_default_world(settings):
            raise UserError(
                f'the landing page says "{broken[0].claim}", and the marts do not bear it out ({broken[0].words}): '
                "change the claim in book/landing.py"
            )
        chart = buyers_chart(connection)
    if not found or chart is None:
        return "<p>The marts hold no purchases yet, so there is nothing to say.</p>\n"
    return f'<div class="findings">\n{"".join(map(_html, found))}</div>\n{chart.html()}\n'


def read_findings(connection: Connection, as_of: date) -> list[Finding]:
    """What the marts have to say; a finding whose rows are not there is left out."""
    months = [(start, float(revenue)) for start, revenue in connection.execute(text(_MONTHS))]
    buyers, lapsed = connection.execute(text(_LAPSE)).one()
    attrition = [row for row in connection.execute(text(_ATTRITION)) if row.active_at_end is not None]
    segments = {segment: (int(n), float(spent)) for segment, n, spent in connection.execute(text(_SEGMENTS))}
    cases = {group: (int(n), int(again)) for group, n, again in connection.execute(text(_CASES))}
    return [
        *([_quiet(buyers, int(lapsed), attrition[-1], _yearly(months, as_of))] if buyers and attrition else []),
        *([_best(segments)] if any(segment in segments for segment in BEST) else []),
        *([_after_a_case(cases)] if all(cases.get(group, (0, 0))[0] for group in ("any case", "no case")) else []),
    ]


def buyers_chart(connection: Connection) -> Figure | None:
    """Everybody who ever bought, by whether they had bought lately, at the end of each month; None without a month."""
    rows = [row for row in connection.execute(text(_ATTRITION)) if row.active_at_end is not None]
    if not rows:
        return None
    data = pd.DataFrame(
        {
            "month": pd.to_datetime([row.month_start for row in rows]),
            "bought_lately": [int(row.active_at_end) for row in rows],
            "ever_bought": pd.Series([int(row.new_contacts) for row in rows]).cumsum(),
        }
    )
    data["gone_quiet"] = data.ever_bought - data.bought_lately
    kinds = {"bought_lately": "bought lately", "gone_quiet": "gone quiet"}
    drawn = data.melt("month", list(kinds), "kind", "buyers")
    drawn["order"] = drawn.kind.map({name: place for place, name in enumerate(kinds)})
    drawn["kind"] = drawn.kind.map(kinds)
    areas = (
        alt.Chart(drawn)
        .mark_area()
        .encode(
            x=alt.X("month:T", title=None, axis=alt.Axis(format="%b %Y", tickCount={"interval": "month", "step": 6})),
            y=alt.Y("buyers:Q", title="Buyers so far", axis=alt.Axis(format=",d")),
            color=alt.Color(
                "kind:N",
                title=None,
                sort=list(kinds.values()),
                scale=alt.Scale(range=["@series1", "@series5"]),
            ),
            order=alt.Order("order:Q", sort="ascending"),
        )
    )
    first, last = data.iloc[0], data.iloc[-1]
    return show(
        areas,
        alt=f"Two stacked areas from {month(first.month)} to {month(last.month)}. At the end {count(last.ever_bought)} "
        f"people have bought at least once; {count(last.bought_lately)} of them bought lately, "
        f"{count(last.gone_quiet)} have gone quiet.",
        caption="Everybody who ever bought, at the end of each month: those with a purchase in the last "
        f"{dbt_days('lapse_window_days')} days, and those without.",
        data=data,
    )


def dbt_days(name: str) -> int:
    """A number of days that the models take from one of dbt's variables."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt" / "dbt_project.yml").read_text(encoding="utf-8"))
    return int(project["vars"][name])


def _yearly(months: Sequence[tuple[date, float]], as_of: date) -> float | None:
    """Net revenue of the last twelve months that are over ÷ that of the twelve before; None without 24 such months."""
    over = [revenue for start, revenue in months if _next_month(start) <= as_of + timedelta(days=1)]
    last, before = sum(over[-YEAR:]), sum(over[-2 * YEAR : -YEAR])
    return last / before if len(over) >= 2 * YEAR and before > 0 else None


def _next_month(start: date) -> date:
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)


def _quiet(buyers: int, lapsed: int, latest: Row[Any], growth: float | None) -> Finding:
    share = lapsed / buyers
    sales = ""
    if growth is not None:
        change = percent(abs(growth - 1), 0)
        than = "more than of" if growth >= 1 else "less than of"
        sales = f" Net revenue of the last twelve months is {change} {than} the twelve before."
    return Finding(
        figure=percent(share, 0),
        claim="Sales grow, and most buyers have gone quiet",
        topic="Buyers who have gone quiet",
        holds=share > 0.5 and growth is not None and growth > 1,
        words=f"Of {count(buyers)} people who ever bought, {count(lapsed)} have not done so for more than "
        f"{dbt_days('lapse_window_days')} days; {count(latest.lapsed_contacts)} crossed that line in "
        f"{month(latest.month_start)} alone.{sales}",
        page=ATTRITION_PAGE,
        link="Who leaves, and how fast",
    )


def _best(segments: Mapping[str, tuple[int, float]]) -> Finding:
    def share(place: int) -> float:
        total = sum(row[place] for row in segments.values())
        return sum(segments[name][place] for name in BEST if name in segments) / total if total else 0.0

    people, money_share = share(0), share(1)
    absent, spent = segments.get("Cannot lose them", (0, 0.0))
    return Finding(
        figure=percent(money_share, 0),
        claim="Under a third of the buyers bring most of the money",
        topic="Which buyers bring the money",
        holds=people < 1 / 3 and money_share > 0.5,
        words=f"The segments {' and '.join(BEST)} are {percent(people, 0)} of the buyers and brought "
        f"{percent(money_share, 0)} of the revenue from purchases. Among the best once, and away since: "
        f"{count(absent)} {'buyer' if absent == 1 else 'buyers'} who spent {money(spent, 0)}.",
        page=ATTRITION_PAGE,
        link="The best, and whom to win back",
    )


def _after_a_case(cases: Mapping[str, tuple[int, int]]) -> Finding:
    (seen, again), (calm, calm_again) = cases["any case"], cases["no case"]
    rate, calm_rate = again / seen, calm_again / calm
    error = (rate * (1 - rate) / seen + calm_rate * (1 - calm_rate) / calm) ** 0.5
    return Finding(
        figure=percent(rate, 0),
        claim="After a complaint, fewer buy again",
        topic="What follows a complaint",
        holds=calm_rate - rate > 2 * error,
        words=f"Take purchases after which the buyer was quiet for {dbt_days('case_window_days')} days. With a late "
        f"parcel, a return or another case in that time, {percent(rate, 0)} were followed by a further purchase in the "
        f"next {dbt_days('lapse_window_days')} days; without one, {percent(calm_rate, 0)}.",
        page=CASES_PAGE,
        link="What a late parcel costs",
    )


def _html(finding: Finding) -> str:
    heading = finding.claim if finding.holds else finding.topic
    return (
        f'<section><p class="figure">{finding.figure}</p>\n<h3>{html.escape(heading)}</h3>\n'
        f"<p>{html.escape(finding.words)}</p>\n"
        f'<p><a href="{finding.page}.html">{html.escape(finding.link)}</a></p></section>\n'
    )


def _is_default_world(settings: Settings) -> bool:
    try:
        refuse_other_world(settings)
    except UserError:
        return False
    return True
