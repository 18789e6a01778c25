"""The wholesale pipeline: opportunities, their lines and their history."""

from .declaration import boolean, crm_object, date, integer, money, percent, picklist, reference, text

STAGES = "Prospecting | Qualification | Proposal | Negotiation | Closed Won | Closed Lost"

OBJECTS = (
    crm_object(
        "opportunity",
        "006",
        "One deal with a wholesale account, won, lost or open.",
        reference("account_id", "account", "The account that would buy."),
        text("name", "The deal's name.", required=True),
        picklist("stage_name", STAGES, "How far the deal has come.", required=True),
        money("amount", "What it is worth if won; the sum of its lines."),
        percent("probability", "The stage's chance of winning."),
        date("close_date", "The day it closed, or is planned to; may lie after the as-of date.", required=True),
        boolean("is_closed", "Won or lost."),
        boolean("is_won", "Won."),
        picklist(
            "forecast_category", "Pipeline | Best Case | Commit | Omitted | Closed", "Where the forecast puts it."
        ),
        picklist("type", "New Business | Existing Business", "A first deal with the account, or a further one."),
        picklist("lead_source", "Web | Store | Referral | Social | Event", "What brought the deal in."),
        reference("campaign_id", "campaign", "The campaign it came from."),
    ),
    crm_object(
        "opportunity_line_item",
        "00k",
        "One product in one deal.",
        reference("opportunity_id", "opportunity", "The deal.", required=True),
        reference("pricebook_entry_id", "pricebook_entry", "The product's list price."),
        reference("product_2_id", "product_2", "The product."),
        integer("quantity", "Pieces."),
        money("unit_price", "Price of one piece in this deal, before discount."),
        money("list_price", "Price of one piece in the price book."),
        money("total_price", "quantity × unit_price × (1 − discount)."),
        percent("discount", "Percent off unit_price."),
        date("service_date", "The day the pieces are due."),
        owner=False,
    ),
    crm_object(
        "opportunity_history",
        "008",
        "A deal as it stood after one change of stage or amount.",
        reference("opportunity_id", "opportunity", "The deal.", required=True),
        picklist("stage_name", STAGES, "The stage from then on."),
        money("amount", "The amount from then on."),
        percent("probability", "The chance from then on."),
        date("close_date", "The planned day from then on."),
        owner=False,
    ),
)
