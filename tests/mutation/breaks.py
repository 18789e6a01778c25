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
        "a month without new contacts has no row",
        ("    left join new_contacts on", "    inner join new_contacts on"),
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
            "{{ days_between('occasion_date', 'next_occasion_date') }}",
            "{{ days_between('occasion_date', 'coalesce(next_occasion_date, ' ~ as_of_date() ~ ')') }}",
        ),
    ),
    _break(
        "inter_purchase_time",
        "the median of all gaps passes for that of the first",
        ("when gap_number = 1 then median_days", "when gap_number = 0 then median_days"),
    ),
    _break(
        "inter_purchase_time",
        "the second gap passes for the third",
        ("when gap_number = 3 then median_days", "when gap_number = 2 then median_days"),
    ),
    _break(
        "inter_purchase_time",
        "later gaps are third gaps",
        ("occasion_number <= 3 then occasion_number else 4", "occasion_number <= 3 then occasion_number else 3"),
    ),
    _break(
        "inter_purchase_time",
        "every gap is at risk with the first",
        (
            "partition by segment, gap_number\n            order by day_number desc",
            "partition by segment\n            order by day_number desc",
        ),
    ),
    _break(
        "inter_purchase_time",
        "closed gaps count as contacts who came back",
        ("count(case when gap_number = 1 then gap_days end)", "count(gap_days)"),
    ),
    _break(
        "inter_purchase_time", "open gaps are at risk for ever", ("order by day_number desc", "order by day_number")
    ),
    _break("inter_purchase_time", "the day on which two thirds are open", ("{{ double('0.5') }}", "2.0 / 3")),
    _break("inter_purchase_time", "the last gap to close is forgotten", ("        all_close\n        or ", "        ")),
    _break(
        "inter_purchase_time",
        "year of the gap, not of the contact",
        ("year from first_occasion_date", "year from occasion_date"),
    ),
    _break("inter_purchase_time", "occasions instead of contacts", ("count(distinct contact_id)", "count(contact_id)")),
    # --- rfm_segments
    _break(
        "rfm_segments", "two segments overlap", ("between rules.recency_from and", "between rules.recency_from - 1 and")
    ),
    _break("rfm_segments", "a pair of scores has no segment", ("and rules.value_to\n", "and rules.value_to - 1\n")),
    _break(
        "rfm_segments",
        "two segments trade places",
        (
            "recencies.score between rules.recency_from and rules.recency_to",
            "vals.score between rules.recency_from and rules.recency_to",
        ),
        (
            "vals.score between rules.value_from and rules.value_to",
            "recencies.score between rules.value_from and rules.value_to",
        ),
    ),
    # --- rfm
    _break(
        "rfm", "the latest buyers score lowest", ("order by last_purchase_date,", "order by last_purchase_date desc,")
    ),
    _break("rfm", "recency from the first purchase", ("max(occasion_date)", "min(occasion_date)")),
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
    # --- acquisition_funnel
    _break("acquisition_funnel", "leads of no campaign are lost", ("left join campaigns", "inner join campaigns")),
    _break(
        "acquisition_funnel",
        "the window's last day is outside",
        ("'first_order_date') }} <= {{ var", "'first_order_date') }} < {{ var"),
    ),
    _break(
        "acquisition_funnel",
        "watched for exactly the window is too short",
        ("as_of_date()) }} >= {{ var", "as_of_date()) }} > {{ var"),
    ),
    _break(
        "acquisition_funnel",
        "who has not been watched long enough counts as a customer",
        ("sum(watched * customer_in_window)", "sum(customer_in_window)"),
    ),
    _break(
        "acquisition_funnel",
        "customers of all leads, not of the converted",
        ("ratio('counted.customers', 'counted.converted_leads')", "ratio('counted.customers', 'counted.leads')"),
    ),
    _break(
        "acquisition_funnel",
        "whoever converted is a customer",
        ("case when first_order_date is not null then 1", "case when converted_date is not null then 1"),
    ),
    # --- campaign_performance
    _break(
        "campaign_performance",
        "last touch is the first touch",
        ("    where is_last_touch\n", "    where is_first_touch\n"),
    ),
    _break(
        "campaign_performance",
        "every answer wins",
        ("    where is_first_touch\n\n    union", "    where contact_id is not null\n\n    union"),
    ),
    _break(
        "campaign_performance",
        "cost over those who answered",
        (
            "ratio('campaigns.actual_cost', 'earned.contacts_won')",
            "ratio('campaigns.actual_cost', 'responses.responses')",
        ),
    ),
    _break(
        "campaign_performance",
        "campaigns that won nobody are lost",
        (
            "    left join earned\n        on\n            campaigns",
            "    inner join earned\n        on\n            campaigns",
        ),
    ),
    _break(
        "campaign_performance",
        "deleted campaigns stay",
        ("campaigns') }}\n    where\n        not is_deleted\n        and", "campaigns') }}\n    where"),
    ),
    _break(
        "campaign_performance",
        "deleted members stay",
        ("members') }}\n    where\n        not is_deleted\n        and", "members') }}\n    where"),
    ),
    _break(
        "campaign_performance",
        "repaid only once more than the cost is earned",
        ("margin_so_far >= campaigns.actual_cost", "margin_so_far > campaigns.actual_cost"),
    ),
    _break(
        "campaign_performance",
        "months do not add up",
        (
            "order by month_start\n            rows between unbounded preceding and current row",
            "order by month_start\n            rows between current row and current row",
        ),
    ),
    _break("campaign_performance", "repaid in the last month", ("min(earned_by_month.", "max(earned_by_month.")),
    _break(
        "campaign_performance",
        "unknown margin becomes 0",
        ("then 0 else earned.margin end", "then 0 else coalesce(earned.margin, 0) end"),
    ),
    # --- channel_performance
    _break(
        "channel_performance",
        "what keeps customers counts as winning them",
        ("sum(case when is_customer_already then 0 else cost end)", "sum(cost)"),
    ),
    _break(
        "channel_performance",
        "contacts without a lead source are lost",
        (
            "as lead_source\n    from {{ ref('dim_contacts') }}",
            "as lead_source\n    from {{ ref('dim_contacts') }}\n    where lead_source is not null",
        ),
    ),
    _break(
        "channel_performance",
        "blended over all contacts, not over customers",
        (
            "ratio('coalesce(costs.acquisition_cost, 0)', 'won.contacts_won')",
            "ratio('coalesce(costs.acquisition_cost, 0)', 'known.contacts')",
        ),
    ),
    _break(
        "channel_performance",
        "every answer is a contact won",
        ("    where touches.is_first_touch\n", ""),
    ),
    _break(
        "channel_performance",
        "channels with a cost and no contact are lost",
        ("    union\n    select lead_source from costs\n    where campaign_cost <> 0\n", ""),
    ),
    _break(
        "channel_performance",
        "months that are not over repay",
        ("    where month_number <= last_month_number\n", ""),
        (
            "    inner join month_numbers on first_orders.last_month_number >= month_numbers.number\n",
            "    inner join month_numbers on first_orders.last_month_number >= month_numbers.number - 1\n",
        ),
    ),
    _break(
        "channel_performance",
        "recent customers thin out the months they have not had",
        ("ratio('coalesce(earned.margin, 0)', 'watched.contacts')", "ratio('coalesce(earned.margin, 0)', '3')"),
    ),
    # --- sales_pipeline
    _break("sales_pipeline", "deleted deals stay", ("        not is_deleted\n        and", "       ")),
    _break(
        "sales_pipeline",
        "the CRM's row instead of the history",
        ("coalesce(spells.stage_name, opportunities.stage_name)", "opportunities.stage_name"),
    ),
    _break(
        "sales_pipeline",
        "deals without a history are lost",
        (
            "    left join spells on opportunities.opportunity_id = spells.opportunity_id and spells.is_latest",
            "    inner join spells on opportunities.opportunity_id = spells.opportunity_id and spells.is_latest",
        ),
    ),
    _break("sales_pipeline", "every change is the latest", (" and spells.is_latest", "")),
    _break(
        "sales_pipeline",
        "a deal that has ended goes on ageing",
        ("case when stages.is_closed then standing.close_date else", "case when false then standing.close_date else"),
    ),
    _break(
        "sales_pipeline",
        "only the longest stay in Qualification",
        ("sum(case when stage_name = 'Qualification'", "max(case when stage_name = 'Qualification'"),
    ),
    _break(
        "sales_pipeline",
        "a lost deal reached the end",
        ("case when is_won or not is_closed then stage_rank end", "stage_rank"),
    ),
    _break(
        "sales_pipeline",
        "what is won is lost too",
        ("stages.is_closed and not stages.is_won as", "stages.is_closed as"),
    ),
    _break("sales_pipeline", "percent taken for a share", ("* 0.01", "")),
    # --- sales_pipeline_monthly
    _break("sales_pipeline_monthly", "open deals count as lost", ("    where not is_open\n", "")),
    _break(
        "sales_pipeline_monthly",
        "won of all deals, not of those that ended",
        ("ratio('closed.deals_won', 'closed.deals_closed')", "ratio('closed.deals_won', 'opened.deals_opened')"),
    ),
    _break(
        "sales_pipeline_monthly",
        "days of the deals lost count too",
        ("order by case when is_won then age_days end", "order by age_days"),
    ),
    _break(
        "sales_pipeline_monthly",
        "a deal counts in the stage that it leaves that day",
        ("readings.pipeline_date < spells.left_date", "readings.pipeline_date <= spells.left_date"),
    ),
    _break(
        "sales_pipeline_monthly",
        "a deal that moves at the month's end is not open",
        ("readings.pipeline_date >= spells.entered_date", "readings.pipeline_date > spells.entered_date"),
    ),
    _break("sales_pipeline_monthly", "what has ended stays open", ("            and not spells.is_closed\n", "")),
    _break(
        "sales_pipeline_monthly",
        "read at the end of a month that is not over",
        (
            "            else {{ as_of_date() }}\n",
            "            else {{ add_days(add_months('month_start', 1), -1) }}\n",
        ),
    ),
    _break(
        "sales_pipeline_monthly",
        "average over the deals that ended",
        ("ratio('closed.amount_won', 'closed.deals_won')", "ratio('closed.amount_won', 'closed.deals_closed')"),
    ),
    # --- win_rates
    _break("win_rates", "open deals count", ("    where not is_open\n", "")),
    _break(
        "win_rates",
        "a deal counts in its last stage only",
        ("deals.furthest_stage_rank >= stages.stage_rank", "deals.furthest_stage_rank = stages.stage_rank"),
    ),
    _break("win_rates", "a deal without a type is lost", ("coalesce(opportunity_type, 'unknown')", "opportunity_type")),
    _break(
        "win_rates",
        "rate by amount of all amounts",
        ("'sum(case when is_won then amount else 0 end)'", "'sum(amount)'"),
    ),
    # --- return_rates
    _break("return_rates", "items sent whole are lost", ("left join returned", "inner join returned")),
    _break(
        "return_rates",
        "only refunded pieces are returned",
        (
            "sum(quantity_returned) as units_returned",
            "sum(case when is_refunded then quantity_returned end) as units_returned",
        ),
    ),
    _break("return_rates", "of pieces sold, not sent", ("'sum(units_shipped)'", "'sum(units_shipped + 1)'")),
    _break(
        "return_rates",
        "returns instead of pieces",
        ("sum(quantity_returned) as units_returned", "count(quantity_returned) * 3 as units_returned"),
    ),
    _break(
        "return_rates",
        "products without a category are lost",
        ("left join products", "inner join products"),
        ("    from sent\n", "    from sent\n    where product_category_name <> 'no category'\n"),
    ),
    # --- return_reasons
    _break(
        "return_reasons",
        "share of all returns, not of the category's",
        ("over (partition by returned.product_category_name, returned.order_type)", "over ()"),
    ),
    _break(
        "return_reasons",
        "returns without a reason are lost",
        (
            "    left join products on return_lines.product_id = products.product_id\n",
            "    left join products on return_lines.product_id = products.product_id\n"
            "    where return_lines.reason_for_return is not null\n",
        ),
    ),
    _break(
        "return_reasons",
        "of what was shipped in every type of order",
        ("            and returned.order_type = shipped.order_type\n", ""),
    ),
    _break("return_reasons", "only one month was shipped", ("sum(units_shipped)", "max(units_shipped)")),
    _break("return_reasons", "lines instead of pieces", ("sum(quantity_returned)", "count(*)")),
    # --- service_cases
    _break(
        "service_cases",
        "the contact's first order",
        (
            "orders.ordered_at desc, {{ in_byte_order('orders.order_id') }} desc",
            "orders.ordered_at, {{ in_byte_order('orders.order_id') }}",
        ),
    ),
    _break("service_cases", "orders after the case", (" and cases.opened_at >= orders.ordered_at", "")),
    _break("service_cases", "cases without an order are lost", ("left join orders_before", "inner join orders_before")),
    _break("service_cases", "days instead of hours", ("/ 3600", "/ 86400")),
    _break(
        "service_cases", "a closed case goes on waiting", ("case when cases.is_open then {{", "case when true then {{")
    ),
    # --- service_cases_monthly
    _break(
        "service_cases_monthly",
        "closed in the month of opening",
        ("closed_month,\n        count(*)", "opened_month as closed_month,\n        count(*)"),
        ("group by case_reason, closed_month", "group by case_reason, opened_month"),
    ),
    _break("service_cases_monthly", "not the median", ("percentile_cont(0.5)", "percentile_cont(0.9)")),
    _break("service_cases_monthly", "months without a case are lost", ("left join opened", "inner join opened")),
    _break(
        "service_cases_monthly",
        "the backlog forgets the months before",
        ("rows between unbounded preceding and current row", "rows between current row and current row"),
    ),
    _break(
        "service_cases_monthly",
        "reasons share one backlog",
        ("            partition by reasons.case_reason\n", ""),
        ("order by months.month_start\n", "order by months.month_start, reasons.case_reason\n"),
    ),
    # --- repurchase_after_case
    _break(
        "repurchase_after_case",
        "who came back at once counts as without a case",
        ("(next_occasion_date is null or next_occasion_date > judged_on)", "1 = 1"),
    ),
    _break(
        "repurchase_after_case",
        "who has not been watched long enough counts",
        ("        and {{ days_between('judged_on', as_of_date()) }} >= {{ var('lapse_window_days') }}\n", ""),
    ),
    _break(
        "repurchase_after_case",
        "any later case counts",
        (
            "cases.opened_date between quiet.occasion_date and quiet.judged_on",
            "cases.opened_date >= quiet.occasion_date",
        ),
    ),
    _break(
        "repurchase_after_case",
        "a case of the day before the order counts",
        ("            and quiet.first_ordered_at <= cases.opened_at\n", ""),
    ),
    _break(
        "repurchase_after_case", "several cases are several purchases", ("            and cases.case_rank = 1\n", "")
    ),
    _break(
        "repurchase_after_case",
        "the window's last day is outside",
        (
            "'next_occasion_date') }} <= {{ var('lapse_window_days') }}",
            "'next_occasion_date') }} < {{ var('lapse_window_days') }}",
        ),
    ),
    _break(
        "repurchase_after_case",
        "compared with any case",
        ("max(case when case_group = 'no case'", "max(case when case_group = 'any case'"),
    ),
)


def share(breaks: list[Break], part: str) -> list[Break]:
    """A share of the breaks, "1/2" or "2/2" say: whole models, dealt out in turn, so that shares take about as long."""
    number, of = map(int, part.split("/"))
    models = list(dict.fromkeys(broken.model for broken in breaks))
    return [broken for broken in breaks if models.index(broken.model) % of == number - 1]
