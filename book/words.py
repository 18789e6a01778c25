"""The six words that say who and what is counted, each with the query that counts it, for the page *Words*."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from sqlalchemy import text

from warehouse.settings import Settings

from .marts import reading_marts
from .numbers import count, day

COUNTED = {
    "contacts": "select count(*) from marts.dim_contacts",
    "customers": "select count(*) from marts.dim_contacts where order_count > 0",
    "buyers": "select count(*) from marts.dim_contacts where occasion_count > 0",
    "orders": "select count(*) from marts.fct_orders",
    "purchases": "select count(*) from marts.fct_purchases",
    "occasions": "select count(*) from (select distinct contact_id, purchase_date from marts.fct_purchases) as days",
}
"""What a word's plural counts: one query, as the page shows it."""

_OTHER_ORDERS = """
select order_type, count(*) from marts.fct_orders where not is_purchase_occasion
group by order_type order by count(*) desc, order_type
"""
# orders that are nobody's purchase, as this shop's order types name them
_KINDS = {"Subscription": "members’ boxes", "Wholesale": "wholesale orders", "Retail": "sales to walk-ins"}


def word_pieces(settings: Settings) -> dict[str, str]:
    """The page's generated pieces: a word's plural to its count and query, and "words" to the picture of all six.

    Raises:
        UserError: the marts cannot be read.
    """
    with reading_marts(settings) as connection:
        counts = {word: int(connection.execute(text(query)).scalar_one()) for word, query in COUNTED.items()}
        others = [(str(kind), int(number)) for kind, number in connection.execute(text(_OTHER_ORDERS))]
    as_of = day(settings.as_of_date)
    pieces = {
        word: f"**{count(counts[word])}** {word} in this warehouse, as of {as_of}:\n\n```sql\n{query}\n```\n"
        for word, query in COUNTED.items()
    }
    return pieces | {"words": picture(counts, others)}


def picture(counts: Mapping[str, int], others: Sequence[tuple[str, int]]) -> str:
    """People and orders as boxes in boxes, in HTML without blank lines.

    Args:
        counts: word → how many.
        others: orders that are no purchases, as (order type, how many).
    """
    kinds = [f"{count(number)} {html.escape(_KINDS.get(kind, f'of type {kind}'))}" for kind, number in others]
    buyers = _box("buyers", counts, "have made a purchase")
    customers = _box(
        "customers",
        counts,
        "have an order of any kind",
        f"Orders, but no purchase: {count(counts['customers'] - counts['buyers'])}",
        buyers,
    )
    contacts = _box(
        "contacts",
        counts,
        "are known to the CRM",
        f"Never ordered: {count(counts['contacts'] - counts['customers'])}",
        customers,
    )
    occasions = _box("occasions", counts, "are the days on which a buyer made them")
    purchases = _box("purchases", counts, "are one-off orders of a contact", "", occasions)
    orders = _box("orders", counts, "count as sold", f"No purchases: {', '.join(kinds)}" if kinds else "", purchases)
    return (
        f'<figure class="nest">\n<div>\n{contacts}\n{orders}\n</div>\n'
        "<figcaption>Each box holds the boxes in it: people first, then what was sold. "
        "Sizes are not to scale.</figcaption>\n</figure>\n"
    )


def _box(word: str, counts: Mapping[str, int], meaning: str, rest: str = "", inner: str = "") -> str:
    note = f"\n<small>{rest}</small>" if rest else ""
    return f'<div class="box"><p><strong>{count(counts[word])} {word}</strong> {meaning}</p>{note}\n{inner}</div>'
