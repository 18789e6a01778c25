"""How customers are won: campaigns, their members, leads."""

from .declaration import boolean, crm_object, date, datetime, money, picklist, reference, text

LEAD_SOURCES = "Web | Store | Referral | Social | Event"

OBJECTS = (
    crm_object(
        "campaign",
        "701",
        "One effort to win or win back customers, with a budget.",
        text("name", "The campaign's name.", required=True),
        picklist("type", "Email | Social | Search | Event | Referral", "The channel it runs on."),
        picklist("status", "Planned | In Progress | Completed | Aborted", "Overwritten in place as it runs."),
        date("start_date", "First day."),
        date("end_date", "Last day."),
        money("actual_cost", "What it has cost so far."),
    ),
    crm_object(
        "campaign_member",
        "00v",
        "One lead or contact that a campaign reached.",
        reference("campaign_id", "campaign", "The campaign.", required=True),
        reference("lead_id", "lead", "The lead reached; NULL where it was already a contact."),
        reference("contact_id", "contact", "The contact reached, or the one the lead became."),
        picklist("status", "Sent | Opened | Responded", "The furthest step taken."),
        boolean("has_responded", "Answered the campaign."),
        date("first_responded_date", "The day of the first answer."),
        owner=False,
    ),
    crm_object(
        "lead",
        "00Q",
        "Somebody who might become a customer.",
        text("email", "Address the lead left.", personal=True),
        picklist("lead_source", LEAD_SOURCES, "What brought the lead in."),
        picklist("status", "Open | Working | Converted | Closed", "Overwritten in place.", required=True),
        boolean("is_converted", "Became a contact."),
        datetime("converted_date", "When it did, UTC."),
        reference("converted_account_id", "account", "The account it was converted into."),
        reference("converted_contact_id", "contact", "The contact it became."),
        reference("converted_opportunity_id", "opportunity", "The deal that the conversion opened."),
    ),
)
