"""What is done for customers: cases, tasks, events."""

from .declaration import boolean, crm_object, date, datetime, picklist, reference, text

OBJECTS = (
    crm_object(
        "case",
        "500",
        "One complaint or question of one customer.",
        reference("account_id", "account", "The store or channel concerned."),
        reference("contact_id", "contact", "Who asked."),
        picklist("status", "New | Working | Escalated | Closed", "Overwritten in place.", required=True),
        picklist("origin", "Email | Phone | Web", "How it came in."),
        picklist("reason", "Late shipment | Return | Product | Billing | Other", "What it is about."),
        boolean("is_closed", "Settled."),
        datetime("closed_date", "When it was settled, UTC."),
    ),
    crm_object(
        "task",
        "00T",
        "Something a user has to do, or did, for somebody.",
        reference("account_id", "account", "The account it concerns."),
        reference("who_id", "contact | lead", "The person it concerns."),
        reference("what_id", "account | opportunity | order | case", "The record it concerns."),
        date("activity_date", "The day it is due."),
        picklist("status", "Not Started | In Progress | Completed", "Overwritten in place."),
        text("subject", "What is to be done."),
    ),
    crm_object(
        "event",
        "00U",
        "A meeting or a call with a time.",
        reference("account_id", "account", "The account it concerns."),
        reference("who_id", "contact | lead", "The person it concerns."),
        reference("what_id", "account | opportunity | order | case", "The record it concerns."),
        date("activity_date", "The day it takes place."),
        text("subject", "What it is about."),
        datetime("start_date_time", "When it starts, UTC."),
        datetime("end_date_time", "When it ends, UTC."),
    ),
)
