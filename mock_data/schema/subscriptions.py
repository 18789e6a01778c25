"""The membership box: one row a subscription, overwritten in place."""

from .declaration import boolean, crm_object, datetime, integer, money, picklist, reference

STATUSES = "trial | active | past_due | unpaid | paused | cancelled"
BILLING_PERIODS = "monthly | quarterly | annual"

OBJECTS = (
    crm_object(
        "subscription_c",
        "a00",
        "One membership of one customer as it stands now: what it was before is kept nowhere in the CRM.",
        reference("contact_c", "contact", "The subscriber.", required=True),
        reference("product_2_c", "product_2", "The plan, a product like any other.", required=True),
        picklist(
            "status_c",
            STATUSES,
            "Overwritten in place.",
            required=True,
        ),
        integer("quantity_c", "Boxes a period.", required=True),
        money("unit_price_c", "Price of one box per billing period, before tax.", required=True),
        money("discount_c", "Taken off unit_price_c per box and billing period."),
        picklist("billing_period_c", BILLING_PERIODS, "How often it is billed.", required=True),
        datetime("started_at_c", "When service began, UTC.", required=True),
        datetime("trial_end_c", "When the trial ends or ended, UTC; may lie after the as-of date."),
        datetime("current_period_end_c", "When the paid period ends, UTC."),
        datetime("cancel_requested_at_c", "When the customer asked to stop, UTC; cleared if withdrawn."),
        boolean("cancel_at_period_end_c", "A cancellation is scheduled."),
        picklist("cancel_reason_c", "Price | Fit | Too many boxes | Moved | Payment failed", "As the customer says."),
        datetime("paused_until_c", "When a pause ends, UTC."),
        datetime("ended_at_c", "When service ended, UTC; NULL while it lasts."),
        prefix_note="Custom objects take the first free prefix from `a00`; it differs from one org to the next.",
    ),
)
