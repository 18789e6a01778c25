"""What is sold, and for how much: categories, products, price books."""

from .declaration import boolean, crm_object, integer, money, picklist, reference, text
from .subscriptions import BILLING_PERIODS

_SCHEDULE_PERIODS = "Daily | Weekly | Monthly | Quarterly | Yearly"

OBJECTS = (
    crm_object(
        "product_category",
        "0ZG",
        "A shelf of the shop: shirts, knitwear, shoes.",
        text("name", "The shelf's name, as on the website.", required=True),
        text("description", "How to look after what stands on it."),
        integer("number_of_products", "How many products the shelf holds; counted by the CRM, not typed in."),
        prefix_note="Given by the design; no public list at hand confirms it.",
    ),
    crm_object(
        "product_2",
        "01t",
        "An article that can be ordered, in one style; sizes are not kept apart.",
        text("name", "The article's name, as on the website.", required=True),
        text("product_code", "The buyer's code: three letters for the category, then six digits.", required=True),
        text("description", "What the website says below the name: how to look after it."),
        text("family", "The category's name again, as sales reports group by it."),
        boolean("is_active", "Can be ordered today."),
        boolean("is_archived", "Taken out of the lists; only of what can no longer be ordered."),
        text("stock_keeping_unit", "The warehouse's own code for the article."),
        text("external_id", "Its key in the system of the warehouse, where stock is kept."),
        text("display_url", "Its page on the website."),
        picklist("quantity_unit_of_measure", "Each", "What a quantity of one is."),
        boolean("can_use_quantity_schedule", "May be delivered in instalments: basics. No deal makes use of it."),
        picklist("quantity_schedule_type", "Divide | Repeat", "How a deal's quantity makes the instalments."),
        picklist("quantity_installment_period", _SCHEDULE_PERIODS, "From one delivery to the next."),
        integer("number_of_quantity_installments", "How many deliveries a deal's quantity comes in."),
        boolean("can_use_revenue_schedule", "Its price is earned over several months: plans billed for more than one."),
        picklist("revenue_schedule_type", "Divide | Repeat", "How the price makes the instalments."),
        picklist("revenue_installment_period", _SCHEDULE_PERIODS, "From one share of the price to the next."),
        integer("number_of_revenue_installments", "How many shares the price is earned in."),
        reference("product_category_id", "product_category", "The shelf it stands on.", required=True),
        picklist(
            "product_class_c",
            "store | online | both",
            "The channel that sells it to consumers: stores and malls, or online accounts, or all of them.",
        ),
        picklist(
            "billing_period_c",
            BILLING_PERIODS,
            "How often a plan is billed, which its prices are for; NULL for an article, which is paid for once.",
        ),
        money(
            "unit_cost_c",
            "What one piece, or a plan's box of one month, costs the shop, before tax; NULL where nobody knows.",
        ),
        integer("stock_quantity_c", "Pieces in the central warehouse when the article was listed."),
        owner=False,
    ),
    crm_object(
        "pricebook_2",
        "01s",
        "A list of prices: the standard one, or one for a channel.",
        text("name", "The list's name.", required=True),
        text("description", "Who charges these prices."),
        boolean("is_standard", "The list that every product must have a price in."),
        boolean("is_active", "Orders may be written against it."),
        owner=False,
    ),
    crm_object(
        "pricebook_entry",
        "01u",
        "One product's price in one price book.",
        reference("pricebook_2_id", "pricebook_2", "The list.", required=True),
        reference("product_2_id", "product_2", "The product.", required=True),
        money(
            "unit_price",
            "List price of one piece, or of a plan's billing period, before tax and discount.",
            required=True,
        ),
        boolean("is_active", "The price can be ordered at today."),
        owner=False,
    ),
)
