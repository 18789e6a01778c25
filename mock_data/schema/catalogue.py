"""What is sold, and for how much: categories, products, price books."""

from .declaration import boolean, crm_object, integer, money, picklist, reference, text
from .subscriptions import BILLING_PERIODS

OBJECTS = (
    crm_object(
        "product_category",
        "0ZG",
        "A shelf of the shop: shirts, knitwear, shoes.",
        text("name", "The shelf's name, as on the website.", required=True),
        integer("number_of_products", "How many products the shelf holds; counted by the CRM, not typed in."),
        prefix_note="Given by the design; no public list at hand confirms it.",
    ),
    crm_object(
        "product_2",
        "01t",
        "An article that can be ordered, in one style; sizes are not kept apart.",
        text("name", "The article's name, as on the website.", required=True),
        text("product_code", "The buyer's code: category, then number.", required=True),
        text("family", "The category's name again, as sales reports group by it."),
        boolean("is_active", "Can be ordered today."),
        text("stock_keeping_unit", "The warehouse's own code for the article."),
        reference("product_category_id", "product_category", "The shelf it stands on.", required=True),
        picklist("product_class_c", "store | online | both", "The sales channel that carries it."),
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
