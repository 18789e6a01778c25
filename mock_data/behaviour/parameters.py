"""The numbers that a world's behaviour hangs on, in one place, each with the range in which it makes sense.

A world's YAML (:mod:`mock_data.worlds`) sets any of them by these names; what it leaves out keeps the default here.
Times are whole weeks from the shop's first day, so that a world can start on any date.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
Weeks = Annotated[int, Field(ge=0, le=5_200)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
LeadSource = Literal["Web", "Store", "Referral", "Social", "Event"]
CampaignType = Literal["Email", "Social", "Search", "Event", "Referral"]
SalesChannel = Literal["store", "online", "mall"]
State = Literal[
    "AZ", "CA", "CO", "DC", "FL", "GA", "IL", "LA", "MA", "MI", "MN", "MO", "NC", "NV", "NY", "OH", "OR", "PA", "TN",
    "TX", "UT", "WA",
]  # fmt: skip
BillingPeriod = Literal["monthly", "quarterly", "annual"]

MONTHS: dict[BillingPeriod, int] = {"monthly": 1, "quarterly": 3, "annual": 12}
# of the lost leads of a campaign, by where it runs: who searches wants something, who is shown a picture need not
USUALLY_RESPOND: dict[CampaignType, float] = {
    "Email": 0.6, "Social": 0.5, "Search": 0.9, "Event": 0.7, "Referral": 0.8,
}  # fmt: skip

_CLOSED = ConfigDict(extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, config=_CLOSED)
class OpeningHours:
    """Local hours of one kind of sales channel: from `opens` to `closes`, every day; 13.5 is half past one."""

    channel: SalesChannel
    opens: Annotated[float, Field(ge=0, le=23)]
    closes: Annotated[float, Field(ge=1, le=24)]


@dataclass(frozen=True, config=_CLOSED)
class SalesTax:
    """What a state takes of a sale to a consumer, in percent of its price."""

    state: State
    percent: Annotated[float, Field(ge=0, le=25)]


@dataclass(frozen=True, config=_CLOSED)
class PurchaseParameters:
    """MBG/NBD: how often customers buy and how they drop out (Batislam, Denizel and Filiztekin 2007).

    Attributes:
        r: shape of the Gamma distribution of purchase rates λ.
        alpha: its rate, in weeks of the season's clock.
        a: first shape of the Beta distribution of dropout probabilities p.
        b: second shape.
    """

    r: Positive = 0.8
    alpha: Positive = 9.0
    a: Positive = 0.9
    b: Positive = 2.6


@dataclass(frozen=True, config=_CLOSED)
class SpendParameters:
    """Gamma-Gamma: what customers spend per purchase (Fader, Hardie and Lee 2005).

    Attributes:
        p: shape of the Gamma distribution of one purchase's spend.
        q: shape of the Gamma distribution of the customers' scales ν.
        gamma: its rate, in the shop's currency.
    """

    p: Positive = 6.0
    q: Annotated[float, Field(gt=1, le=1e6)] = 4.0  # at 1 and below, the mean spend is infinite
    gamma: Positive = 50.0


@dataclass(frozen=True, config=_CLOSED)
class Channel:
    """One way in which contacts find the shop: the lead source and its share of the arrivals."""

    source: LeadSource
    share: Share


@dataclass(frozen=True, config=_CLOSED)
class Campaign:
    """A campaign that wins new contacts; it runs again every `every` weeks.

    Attributes:
        name: each run adds its month.
        type: where it runs.
        source: lead source of those it brings.
        week, weeks: first week of the first run, and how long a run lasts.
        every: weeks from one run to the next.
        share: of the source's arrivals while it runs, how many come through it.
        incremental: of those, how many would not have come without it.
        responds: of the leads that came through it and became nobody, how many answered it; those that became a
            contact all did. None: as is usual for its type (``USUALLY_RESPOND``).
        cost_per_lead: what each lead costs, in the shop's currency.
        fixed_cost: what a run costs besides.
        runs: false: it was planned and never ran, and those whom it alone would have brought stay away.
    """

    name: Name
    type: CampaignType
    source: LeadSource
    week: Weeks
    weeks: Annotated[int, Field(ge=1, le=52)]
    share: Share
    cost_per_lead: Annotated[float, Field(ge=0, le=10_000)]
    fixed_cost: Annotated[float, Field(ge=0, le=1e7)] = 0.0
    incremental: Share = 0.7
    responds: Share | None = None
    every: Annotated[int, Field(ge=4, le=5_200)] = 52
    runs: bool = True

    @property
    def response_rate(self) -> float:
        """Share of its lost leads that answered it."""
        return USUALLY_RESPOND[self.type] if self.responds is None else self.responds


@dataclass(frozen=True, config=_CLOSED)
class Mailing:
    """An e-mail to contacts the shop has already, sent every `every` weeks; some buy because of it.

    Attributes:
        reach: share of the contacts with a working address who are written to.
        opens, responds: share of those written to who open it, and share of those who open it who answer.
        buys: of those who answer and are still customers, how many make a purchase they would not have made.
        runs: false: it was planned and never sent.
    """

    name: Name
    week: Weeks
    every: Annotated[int, Field(ge=4, le=5_200)]
    reach: Share
    fixed_cost: Annotated[float, Field(ge=0, le=1e7)]
    opens: Share = 0.35
    responds: Share = 0.2
    buys: Share = 0.3
    runs: bool = True


@dataclass(frozen=True, config=_CLOSED)
class Promotion:
    """Days on which more is sold, at a discount, and days after on which less is: demand is shifted, and lifted.

    Attributes:
        week: first week of the first run, counted from the shop's first day; it runs again every `every` weeks.
        days: how long it lasts.
        lift: demand while it lasts, against a day without it (1.4 is 40 % more).
        dip_days, dip: days after it, and demand on them (0.8 is 20 % less).
        discount: percent off the list price of everything.
    """

    name: Name
    week: Weeks
    days: Annotated[int, Field(ge=1, le=60)]
    lift: Annotated[float, Field(ge=1, le=20)]
    discount: Annotated[int, Field(ge=0, le=90)]
    dip_days: Annotated[int, Field(ge=0, le=60)] = 0
    dip: Annotated[float, Field(ge=0, le=1)] = 1.0
    every: Annotated[int, Field(ge=4, le=5_200)] = 52


@dataclass(frozen=True, config=_CLOSED)
class ServiceParameters:
    """What goes wrong after a sale, and what it does to the customer.

    Attributes:
        late: share of parcels that take a week more.
        case_after_late, case_after_return: share of late parcels and of returns that the customer complains about.
        question: cases per order without either.
        leaves_after_case: chance that a case ends the customer's buying for good, besides the dropout p.
    """

    late: Share = 0.1
    case_after_late: Share = 0.4
    case_after_return: Share = 0.15
    question: Share = 0.01
    leaves_after_case: Share = 0.3


@dataclass(frozen=True, config=_CLOSED)
class Plan:
    """One membership plan: a product like any other, with a price per billing period.

    Attributes:
        unit_price: per box and billing period, before tax, in the shop's currency; at least 1 a month.
        share: weight among the plans that new subscribers choose.
        alpha, beta: sBG: the chance θ of not renewing is Beta(alpha, beta) over the plan's subscribers, and is drawn
            on at each renewal (Fader and Hardie, "How to project customer retention", 2007).
    """

    name: Name
    billing_period: BillingPeriod
    unit_price: Annotated[float, Field(gt=0, le=100_000)]
    share: Annotated[float, Field(gt=0, le=1e6)]
    alpha: Positive
    beta: Positive

    @model_validator(mode="after")
    def _priced(self) -> Plan:
        months = MONTHS[self.billing_period]
        if self.unit_price < months:  # each month's box takes a share of it, which must not round to nothing
            raise ValueError(f"unit_price of a {self.billing_period} plan must be at least {months}")
        return self


_PLANS = (
    Plan(name="Essentials Box, monthly", billing_period="monthly", unit_price=29.9, share=30, alpha=0.8, beta=6.5),
    Plan(name="Classic Box, monthly", billing_period="monthly", unit_price=49.9, share=28, alpha=0.75, beta=7.0),
    Plan(name="Premium Box, monthly", billing_period="monthly", unit_price=89.9, share=10, alpha=0.7, beta=8.0),
    Plan(name="Essentials Box, quarterly", billing_period="quarterly", unit_price=80.7, share=8, alpha=0.9, beta=4.2),
    Plan(name="Classic Box, quarterly", billing_period="quarterly", unit_price=134.7, share=10, alpha=0.85, beta=4.5),
    Plan(name="Classic Box, annual", billing_period="annual", unit_price=499.0, share=9, alpha=0.9, beta=2.4),
    Plan(name="Premium Box, annual", billing_period="annual", unit_price=899.0, share=5, alpha=0.9, beta=2.8),
)


@dataclass(frozen=True, config=_CLOSED)
class SubscriptionParameters:
    """How contacts subscribe to the membership box, and what happens to a subscription.

    Attributes:
        plans: what is on offer.
        subscribes: share of contacts who ever do; `weeks_to_subscribe` after signing up, on average.
        second: share of first subscriptions beside which the customer starts another, `weeks_to_subscribe` after the
            first is paid on average, if it still lasts. It has another billing period than the first, and those that
            follow the first have the first's, so that nobody holds one plan twice.
        trial: share of first subscriptions that begin with a trial of `trial_days`; `converts` of those go on to pay.
        introductory: share that pays `introductory_percent` less until the first renewal.
        upgrade, downgrade, more, fewer: chance a month of moving to the next plan of the same billing period up or
            down in price, and of adding a box, or taking away one that was added.
        same_day: share of plan changes that are taken back the same day.
        pause: chance a month of pausing for one to three months.
        payment_fails: chance that a renewal's payment fails and is made good within `dunning_days`.
        churn_unpaid: share of those who leave who do so by not paying.
        churn_at_once: share of the others who leave the day they ask, not at the end of the paid period.
        erased: share of those who leave the day they ask who also want their data erased: some days later the CRM
            marks the subscription as deleted, and nothing else changes.
        withdrawn: chance a renewal period that a cancellation is scheduled and taken back.
        reactivates: chance that somebody whose subscription ended comes back, `weeks_to_reactivate` later on average;
            `next_day` of those return the day after.
    """

    plans: Annotated[tuple[Plan, ...], Field(min_length=1, max_length=64)] = _PLANS
    subscribes: Share = 0.2
    weeks_to_subscribe: Positive = 14.0
    second: Share = 0.06
    trial: Share = 0.4
    trial_days: Annotated[int, Field(ge=1, le=90)] = 14
    converts: Share = 0.62
    introductory: Share = 0.25
    introductory_percent: Annotated[int, Field(ge=1, le=90)] = 20
    upgrade: Share = 0.015
    downgrade: Share = 0.012
    more: Share = 0.008
    fewer: Share = 0.3
    same_day: Share = 0.05
    pause: Share = 0.015
    payment_fails: Share = 0.04
    dunning_days: Annotated[int, Field(ge=2, le=25)] = 14
    churn_unpaid: Share = 0.22
    churn_at_once: Share = 0.08
    erased: Share = 0.1
    withdrawn: Share = 0.02
    reactivates: Share = 0.16
    weeks_to_reactivate: Positive = 11.0
    next_day: Share = 0.04

    @model_validator(mode="after")
    def _possible(self) -> SubscriptionParameters:
        for one, other in (("upgrade", "downgrade"), ("more", "fewer")):
            if getattr(self, one) + getattr(self, other) > 1:
                raise ValueError(f"{one} and {other} may not add up to more than 1")
        return self


@dataclass(frozen=True, config=_CLOSED)
class WholesaleParameters:
    """The sales team's deals with wholesale customers.

    Attributes:
        share: of the accounts that buy for resale.
        weeks_between_deals: mean time from one deal's opening to the next, per account.
        win: chance that a deal in the middle of the range is won.
        mean_pieces: of one line of a deal; more in a large account's, fewer in a small one's, 10 at least.
    """

    share: Annotated[float, Field(ge=0, le=0.9)] = 0.2
    weeks_between_deals: Positive = 7.0
    win: Share = 0.32
    mean_pieces: Positive = 25.0


@dataclass(frozen=True, config=_CLOSED)
class LapseWave:
    """Some weeks in which many leave at once: a competitor opens, a scandal breaks.

    Attributes:
        week, weeks: when it begins and how long it lasts.
        leaves: share of those who are customers then who leave for good.
    """

    week: Weeks
    weeks: Annotated[int, Field(ge=1, le=104)]
    leaves: Share


@dataclass(frozen=True, config=_CLOSED)
class PriceRise:
    """One day on which every price goes up.

    Attributes:
        week: when.
        percent: by how much.
        foregone: share of the purchases after it that are not made because of it.
        cancels: chance that a subscriber leaves at the first renewal at the new price because of it.
    """

    week: Weeks
    percent: Annotated[int, Field(ge=1, le=200)]
    foregone: Share = 0.0
    cancels: Share = 0.0


_OPENING_HOURS = (
    OpeningHours(channel="store", opens=10, closes=20),
    OpeningHours(channel="online", opens=0, closes=24),
    OpeningHours(channel="mall", opens=10, closes=21),
)

# the states' own general rates of 2024, none in Pennsylvania and Minnesota, which spare clothes; what cities and
# counties add, and what clothes are spared below some price, is left out
_STATE_RATES: dict[State, float] = {
    "AZ": 5.6, "CA": 7.25, "CO": 2.9, "DC": 6.0, "FL": 6.0, "GA": 4.0, "IL": 6.25, "LA": 4.45,
    "MA": 6.25, "MI": 6.0, "MN": 0.0, "MO": 4.225, "NC": 4.75, "NV": 6.85, "NY": 4.0, "OH": 5.75,
    "OR": 0.0, "PA": 0.0, "TN": 7.0, "TX": 6.25, "UT": 4.85, "WA": 6.5,
}  # fmt: skip
_SALES_TAX = tuple(SalesTax(state=state, percent=percent) for state, percent in _STATE_RATES.items())

_CHANNELS = (  # from the one that brings the rarest buyers to the one that brings the keenest
    Channel(source="Social", share=0.15),
    Channel(source="Event", share=0.05),
    Channel(source="Web", share=0.44),
    Channel(source="Store", share=0.24),
    Channel(source="Referral", share=0.12),
)

_CAMPAIGNS = (
    Campaign(
        name="Winter Search", type="Search", source="Web", week=1, weeks=6, share=0.3, cost_per_lead=9, fixed_cost=900
    ),
    Campaign(
        name="Spring Social", type="Social", source="Social", week=10, weeks=8, share=0.55, cost_per_lead=6,
        fixed_cost=1_500, incremental=0.85,
    ),
    Campaign(
        name="Style Fair", type="Event", source="Event", week=19, weeks=3, share=0.8, cost_per_lead=14,
        fixed_cost=2_500, incremental=0.9,
    ),
    Campaign(
        name="Summer Search", type="Search", source="Web", week=24, weeks=6, share=0.3, cost_per_lead=9,
        fixed_cost=900, incremental=0.6,
    ),
    Campaign(
        name="Bring a Friend", type="Referral", source="Referral", week=31, weeks=10, share=0.7, cost_per_lead=11,
        fixed_cost=400,
    ),
    Campaign(
        name="Autumn Social", type="Social", source="Social", week=38, weeks=8, share=0.55, cost_per_lead=6,
        fixed_cost=1_500, incremental=0.85,
    ),
)  # fmt: skip

_MAILINGS = (
    Mailing(name="Newsletter", week=8, every=13, reach=0.3, fixed_cost=300),
    Mailing(name="We Miss You", week=20, every=26, reach=0.2, fixed_cost=250, responds=0.15, buys=0.4),
)

_PROMOTIONS = (
    Promotion(name="Mid-Season Sale", week=14, days=10, lift=1.35, discount=20, dip_days=14, dip=0.9),
    Promotion(name="End of Summer", week=34, days=12, lift=1.4, discount=25, dip_days=14, dip=0.88),
)


@dataclass(frozen=True, config=_CLOSED)
class Behaviour:
    """Everything that is drawn at random, by name.

    Attributes:
        purchases, spend: the two models of repeat buying.
        seasonality: 0 for a flat year, 1 for the shop's full swing of seasons, weekdays and holidays.
        yearly_growth: growth of new contacts a year (0.35 is 35 %).
        never_buys: share of contacts who never order.
        weeks_to_first_purchase: mean delay from signing up to the first purchase.
        opening_hours: of each kind of sales channel, on the clock of the place where it is.
        sales_tax: of each state in which somebody may buy; goods for resale are free of it.
        walk_ins: purchases without a name, as a share of the contacts.
        abandoned, cancelled: draft and cancelled orders per purchase after which the customer stays.
        channels: where contacts come from, the one with the rarest buyers first.
        channel_quality: how far the channel tells the customer: correlation of the customer's place among all
            purchase rates with the channel's place in `channels`. Only who comes through which channel depends on it.
        leads_lost: leads that never become a contact, per contact.
        campaigns, mailings, promotions: what marketing does.
        service: what goes wrong, and what it does.
        subscriptions: the membership box; None for a shop without one.
        wholesale: the sales team's deals.
        lapse_wave, price_rise: what happens once, in some worlds.
    """

    purchases: PurchaseParameters = PurchaseParameters()
    spend: SpendParameters = SpendParameters()
    seasonality: Share = 1.0
    yearly_growth: Annotated[float, Field(ge=-0.9, le=10)] = 0.35
    never_buys: Share = 0.1
    weeks_to_first_purchase: Positive = 0.6
    opening_hours: Annotated[tuple[OpeningHours, ...], Field(max_length=3)] = _OPENING_HOURS
    sales_tax: Annotated[tuple[SalesTax, ...], Field(max_length=60)] = _SALES_TAX
    walk_ins: Share = 0.05
    abandoned: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    cancelled: Annotated[float, Field(ge=0, le=0.5)] = 0.03
    channels: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=5)] = _CHANNELS
    channel_quality: Annotated[float, Field(ge=0, lt=1)] = 0.4
    leads_lost: Annotated[float, Field(ge=0, le=3)] = 0.6
    campaigns: tuple[Campaign, ...] = _CAMPAIGNS
    mailings: tuple[Mailing, ...] = _MAILINGS
    promotions: tuple[Promotion, ...] = _PROMOTIONS
    service: ServiceParameters = ServiceParameters()
    subscriptions: SubscriptionParameters | None = SubscriptionParameters()
    wholesale: WholesaleParameters = WholesaleParameters()
    lapse_wave: LapseWave | None = None
    price_rise: PriceRise | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Behaviour:
        if abs(sum(c.share for c in self.channels) - 1) > 1e-9:
            raise ValueError("the shares of the channels must add up to 1")
        called: tuple[tuple[str, list[str]], ...] = (
            ("opening_hours", [h.channel for h in self.opening_hours]),
            ("sales_tax", [tax.state for tax in self.sales_tax]),
            ("channels", [c.source for c in self.channels]),
            ("campaigns", [*(c.name for c in self.campaigns), *(m.name for m in self.mailings)]),
            ("promotions", [p.name for p in self.promotions]),
            ("plans", [p.name for p in self.subscriptions.plans] if self.subscriptions else []),
        )
        for what, names in called:
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise ValueError(f"{what} must have different names: {twice[0]!r} is there twice")
        for what, there, wanted in (
            ("opening_hours", {h.channel for h in self.opening_hours}, get_args(SalesChannel)),
            ("sales_tax", {tax.state for tax in self.sales_tax}, get_args(State)),
        ):
            missing = [name for name in wanted if name not in there]
            if missing:
                raise ValueError(f"{what} must name every one of {', '.join(wanted)}: {missing[0]} is missing")
        for hours in self.opening_hours:
            if hours.closes - hours.opens < 1:
                raise ValueError(
                    f"opening_hours: {hours.channel} opens at {hours.opens:g} and closes at {hours.closes:g}: "
                    "it must be open for an hour at least"
                )
        known = {c.source for c in self.channels}
        for campaign in self.campaigns:
            if campaign.source not in known:
                raise ValueError(f"campaign {campaign.name!r} brings {campaign.source}, which is no channel")
        return self
