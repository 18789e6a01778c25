"""What only the simulator knows: each customer's real behaviour. No dbt model reads it; tests and a few chapters do."""

from .declaration import Field, Object, boolean, datetime, integer, money, number, picklist, reference, text
from .marketing import LEAD_SOURCES
from .subscriptions import BILLING_PERIODS, STATUSES


def _truth(name: str, key: Field, description: str, *fields: Field) -> Object:
    return Object(name, "", description, (key, *fields), schema="truth", key=key.name)


OBJECTS = (
    _truth(
        "purchaser",
        reference("contact_id", "contact", "The contact.", required=True),
        "The latent parameters of one contact who has bought at least once.",
        number("purchase_rate", "λ: purchases a week of the season's clock while alive.", required=True),
        number("dropout_probability", "p: chance of leaving for good after any purchase.", required=True),
        number(
            "spend_scale", "ν: rate of the Gamma distribution that each purchase's spend comes from.", required=True
        ),
        datetime("first_purchase_at", "t0: when the first purchase was made, UTC.", required=True),
        datetime(
            "dropout_at",
            "τ: when the contact left one-off buying for good, UTC; NULL while alive. A membership may go on.",
        ),
        picklist(
            "dropout_cause",
            "Own accord | Case | Lapse wave",
            "Why: the coin p after a purchase, a case that went wrong, or a wave; NULL while alive.",
        ),
    ),
    _truth(
        "acquisition",
        reference("contact_id", "contact", "The contact.", required=True),
        "What brought one contact to the shop.",
        picklist("channel", LEAD_SOURCES, "The channel the contact came through.", required=True),
        reference("campaign_id", "campaign", "The campaign that the contact came through; NULL for nobody's doing."),
        boolean("is_incremental", "Would not have come without that campaign."),
    ),
    _truth(
        "campaign_purchase",
        reference("order_id", "order", "The order.", required=True),
        "One order that would not have been made without a mailing.",
        reference("campaign_id", "campaign", "The mailing.", required=True),
    ),
    _truth(
        "subscriber",
        reference("subscription_id", "subscription_c", "The subscription.", required=True),
        "The latent parameters of one subscription that was paid at least once.",
        reference("contact_id", "contact", "The subscriber.", required=True),
        reference("product_2_id", "product_2", "The plan it was first paid on.", required=True),
        picklist("billing_period", BILLING_PERIODS, "The plan's billing period.", required=True),
        number("churn_hazard", "θ: chance of not renewing, at each renewal.", required=True),
        datetime("paid_since", "When the first paid period began, UTC.", required=True),
        integer("renewals", "Renewals that have come, the one that was not made included.", required=True),
        boolean("churned", "One renewal was not made."),
    ),
    _truth(
        "subscription_event",
        text("event_id", "Subscription id and the event's number within it.", required=True),
        "One change of one subscription, with all that it holds from then on: the history the CRM overwrites.",
        reference("subscription_id", "subscription_c", "The subscription.", required=True),
        integer("sequence", "1 for the first event of the subscription; order of time.", required=True),
        datetime("happened_at", "When, UTC.", required=True),
        picklist(
            "event",
            "started | trial converted | trial ended | renewed | price changed | upgraded | downgraded | "
            "quantity changed | paused | resumed | payment failed | payment recovered | unpaid | "
            "cancellation scheduled | cancellation withdrawn | cancelled | erased",
            "What happened.",
            required=True,
        ),
        picklist("status_c", STATUSES, "The status from then on.", required=True),
        reference("product_2_c", "product_2", "The plan from then on.", required=True),
        integer("quantity_c", "Boxes from then on.", required=True),
        money("unit_price_c", "Price of one box per billing period from then on.", required=True),
        money("discount_c", "Taken off it from then on.", required=True),
        picklist("billing_period_c", BILLING_PERIODS, "How often it is billed from then on.", required=True),
        datetime("trial_end_c", "End of the trial."),
        datetime("current_period_end_c", "End of the paid period from then on."),
        datetime("cancel_requested_at_c", "When the customer asked to stop."),
        boolean("cancel_at_period_end_c", "A cancellation is scheduled from then on."),
        picklist("cancel_reason_c", "Price | Fit | Too many boxes | Moved | Payment failed", "Why."),
        datetime("paused_until_c", "End of the pause."),
        datetime("ended_at_c", "When service ended."),
        boolean("is_deleted", "Erased at the customer's request, from then on."),
    ),
    _truth(
        "deal",
        reference("opportunity_id", "opportunity", "The deal.", required=True),
        "What is true of one wholesale deal from the day it opens.",
        number("win_probability", "Chance that it is won, as drawn when it opened.", required=True),
        boolean("will_be_won", "How it ends, or will end."),
        datetime("closes_at", "When it ends, or will end, UTC; may lie after the as-of date.", required=True),
    ),
    _truth(
        "fault",
        text("fault_id", "Kind and number.", required=True),
        "One fault that was put into the data on purpose.",
        text("kind", "What is wrong, by the name it is asked for with --faults.", required=True),
        text("table_name", "The table it is in.", required=True),
        text("record_id", "The row's id.", required=True),
        text("column_name", "The column; NULL where the row as a whole is the fault."),
        text("true_value", "What the column should hold; NULL where the row should not be there, or holds NULL."),
    ),
)
