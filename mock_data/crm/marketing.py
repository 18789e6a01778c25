"""What marketing leaves in the CRM: campaigns, leads, campaign members; and the purchases that mailings caused."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..behaviour.acquisition import (
    LONGEST_LEAD,
    MAX_RUNS,
    SOURCES,
    Run,
    calendar,
    campaign_of,
    channel_sources,
    lost_shares,
    mailing_runs,
    run_before,
    runs,
    signed_up,
)
from ..behaviour.calendar import SeasonClock
from ..behaviour.local_time import AWAKE, ZONE_OF_PLACE, at_hours, awake, between_hours, to_local, to_utc, whole_days
from ..behaviour.parameters import Campaign, CampaignType, Mailing
from ..behaviour.purchases import Purchases
from ..draws import Integers, choice, uniform
from ..encoding import INTEGRATION_USER, from_pool, pooled
from ..pools import make_pools
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import World
from .homes import Homes, contact_place, home_account
from .orders import FIRST_BOX, FIRST_MAILING, Orders, purchase_number, seconds_between
from .people import (
    DESK_HOURS,
    HEAD_OF_SALES,
    HEAD_OFFICE_ZONE,
    SALES,
    Arrivals,
    bounces_at,
    email,
    home_columns,
    mobile_phone,
    name_positions,
    opts_out_at,
)

LEADS_PER_CONTACT = 8  # number 0 is the lead that became the contact, the others became nobody
MEMBERS_PER_CONTACT = 1024  # the runs that wrote to the contact, then two for each of its leads
_TYPES = CRM["campaign"].field("type").picklist
_PLANNED, _IN_PROGRESS, _COMPLETED, _ABORTED = (
    CRM["campaign"].field("status").picklist.index(s) for s in ("Planned", "In Progress", "Completed", "Aborted")
)
_OPEN, _WORKING, _CONVERTED, _CLOSED = (
    CRM["lead"].field("status").picklist.index(s) for s in ("Open", "Working", "Converted", "Closed")
)
_SENT, _OPENED, _RESPONDED = (
    CRM["campaign_member"].field("status").picklist.index(s) for s in ("Sent", "Opened", "Responded")
)
_HOT_WARM_COLD = np.cumsum([[0.35, 0.45, 0.20], [0.10, 0.40, 0.50]], axis=1)  # of leads that are won, and lost
_DESCRIPTIONS: dict[CampaignType, str] = {
    "Email": "E-mails to addresses of people who are not customers yet.",
    "Social": "Pictures of the new pieces in social networks, for men who have not bought from us.",
    "Search": "Advertisements beside search results for menswear.",
    "Event": "A stand at a fair, with fittings; cards are collected for the sales team.",
    "Referral": "Customers invite friends; both are rewarded for a first order.",
}
_DESCRIPTION_OF_MAILING = "An e-mail to customers who have not unsubscribed."
_WHOLE_BUDGET = 10_000  # cents: budgets are planned to the hundred
_REVENUE_PER_BUDGET = 4  # what the Head of Sales asks of a campaign
_OPENED_ONLY = 0.5  # of lost leads that do not answer their campaign, those who open what it sent them
_LEAD_FIRST = 0.6  # of the contacts without a campaign, outside the stores: those who were a lead before
_ANSWERED_BEFORE = 0.25  # of those who come through a campaign: those who had answered the one before
_DAY = np.timedelta64(1, "D")
assert FIRST_MAILING + MAX_RUNS <= FIRST_BOX and MAX_RUNS + 2 * LEADS_PER_CONTACT <= MEMBERS_PER_CONTACT


@dataclass(frozen=True)
class Leads:
    """People who might become customers, by record number.

    Attributes:
        lead: shape (n,), record numbers, rising.
        source: shape (n,), position in ``SOURCES``.
        campaign: shape (n,), record number of the campaign they came through; −1 for none.
        before: shape (n,), record number of a campaign they had answered before; −1 for none.
        created: shape (n,), when the shop first heard of them.
        answered: shape (n,), when they answered the campaign they came through; without one, `created`.
        converted: shape (n,), when they became a contact; NaT for never.
        place: shape (n,), where they live, position in ``PLACES``.
    """

    lead: Integers
    source: Integers
    campaign: Integers
    before: Integers
    created: Seconds
    answered: Seconds
    converted: Seconds
    place: Integers

    @property
    def contact(self) -> Integers:
        """The contact they became, or beside whom they came."""
        return self.lead // LEADS_PER_CONTACT

    @property
    def won(self) -> NDArray[np.bool_]:
        """Which of them became a contact."""
        return ~np.isnat(self.converted)


@dataclass(frozen=True)
class Mails:
    """E-mails of mailings that were sent to contacts.

    Attributes:
        contact, run: shape (n,), record numbers of the contact and of the campaign.
        sent, opened, responded: shape (n,), when; NaT for never.
    """

    contact: Integers
    run: Integers
    sent: Seconds
    opened: Seconds
    responded: Seconds

    @property
    def member(self) -> Integers:
        """Record numbers as campaign members."""
        return self.contact * MEMBERS_PER_CONTACT + self.run


# --- campaigns -------------------------------------------------------------------------------------------------------


def campaign_rows(world: World) -> list[Rows]:
    """Every run of every campaign and mailing that is ever planned, created some weeks before it starts."""
    planned = calendar(world.behaviour)
    n = len(planned)
    number = np.arange(n)
    first, end = (
        world.start + np.array([getattr(run, day) for run in planned], dtype=np.int64) for day in ("first", "end")
    )
    takes_place = runs(world.behaviour)
    clock = world.arrival_clock(world.opening + max((run.end for run in planned), default=0) * _DAY)
    planned_cost = np.array([_cost(world, run, clock) for run in planned], dtype=np.int64)
    budget = np.maximum(np.rint(planned_cost / _WHOLE_BUDGET).astype(np.int64), 1) * _WHOLE_BUDGET
    fixed = np.array([round(100 * run.of.fixed_cost) for run in planned], dtype=np.int64)
    name = [f"{run.of.name} {str(day)[:7]}" for run, day in zip(planned, first, strict=True)]
    kind = [_TYPES.index(run.of.type if isinstance(run.of, Campaign) else "Email") for run in planned]
    description = [
        _DESCRIPTIONS[run.of.type] if isinstance(run.of, Campaign) else _DESCRIPTION_OF_MAILING for run in planned
    ]

    def office(what: str, day: NDArray[np.datetime64], opens: float, closes: float) -> Seconds:
        local = at_hours(day, uniform(world.seed, f"campaign is {what}", number), opens, closes)
        return to_utc(local, HEAD_OFFICE_ZONE)

    created: Seconds = np.maximum(
        office("planned", np.busday_offset(first - 28, 0, roll="backward"), 9, 17), world.opening
    )
    head_of_sales = np.full(n, HEAD_OF_SALES)
    return [
        Rows(
            "crm.campaign",
            created,
            {
                "id": number,
                "name": pa.array(name, pa.string()),
                "type": np.array(kind, dtype=np.int64),
                "status": np.full(n, _PLANNED),
                "is_active": np.zeros(n, dtype=bool),
                "description": pa.array(description, pa.string()),
                "start_date": first,
                "end_date": end - 1,
                "budgeted_cost": budget,
                "actual_cost": np.zeros(n, dtype=np.int64),
                "expected_revenue": _REVENUE_PER_BUDGET * budget,
                "owner_id": head_of_sales,
                "created_by_id": head_of_sales,
                "last_modified_by_id": head_of_sales,
            },
            updates=(
                Update(
                    office("begun", first, 8, 10),
                    {
                        "status": np.where(takes_place, _IN_PROGRESS, _ABORTED),
                        "is_active": takes_place,
                        "actual_cost": np.where(takes_place, fixed, 0),
                    },
                ),
                Update(
                    unless(~takes_place, office("ended", end, 8, 10)),
                    {
                        "status": np.full(n, _COMPLETED),
                        "is_active": np.zeros(n, dtype=bool),
                        "actual_cost": planned_cost,
                    },
                ),
            ),
        )
    ]


def _cost(world: World, run: Run, clock: SeasonClock) -> int:
    """What a run costs in all if it takes place, in cents, for the leads it can expect, as no shard counts them."""
    of = run.of
    per_lead = of.cost_per_lead * expected_leads(world, run, clock) if isinstance(of, Campaign) else 0.0
    return round(100 * (of.fixed_cost + per_lead))


def expected_leads(world: World, run: Run, clock: SeasonClock) -> float:
    """How many leads come through a run of a campaign, on average over worlds of other seeds.

    Args:
        clock: the world's arrival clock, to the end of the run at least.
    """
    assert isinstance(run.of, Campaign)
    behaviour = world.behaviour
    first, end = clock.at_midnight[[run.first, run.end]]
    share = sum(
        won.share + behaviour.leads_lost * lost
        for won, lost in zip(behaviour.channels, lost_shares(behaviour), strict=True)
        if won.source == run.of.source
    )
    return float(world.contacts * (end - first) / world.arrival_span(clock) * share * run.of.share)


# --- leads -----------------------------------------------------------------------------------------------------------


def make_leads(world: World, contact: Integers, arrived: Arrivals) -> Leads:
    """The leads that became these contacts, and the lost ones that came at about the same time."""
    won, lost = _won_leads(world, contact, arrived), _lost_leads(world, contact, arrived)
    sort = np.argsort(np.concatenate([won.lead, lost.lead]))
    return Leads(**{f.name: np.concatenate([getattr(won, f.name), getattr(lost, f.name)])[sort] for f in fields(Leads)})


def _won_leads(world: World, contact: Integers, arrived: Arrivals) -> Leads:
    """All who came through a campaign were leads before, and part of the others, but for those who came to a store."""
    seed, origins = world.seed, arrived.origins
    first_heard = uniform(seed, "lead first", contact) < _LEAD_FIRST
    is_lead = (origins.campaign >= 0) | (first_heard & (origins.source != SOURCES.index("Store")))
    which = np.flatnonzero(is_lead & origins.comes)
    contact, campaign, converted = contact[which], origins.campaign[which], arrived.at[: len(origins.source)][which]

    source = origins.source[which]
    place = contact_place(world, contact, source)
    zone = ZONE_OF_PLACE[place]
    begins, ends = _first_and_end(world)
    earliest = np.where(campaign >= 0, begins[campaign], world.opening)
    # on a clock that stands still while people sleep; the longest wait is a day shorter, as it may stand so long
    first, last = (whole_days(at, zone, *AWAKE) for at in (earliest, converted))
    room = np.maximum((last - first).astype(np.int64), 0)
    days = np.minimum(-6 * np.log(uniform(seed, "days from lead to contact", contact)), LONGEST_LEAD - 1)
    # in good time after the campaign began, however long it took others
    wait = np.minimum(days * 86_400, room * uniform(seed, "lead in time", contact)).astype(np.int64)
    answered = between_hours(last - wait.astype("timedelta64[s]"), zone, *AWAKE)
    answered = np.minimum(np.maximum(answered, earliest), converted)

    previous = np.append(run_before(world.behaviour), -1)[campaign]
    again = (uniform(seed, "had answered before", contact) < _ANSWERED_BEFORE) & (previous >= 0)
    before = np.where(again & np.append(runs(world.behaviour), False)[previous], previous, -1)
    first, last = (whole_days(at[before], zone, *AWAKE) for at in (begins, ends))
    moment = (uniform(seed, "answered before", contact) * (last - first).astype(np.int64)).astype(np.int64)
    earlier = np.maximum(between_hours(first + moment.astype("timedelta64[s]"), zone, *AWAKE), begins[before])
    created = np.where(before >= 0, earlier, answered)
    return Leads(contact * LEADS_PER_CONTACT, source, campaign, before, created, answered, converted, place)


def _lost_leads(world: World, contact: Integers, arrived: Arrivals) -> Leads:
    """Leads that become nobody: `leads_lost` for each contact on average, in the days after it was due."""
    seed, behaviour = world.seed, world.behaviour
    shares = lost_shares(behaviour)
    number = (contact[:, None] * LEADS_PER_CONTACT + np.arange(1, LEADS_PER_CONTACT)).ravel()
    chance = behaviour.leads_lost / (LEADS_PER_CONTACT - 1) if shares.any() else 0.0
    lead = number[uniform(seed, "lead is lost", number) < chance]
    due: Seconds = arrived.due[lead // LEADS_PER_CONTACT - contact[:1]]
    source = channel_sources(behaviour)[choice(np.cumsum(shares), uniform(seed, "channel of lost lead", lead))]
    place = contact_place(world, lead, source, "place of lead")
    at = due + seconds_between(seed, "lost lead comes", lead, 60, 5 * 86_400)
    created: Seconds = np.maximum(between_hours(at, ZONE_OF_PLACE[place], *AWAKE), world.opening)
    through = uniform(seed, "lost lead through a campaign", lead)
    campaign = campaign_of(behaviour, source, signed_up(world.start, created), through)
    comes = np.append(runs(behaviour), True)[campaign]
    n = int(comes.sum())
    lead, source, campaign, created, place = (v[comes] for v in (lead, source, campaign, created, place))
    return Leads(lead, source, campaign, np.full(n, -1), created, created, np.full(n, NEVER), place)


def _first_and_end(world: World) -> tuple[Seconds, Seconds]:
    """When each run begins and ends, by number; a last element stands for no run."""
    planned = calendar(world.behaviour)
    days = np.array([(run.first, run.end) for run in planned] + [(0, 0)], dtype="timedelta64[D]")
    return world.opening + days[:, 0], world.opening + days[:, 1]


# --- mailings --------------------------------------------------------------------------------------------------------


def make_mails(world: World, contact: Integers, at: Seconds, zone: Integers, until: np.datetime64) -> Mails:
    """What is sent before `until` to the contacts who signed up `at`, and who opens and answers it.

    Written to is who was there the day before, has not unsubscribed, and whose address works.

    Args:
        contact: shape (n,), record numbers in a row.
        at: shape (n,).
        zone: shape (n,), each contact's time zone: mails are sent in the morning there, opened and answered in waking
            hours.
    """
    seed = world.seed
    gone = np.fmin(opts_out_at(world, contact, at), bounces_at(world, contact, at))
    found: list[tuple[Integers, int]] = []
    for run in mailing_runs(world.behaviour):
        day = world.opening + run.first * _DAY
        if day >= until:
            break
        assert isinstance(run.of, Mailing)
        if run.of.runs:
            listed = np.flatnonzero((at < day) & ~(gone < day + _DAY))
            reached = uniform(seed, "is written to", contact[listed], run.number) < run.of.reach
            found.append((contact[listed[reached]], run.number))
    who = np.concatenate([who for who, _ in found]) if found else np.empty(0, dtype=np.int64)
    number = np.repeat([number for _, number in found], [len(who) for who, _ in found]).astype(np.int64)

    planned = calendar(world.behaviour)
    opens, responds = (
        np.array([getattr(run.of, share, 0.0) for run in planned])[number] for share in ("opens", "responds")
    )
    mail = who * MEMBERS_PER_CONTACT + number
    begins, _ = _first_and_end(world)
    there = zone[who - contact[:1]]
    sent = to_utc(begins[number] + seconds_between(seed, "mail is sent", mail, 8 * 3_600, 11 * 3_600), there)
    opened = sent + seconds_between(seed, "mail is opened after", mail, 60, 3 * 86_400)
    opened[uniform(seed, "opens mail", mail) >= opens] = NEVER
    responded = opened + seconds_between(seed, "mail is answered after", mail, 20, 2 * 86_400)
    responded[uniform(seed, "answers mail", mail) >= responds] = NEVER
    opened, responded = (between_hours(at, there, *AWAKE) for at in (opened, responded))
    return Mails(who, number, sent, opened, responded)


def mailing_purchases(
    world: World,
    contact: Integers,
    mails: Mails,
    homes: Homes,
    first_purchase: Seconds,
    drops_out: Seconds,
    until: np.datetime64,
) -> Purchases:
    """Purchases before `until` that would not have been made without a mailing, numbered from ``FIRST_MAILING``.

    Args:
        homes: of these contacts, or of more of which they are the first.
        first_purchase, drops_out: shape of `contact`, when each bought first and left for good; NaT for never.
    """
    buys = np.array([getattr(run.of, "buys", 0.0) for run in calendar(world.behaviour)])
    answered = np.flatnonzero(~np.isnat(mails.responded))
    who, number, responded = mails.contact[answered], mails.run[answered], mails.responded[answered]
    position = who - contact[:1]
    days = 1 + (6 * uniform(world.seed, "mailing purchase", mails.member[answered])).astype(np.int64)
    moment = uniform(world.seed, "moment of mailing purchase", mails.member[answered])
    at = homes.moment(position, homes.day(position, responded) + days, moment)
    wants = uniform(world.seed, "buys because of a mailing", mails.member[answered]) < buys[number]
    is_customer = (first_purchase[position] < responded) & ~(drops_out[position] <= at)
    happens = wants & is_customer & (at < until)
    return Purchases(who[happens], FIRST_MAILING + number[happens], at[happens])


# --- rows ------------------------------------------------------------------------------------------------------------


def acquisition_rows(world: World, contact: Integers, arrived: Arrivals, mails: Mails, orders: Orders) -> list[Rows]:
    """Leads, campaign members, and what is true of either."""
    leads = make_leads(world, contact, arrived)
    origins, at = arrived.origins, arrived.at[: len(contact)]
    nth = purchase_number(orders.order)
    caused = np.flatnonzero((nth >= FIRST_MAILING) & (nth < FIRST_BOX))
    return [
        _lead_rows(world, leads),
        _member_rows(world, leads, mails),
        Rows(
            "truth.acquisition",
            at,
            {
                "contact_id": contact,
                "channel": origins.source,
                "campaign_id": origins.campaign,
                "is_incremental": origins.incremental,
            },
        ),
        Rows(
            "truth.campaign_purchase",
            orders.created[caused],
            {"order_id": orders.order[caused], "campaign_id": nth[caused] - FIRST_MAILING},
        ),
    ]


def _lead_rows(world: World, leads: Leads) -> Rows:
    seed, lead, n, won = world.seed, leads.lead, len(leads.lead), leads.won
    working, closed = _sales_work(seed, leads)
    owner = SALES[(uniform(seed, "owner of lead", lead) * len(SALES)).astype(np.int64)]
    # who comes to a stand is entered by the sales team, everybody else by their own form
    creator = np.where(leads.source == SOURCES.index("Event"), owner, INTEGRATION_USER)
    hot, warm = _HOT_WARM_COLD[(~won).astype(np.int64), :2].T
    u = uniform(seed, "rating of lead", lead)
    return Rows(
        "crm.lead",
        leads.created,
        {
            "id": lead,
            "lead_source": leads.source,
            "status": np.full(n, _OPEN),
            "rating": np.full(n, -1),
            "last_activity_date": np.full(n, np.datetime64("NaT"), "datetime64[D]"),
            "is_converted": np.zeros(n, dtype=bool),
            "converted_date": np.full(n, NEVER),
            "converted_account_id": np.full(n, -1),
            "converted_contact_id": np.full(n, -1),
            "owner_id": owner,
            "created_by_id": creator,
            "last_modified_by_id": creator,
        }
        | _people(world, leads),
        updates=(
            Update(
                working,
                {
                    "status": np.full(n, _WORKING),
                    "rating": (u >= hot).astype(np.int64) + (u >= warm),
                    "last_activity_date": to_local(working, HEAD_OFFICE_ZONE).astype("datetime64[D]"),
                    "last_modified_by_id": owner,
                },
            ),
            Update(
                closed,
                {
                    "status": np.full(n, _CLOSED),
                    "last_activity_date": to_local(closed, HEAD_OFFICE_ZONE).astype("datetime64[D]"),
                },
            ),
            # by the form with which the contact signs up
            Update(
                leads.converted,
                {
                    "last_modified_by_id": np.full(n, INTEGRATION_USER),
                    "status": np.full(n, _CONVERTED),
                    "is_converted": np.ones(n, dtype=bool),
                    "converted_date": leads.converted,
                    "converted_account_id": home_account(world, leads.contact, leads.source, leads.place),
                    "converted_contact_id": leads.contact,
                },
            ),
        ),
    )


def _sales_work(seed: int, leads: Leads) -> tuple[Seconds, Seconds]:
    """When sales takes each lead up and, of those lost, closes it, in desk hours; NaT where that does not happen.

    Who becomes a contact before the desk opens is taken up by nobody.
    """
    won = leads.won
    created, converted = (whole_days(at, HEAD_OFFICE_ZONE, *DESK_HOURS) for at in (leads.created, leads.converted))
    u = uniform(seed, "lead is taken up", leads.lead)
    days_to_take_up = -2 * np.log(u)
    # before the lead converts, however soon that is
    share_of_the_way = 0.05 + 0.8 * u
    room = np.where(won, (converted - created).astype(np.int64), 0)
    seconds = np.where(won, share_of_the_way * room, days_to_take_up * 86_400)
    taken_up = created + seconds.astype(np.int64).astype("timedelta64[s]")
    working = np.maximum(between_hours(taken_up, HEAD_OFFICE_ZONE, *DESK_HOURS), leads.created)
    working = unless(working >= leads.converted, working)  # NaT compares false
    days_to_close = -18 * np.log(uniform(seed, "lead is closed", leads.lead))
    seconds = days_to_close * 86_400
    closed = between_hours(taken_up + seconds.astype(np.int64).astype("timedelta64[s]"), HEAD_OFFICE_ZONE, *DESK_HOURS)
    return working, unless(won, np.maximum(closed, working))


def _people(world: World, leads: Leads) -> dict[str, pa.Array]:
    """Who the leads are, and where they live: a lead that is won is the contact, the others are strangers."""
    won = leads.won
    contacts = _forms(world, leads.contact[won], leads.place[won])
    # an address of the same form as a contact's: it must not tell how the lead will end
    strangers = _forms(world, leads.lead[~won], leads.place[~won], " of lead", leads.contact[~won])
    position = np.empty(len(won), dtype=np.int64)
    position[np.concatenate([np.flatnonzero(won), np.flatnonzero(~won)])] = np.arange(len(won))
    return {name: pa.concat_arrays([contacts[name], strangers[name]]).take(pa.array(position)) for name in contacts}


def _forms(
    world: World, entity: Integers, place: Integers, whose: str = "", number: Integers | None = None
) -> dict[str, pa.Array]:
    """What contacts, or others (`whose`), who live at `place` fill in; `number` is that of their addresses."""
    pools = make_pools(world.seed)
    first, last = name_positions(world, entity, whose)
    return {
        "first_name": pooled(pools.first_names, first),
        "last_name": pooled(pools.last_names, last),
        "name": pc.binary_join_element_wise(
            from_pool(pools.first_names, first), from_pool(pools.last_names, last), " "
        ),
        "company": pooled(pc.binary_join_element_wise(pools.last_names, "Household", " "), last),
        "email": email(world, entity, whose, number),
        "phone": mobile_phone(world, entity, place, whose),
    } | home_columns(world, entity, place, whose)


def _member_rows(world: World, leads: Leads, mails: Mails) -> Rows:
    """Answers of leads to campaigns, made with the answer; and contacts who were written to."""
    through, before = np.flatnonzero(leads.campaign >= 0), np.flatnonzero(leads.before >= 0)
    lead = np.concatenate([through, before])
    second = np.repeat([0, 1], [len(through), len(before)])
    slot = MAX_RUNS + 2 * (leads.lead[lead] % LEADS_PER_CONTACT) + second
    member = np.concatenate([leads.contact[lead] * MEMBERS_PER_CONTACT + slot, mails.member])
    sort = np.argsort(member)
    n, mailed = len(member), len(mails.contact)

    def together(of_leads: NDArray[Any], of_mails: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([of_leads, of_mails])[sort]

    reached = np.where(second == 0, leads.answered[lead], leads.created[lead])
    number = np.where(second == 0, leads.campaign[lead], leads.before[lead])
    usual = np.array([getattr(run.of, "response_rate", 0.0) for run in calendar(world.behaviour)])
    answers = leads.won[lead] | (uniform(world.seed, "lost lead answers", leads.lead[lead]) < usual[number])
    opens = ~answers & (uniform(world.seed, "lost lead opens", leads.lead[lead]) < _OPENED_ONLY)
    opened = reached + seconds_between(world.seed, "lost lead opens after", leads.lead[lead], 60, 2 * 86_400)
    opened = awake(opened, ZONE_OF_PLACE[leads.place[lead]], reached)
    responded = together(unless(~answers, reached), mails.responded)
    created = together(reached, mails.sent)
    none, nobody = np.full(mailed, NEVER), np.full(mailed, -1)
    return Rows(
        "crm.campaign_member",
        created,
        {
            "id": member[sort],
            "campaign_id": together(number, mails.run),
            "lead_id": together(leads.lead[lead], nobody),
            "contact_id": together(np.full(len(lead), -1), mails.contact),
            "status": np.full(n, _SENT),
            "has_responded": np.zeros(n, dtype=bool),
            "first_responded_date": np.full(n, np.datetime64("NaT"), "datetime64[D]"),
        },
        updates=(
            Update(together(unless(~opens, opened), mails.opened), {"status": np.full(n, _OPENED)}),
            Update(
                responded,
                {
                    "status": np.full(n, _RESPONDED),
                    "has_responded": np.ones(n, dtype=bool),
                    "first_responded_date": responded.astype("datetime64[D]"),
                },
            ),
            Update(
                together(leads.converted[lead], none),
                {"contact_id": together(leads.contact[lead], nobody)},
            ),
        ),
    )
