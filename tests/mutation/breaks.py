"""The breaks: small edits that change what a KPI model means. Each must turn at least one dbt test red."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

KPI_MODELS = Path(__file__).resolve().parents[2] / "dbt" / "models" / "marts" / "kpis"


@dataclass(frozen=True)
class Break:
    """One wrong edit of one model.

    Attributes:
        model: the dbt model that is broken.
        what: the mistake, as a reviewer would put it.
        edits: (text in the model's SQL, what takes its place) pairs; each text occurs exactly once.
    """

    model: str
    what: str
    edits: tuple[tuple[str, str], ...]

    def apply(self, sql: str) -> str:
        """The model's SQL with the break in it; ValueError where an edit no longer fits it."""
        for old, new in self.edits:
            if sql.count(old) != 1:
                raise ValueError(f"{self.model}: {self.what}: found {sql.count(old)} times, not once: {old!r}")
            sql = sql.replace(old, new)
        return sql


def _break(model: str, what: str, *edits: tuple[str, str]) -> Break:
    return Break(model, what, edits)


RANKED = "order by purchases.order_date, purchases.ordered_at, {{ in_byte_order('purchases.order_id') }}"

BREAKS = (
    # --- fct_purchases
    _break("fct_purchases", "bulk orders become purchases", ("    where is_purchase_occasion\n", "")),
    _break(
        "fct_purchases",
        "ties of a second rank the other way",
        (
            f"partition by purchases.contact_id\n            {RANKED}",
            f"partition by purchases.contact_id\n            {RANKED} desc",
        ),
    ),
    _break(
        "fct_purchases",
        "average over gross revenue",
        (
            "sum(purchases.net_revenue) over (partition by purchases.contact_id) as",
            "sum(purchases.gross_revenue) over (partition by purchases.contact_id) as",
        ),
    ),
    _break("fct_purchases", "amount is gross of refunds", ("money('net_revenue')", "money('gross_revenue')")),
    _break(
        "fct_purchases",
        "equal counts as above",
        ("contact_orders > contact_amount", "contact_orders >= contact_amount"),
    ),
    _break("fct_purchases", "every purchase above is the first", (") = 1 as is_first", ") >= 1 as is_first")),
    _break(
        "fct_purchases", "stores counted per purchase", ("case when purchase_rank_in_store = 1 then 1 else 0 end", "1")
    ),
    _break(
        "fct_purchases",
        "first store is the last in the alphabet",
        ("max(case when purchase_rank = 1 then account_id end)", "max(account_id)"),
    ),
    _break(
        "fct_purchases",
        "store average over all stores' orders",
        ("ratio('contact_store_amount', 'contact_store_orders')", "ratio('contact_store_amount', 'contact_orders')"),
    ),
    _break(
        "fct_purchases",
        "weeks become days",
        (
            "weeks_between('previous_occasion_date', 'order_date')",
            "days_between('previous_occasion_date', 'order_date')",
        ),
    ),
    _break(
        "fct_purchases",
        "weeks since the first become weeks since the previous",
        (
            "weeks_between('first_occasion_date', 'order_date')",
            "weeks_between('coalesce(previous_occasion_date, order_date)', 'order_date')",
        ),
    ),
    _break(
        "fct_purchases",
        "next purchase is the previous one",
        ("next_occasion_date as next_purchase_date", "previous_occasion_date as next_purchase_date"),
    ),
    _break(
        "fct_purchases",
        "month not truncated",
        ("{{ month_of('order_date') }} as purchase_month", "order_date as purchase_month"),
    ),
    # --- customer_lapse
    _break(
        "customer_lapse",
        "lapses on the window's last day",
        (
            "days_since_last_purchase > {{ var('lapse_window_days') }} as is_lapsed",
            "days_since_last_purchase >= {{ var('lapse_window_days') }} as is_lapsed",
        ),
    ),
    _break("customer_lapse", "measured from the first purchase", ("max(occasion_date)", "min(occasion_date)")),
    _break(
        "customer_lapse",
        "day of lapse is a day early",
        ("var('lapse_window_days') | int + 1", "var('lapse_window_days') | int"),
    ),
    # --- attrition_monthly
    _break(
        "attrition_monthly",
        "a month's last day does not end it",
        ("<= {{ add_days(as_of_date(), 1) }}", "<= {{ as_of_date() }}"),
    ),
    _break(
        "attrition_monthly",
        "window a day short",
        ("var('lapse_window_days') | int + 1", "var('lapse_window_days') | int"),
    ),
    _break(
        "attrition_monthly",
        "coming back in time counts as coming back",
        (
            "first_month > {{ add_months('previous_last_month', 1) }}",
            "first_month >= {{ add_months('previous_last_month', 1) }}",
        ),
    ),
    _break(
        "attrition_monthly",
        "coming back in time counts as lapse",
        (
            "next_first_month > {{ add_months('last_month', 1) }}",
            "next_first_month >= {{ add_months('last_month', 1) }}",
        ),
    ),
    _break("attrition_monthly", "who never returns never lapses", ("next_first_month is null or", "")),
    _break(
        "attrition_monthly",
        "the returned are new",
        ("case when first_month = first_purchase_month then 0 else 1 end", "0"),
    ),
    _break("attrition_monthly", "purchases that cover no month end stay", ("where last_month >= first_month", "")),
    _break(
        "attrition_monthly",
        "share of the end, not of the start",
        ("'active_at_end - new_contacts - reactivated_contacts + lapsed_contacts'", "'active_at_end'"),
    ),
    _break(
        "attrition_monthly",
        "a month that is not over gets a rate",
        ("'case when is_over then lapsed_contacts end'", "'lapsed_contacts'"),
    ),
    # --- cohort_retention
    _break(
        "cohort_retention",
        "cohort from the purchases at hand, which a date filter moves",
        (
            "{{ month_of('first_occasion_date') }}",
            "{{ month_of('min(occasion_date) over (partition by contact_id)') }}",
        ),
    ),
    _break(
        "cohort_retention",
        "occasions instead of contacts",
        ("select distinct\n        contact_id", "select\n        contact_id"),
    ),
    _break(
        "cohort_retention",
        "a month's last day does not end it",
        ("<= {{ add_days(as_of_date(), 1) }}", "<= {{ as_of_date() }}"),
    ),
    _break(
        "cohort_retention",
        "unknown becomes 0",
        ("active_contacts, 0)\n        end", "active_contacts, 0) else 0\n        end"),
    ),
    _break(
        "cohort_retention", "0 becomes unknown", ("coalesce(activity.active_contacts, 0)", "activity.active_contacts")
    ),
    _break(
        "cohort_retention", "months count from 1", ("over (order by month_start) - 1", "over (order by month_start)")
    ),
    _break(
        "cohort_retention",
        "joined on the month alone",
        ("            cells.cohort_month = activity.cohort_month\n            and ", "            "),
    ),
    # --- repeat_rate
    _break("repeat_rate", "the w-th day is outside", ("<= windows.window_days", "< windows.window_days")),
    _break(
        "repeat_rate", "watched for exactly w days is too short", (">= windows.window_days", "> windows.window_days")
    ),
    _break(
        "repeat_rate", "any two purchases next to each other count", ("occasion_number = 1", "occasion_number >= 1")
    ),
    _break(
        "repeat_rate",
        "who has not been watched long enough counts",
        ("{{ days_between('first_occasions.occasion_date', as_of_date()) }} >= windows.window_days", "1 = 1"),
    ),
    _break("repeat_rate", "a year of 360 days", ("180, 365]", "180, 360]")),
    # --- inter_purchase_time
    _break("inter_purchase_time", "not the median", ("percentile_cont(0.5)", "percentile_cont(0.75)")),
    _break(
        "inter_purchase_time",
        "open gaps count as closed at the as-of date",
        (
            "'all' as segment,\n        contact_id,\n        {{ days_between('occasion_date', 'next_occasion_date') }}",
            "'all' as segment,\n        contact_id,\n"
            "        {{ days_between('occasion_date', 'coalesce(next_occasion_date, ' ~ as_of_date() ~ ')') }}",
        ),
    ),
    _break(
        "inter_purchase_time",
        "year of the gap, not of the contact",
        ("year from first_occasion_date", "year from occasion_date"),
    ),
    _break("inter_purchase_time", "occasions instead of contacts", ("count(distinct contact_id)", "count(contact_id)")),
    # --- rfm_segments
    _break("rfm_segments", "two segments overlap", ("('Champions', 5, 5, 4, 5)", "('Champions', 4, 5, 4, 5)")),
    _break("rfm_segments", "a pair of scores has no segment", ("('Lost', 1, 1, 1, 2)", "('Lost', 1, 1, 1, 1)")),
    _break(
        "rfm_segments",
        "two segments trade places",
        ("('Hibernating', 2, 2, 1, 2)", "('Hibernating', 1, 1, 1, 2)"),
        ("('Lost', 1, 1, 1, 2)", "('Lost', 2, 2, 1, 2)"),
    ),
    # --- rfm
    _break(
        "rfm", "the latest buyers score lowest", ("order by last_purchase_date,", "order by last_purchase_date desc,")
    ),
    _break("rfm", "recency from the first purchase", ("max(occasion_date)", "min(occasion_date)")),
    _break("rfm", "gross revenue", ("sum(net_revenue)", "sum(gross_revenue)")),
    _break(
        "rfm",
        "ties broken the other way",
        (
            "order by frequency, {{ in_byte_order('md5(contact_id)') }}",
            "order by frequency, {{ in_byte_order('md5(contact_id)') }} desc",
        ),
    ),
    _break(
        "rfm",
        "ties broken by arrival",
        (
            "order by monetary, {{ in_byte_order('md5(contact_id)') }}",
            "order by monetary, {{ in_byte_order('contact_id') }}",
        ),
    ),
    _break("rfm", "half rounded down", ("+ 1) / 2.0", ") / 2.0")),
    _break("rfm", "quarters, not fifths", ("ntile(5) over (order by monetary", "ntile(4) over (order by monetary")),
    # --- order_kpis_daily
    _break("order_kpis_daily", "days without orders are lost", ("left join orders", "inner join orders")),
    _break(
        "order_kpis_daily",
        "refund dated on the day of the order",
        ("        refund_date,\n        sum", "        order_date as refund_date,\n        sum"),
        ("group by refund_date", "group by order_date"),
    ),
    _break(
        "order_kpis_daily",
        "refund subtracted twice",
        ("0) - coalesce(refunds.refunds, 0)", "0) - 2 * coalesce(refunds.refunds, 0)"),
    ),
    _break("order_kpis_daily", "orders of which nothing is left divide too", ("net_revenue > 0", "net_revenue >= 0")),
    _break(
        "order_kpis_daily",
        "average over gross revenue",
        ("ratio('orders.order_net_revenue'", "ratio('orders.gross_revenue'"),
    ),
    _break(
        "order_kpis_daily",
        "average over the day's net revenue",
        (
            "ratio('orders.order_net_revenue'",
            "ratio('coalesce(orders.gross_revenue, 0) - coalesce(refunds.refunds, 0)'",
        ),
    ),
    _break(
        "order_kpis_daily",
        "walk-ins are left out",
        (
            "counted') }}\n    group by order_date",
            "counted') }}\n    where contact_id is not null\n    group by order_date",
        ),
    ),
    _break("order_kpis_daily", "every occasion is a first one", ("occasion_number = 1", "occasion_number >= 1")),
    _break("order_kpis_daily", "lines instead of pieces", ("sum(units)", "count(units)")),
    # --- order_kpis_monthly
    _break(
        "order_kpis_monthly", "who buys on two days counts twice", ("count(distinct contact_id)", "count(contact_id)")
    ),
    _break(
        "order_kpis_monthly",
        "average over the month's net revenue",
        ("ratio('months.order_net_revenue'", "ratio('months.net_revenue'"),
    ),
    _break("order_kpis_monthly", "months without a buyer are lost", ("left join purchasers", "inner join purchasers")),
    _break("order_kpis_monthly", "only the largest refund day", ("sum(refunds)", "max(refunds)")),
    # --- purchase_span
    _break(
        "purchase_span",
        "span of the first purchase",
        ("max(weeks_since_first_purchase)", "min(weeks_since_first_purchase)"),
    ),
    _break("purchase_span", "everybody at 0 is a one-timer", ("orders = 1", "weeks_between_first_and_latest = 0")),
    _break(
        "purchase_span",
        "share of the row, not of all",
        (" over ()", " over (partition by weeks_between_first_and_latest)"),
    ),
    # --- purchase_interval
    _break(
        "purchase_interval",
        "first purchases have an interval of 0",
        (
            "        weeks_since_previous_purchase\n    from",
            "        coalesce(weeks_since_previous_purchase, 0) as weeks_since_previous_purchase\n    from",
        ),
        ("    where weeks_since_previous_purchase is not null\n", ""),
    ),
    _break("purchase_interval", "occasions instead of purchases", ("cast(sum(purchases) as", "cast(count(*) as")),
    _break("purchase_interval", "average over occasions", ("'sum(purchases)'", "'count(*)'")),
    # --- purchase_fall_off
    _break("purchase_fall_off", "occasions instead of purchases", ("sum(order_count)", "count(*)")),
    _break(
        "purchase_fall_off",
        "not followed is a maximum",
        ("case when next_purchase_month is not null then purchases end", "purchases"),
    ),
    _break(
        "purchase_fall_off",
        "not followed is lost",
        ("    from occasions\n", "    from occasions\n    where next_purchase_month is not null\n"),
    ),
    _break("purchase_fall_off", "the smallest cell is marked", ("max(case", "min(case")),
    _break("purchase_fall_off", "month not truncated", ("{{ month_of('next_occasion_date') }}", "next_occasion_date")),
    _break(
        "purchase_fall_off",
        "share of the largest cell",
        ("ratio('purchases', 'purchases_in_month')", "ratio('purchases', 'row_maximum')"),
    ),
    # --- purchaser_decades
    _break(
        "purchaser_decades",
        "purchases instead of purchasers",
        ("cast(count(*) as", "cast(sum(purchasers.purchases) as"),
    ),
    _break(
        "purchaser_decades",
        "no birth date, no row",
        (
            "    group by contacts.birth_decade",
            "    where contacts.birth_decade is not null\n    group by contacts.birth_decade",
        ),
    ),
    _break(
        "purchaser_decades",
        "contacts who never bought count",
        ("    left join contacts on", "    right join contacts on"),
    ),
)
