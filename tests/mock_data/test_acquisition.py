"""Who comes, through which channel and campaign, what leads and answers that leaves, and what it is truly worth."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincinv, ndtr, ndtri

from mock_data import worlds as named_worlds
from mock_data.behaviour.acquisition import SOURCES, calendar, campaign_runs, source_of
from mock_data.behaviour.local_time import AWAKE, ZONE_OF_PLACE, ZONES, to_local
from mock_data.behaviour.parameters import Behaviour, Campaign, Channel, Mailing
from mock_data.behaviour.purchases import draw_rates
from mock_data.crm.marketing import LEADS_PER_CONTACT, campaign_rows, expected_leads, make_mails
from mock_data.crm.orders import FIRST_BOX, FIRST_MAILING, buyer_of_order, purchase_number
from mock_data.crm.people import HEAD_OF_SALES, HEAD_OFFICE_ZONE
from mock_data.pools import PLACES
from mock_data.rows import Rows, as_of
from mock_data.schema import CRM
from mock_data.uplift import Figures, Uplift, table, uplift
from mock_data.world import ARRIVAL_WEEKS, World, end_of
from tests.examples import examples

from .worlds import days_open, default_world, run, worlds

AS_OF = np.datetime64("2025-12-31")
SEEDS = range(12)
STANDARD_ERRORS = 5.0  # how far a mean may be off: one comparison in two million fails by chance
SMALL = {"contacts": 1_500, "accounts": 6, "products": 40}


Tables = Mapping[str, pd.DataFrame]


class AsOf(Tables):
    """Every table of a world as it stands at an instant, record numbers for ids; each is made when it is asked for."""

    def __init__(self, rows: Iterable[Rows], until: np.datetime64) -> None:
        self._until = until
        self._rows: dict[str, list[Rows]] = {}
        for some in rows:
            self._rows.setdefault(some.table, []).append(some)
        self._made: dict[str, pd.DataFrame] = {}

    def __getitem__(self, table: str) -> pd.DataFrame:
        if table not in self._made:
            self._made[table] = pd.concat([self._frame(rows) for rows in self._rows[table]])
        return self._made[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _frame(self, rows: Rows) -> pd.DataFrame:
        created, _, columns = as_of(rows, self._until)
        plain = {name: v if isinstance(v, np.ndarray) else v.to_pandas() for name, v in columns.items()}
        return pd.DataFrame(plain | {"created": created})


def tables(world: World, day: np.datetime64 = AS_OF) -> Tables:
    """Every table of a world as it stands at the end of a day."""
    until = end_of(day)
    return AsOf(run(world, until), until)


def position(table_: str, field: str, value: str) -> int:
    return CRM[table_].field(field).picklist.index(value)


def assert_share(happened: np.ndarray, share: float) -> None:
    error = np.sqrt(share * (1 - share) / max(len(happened), 1))
    assert abs(happened.mean() - share) <= STANDARD_ERRORS * error


@pytest.fixture(scope="module", params=SEEDS, ids=str)
def many(request: pytest.FixtureRequest) -> tuple[World, Tables]:
    world = default_world(seed=request.param, contacts=20_000, accounts=10, products=60)
    world = replace(world, behaviour=replace(world.behaviour, seasonality=0.0, subscriptions=None))
    return world, acquisition(world, end_of(AS_OF))


def acquisition(world: World, until: np.datetime64) -> Tables:
    """The tables of acquisition alone, without texts, for worlds of many contacts."""
    wanted = {*(f"crm.{table}" for table in ("contact", "campaign", "campaign_member", "lead")), "truth.acquisition"}
    found: dict[str, list[pd.DataFrame]] = {}
    for r in run(world, until):
        if r.table in wanted:
            created, modified, columns = as_of(r, until)
            plain = {k: v for k, v in columns.items() if isinstance(v, np.ndarray)}
            if "city" in columns:
                plain["city"] = columns["city"].to_pandas()
            found.setdefault(r.table, []).append(pd.DataFrame(plain | {"created": created, "modified": modified}))
    return {table: pd.concat(pieces, ignore_index=True) for table, pieces in found.items()}


@pytest.fixture(scope="module")
def small() -> tuple[World, Tables]:
    world = default_world(**SMALL)
    return world, tables(world)


# --- channels --------------------------------------------------------------------------------------------------------


def mean_rates(behaviour: Behaviour) -> dict[str, float]:
    """Mean purchase rate of each channel's contacts: the copula integrated numerically."""
    u = (np.arange(20_000) + 0.5) / 20_000
    rate = gammaincinv(behaviour.purchases.r, u) / behaviour.purchases.alpha
    rho = behaviour.channel_quality
    ends = np.cumsum([0.0, *(c.share for c in behaviour.channels)]).clip(0, 1)
    below = [ndtr((ndtri(end) - rho * ndtri(u)) / np.sqrt(1 - rho**2)) for end in ends]
    return {
        c.source: float(np.average(rate, weights=below[i + 1] - below[i])) for i, c in enumerate(behaviour.channels)
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("quality", [0.0, 0.4, 0.9])
def test_channels_bring_customers_of_their_own_kind_and_leave_the_rates_of_all_as_they_are(seed, quality):
    behaviour = replace(Behaviour(), channel_quality=quality)
    contact = np.arange(20_000)
    rate, _ = draw_rates(seed, contact, behaviour.purchases)
    source = source_of(seed, behaviour, contact)
    m = behaviour.purchases
    assert abs(rate.mean() / (m.r / m.alpha) - 1) < STANDARD_ERRORS / np.sqrt(m.r * len(contact))
    assert abs(rate.var() / (m.r / m.alpha**2) - 1) < STANDARD_ERRORS * np.sqrt((2 + 6 / m.r) / len(contact))
    expected = mean_rates(behaviour)
    for channel in behaviour.channels:
        mine = source == SOURCES.index(channel.source)
        assert_share(mine, channel.share)
        error = rate[mine].std() / np.sqrt(mine.sum())
        assert abs(rate[mine].mean() - expected[channel.source]) < STANDARD_ERRORS * error
    ordered = [expected[channel.source] for channel in behaviour.channels]
    assert (np.diff(ordered) > 0).all() if quality else np.ptp(ordered) < 1e-9


# --- campaigns and leads ---------------------------------------------------------------------------------------------


def test_a_campaign_brings_its_share_of_its_channel_while_it_runs_and_nobody_else(many):
    world, crm = many
    came = crm["truth.acquisition"]
    day = (came.created.to_numpy() - world.opening) // np.timedelta64(1, "D")
    through_one = np.zeros(len(came), dtype=bool)
    for of in campaign_runs(world.behaviour):
        within = (day >= of.first) & (day < of.end) & (came.channel == SOURCES.index(of.of.source))
        through = (came.campaign_id == of.number).to_numpy()
        assert not (through & ~within).any()
        if within.any():
            assert_share(through[within], of.of.share)
            assert_share(came.is_incremental[through].to_numpy(), of.of.incremental)
        through_one |= through
    assert (through_one == (came.campaign_id >= 0)).all()
    assert not came.is_incremental[~through_one].any()
    assert len(came) == consumers(world, crm)
    assert (came.contact_id < world.contacts).sum() == world.contacts


def test_leads_that_are_won_and_lost(many):
    world, crm = many
    leads, contacts, came = crm["crm.lead"], crm["crm.contact"], crm["truth.acquisition"]
    won = leads[leads.id % LEADS_PER_CONTACT == 0]
    to_come = won[~won.is_converted].id // LEADS_PER_CONTACT
    assert (to_come >= world.buyers).all() and not to_come.isin(contacts.id).any()
    won = won[won.is_converted]
    lost = leads[leads.id % LEADS_PER_CONTACT > 0]
    assert won.is_converted.all() and not lost.is_converted.any()
    contact = contacts.set_index("id").loc[won.converted_contact_id]
    assert (contact.created.to_numpy() == won.converted_date.to_numpy()).all()
    assert (contact.lead_source.to_numpy() == won.lead_source.to_numpy()).all()
    assert (contact.account_id.to_numpy() == won.converted_account_id.to_numpy()).all()
    assert (won.created <= won.converted_date).all() and (leads.created >= world.opening).all()

    has_lead = came.contact_id.isin(won.converted_contact_id)
    assert has_lead[came.campaign_id >= 0].all()
    assert not has_lead[(came.campaign_id < 0) & (came.channel == SOURCES.index("Store"))].any()
    others = has_lead[(came.campaign_id < 0) & (came.channel != SOURCES.index("Store"))]
    assert_share(others.to_numpy(), 0.6)

    per_contact = len(lost) / world.contacts
    assert abs(per_contact - world.behaviour.leads_lost) < STANDARD_ERRORS * np.sqrt(0.6 / world.contacts) + 0.005
    assert set(lost.status) <= {position("lead", "status", s) for s in ("Open", "Working", "Closed")}
    rate = {
        source: len(won[won.lead_source == i]) / len(leads[leads.lead_source == i])
        for i, source in enumerate(SOURCES)
        if source != "Store"
    }
    assert rate["Social"] < rate["Web"] < rate["Referral"]


def hour(at: pd.Series, zone: np.ndarray | int) -> np.ndarray:
    """The local time of day, in hours."""
    local = to_local(at.to_numpy(), zone)
    return (local - local.astype("datetime64[D]")) / np.timedelta64(1, "h")


def test_leads_come_while_they_are_awake_and_sales_works_on_them_from_its_desk(many):
    _, crm = many
    leads = crm["crm.lead"]
    zone_of_city = {place.city: zone for place, zone in zip(PLACES, ZONE_OF_PLACE, strict=True)}
    came = hour(leads.created, leads.city.astype(str).map(zone_of_city).to_numpy())
    asleep = (came < AWAKE[0]) | (came >= AWAKE[1])
    lost = ~leads.is_converted & (leads.id % LEADS_PER_CONTACT > 0)
    assert not asleep[lost].any()
    assert asleep.mean() < 0.01  # who signs up in the first night of a campaign came in that night
    assert (np.bincount(came[~asleep].astype(int), minlength=23)[7:] > 0.03 * len(leads)).all()

    status = leads.status.map(dict(enumerate(CRM["lead"].field("status").picklist)))
    by_sales = status.isin(["Working", "Closed"])
    at_desk = hour(leads.modified[by_sales], HEAD_OFFICE_ZONE)
    assert ((at_desk >= 8) & (at_desk < 20)).all()
    assert (leads.modified >= leads.created).all()
    touched = leads.last_activity_date.notna()
    assert (touched == (leads.rating >= 0)).all() and touched[by_sales].all() and not touched[status == "Open"].any()
    assert 0.8 < touched[leads.is_converted].mean() < 1  # some convert before the desk opens
    # the integration enters forms and converts; sales enters who came to an event, and works on all
    assert (leads.created_by_id == np.where(leads.lead_source == SOURCES.index("Event"), leads.owner_id, 0)).all()
    changed_by = np.where(by_sales, leads.owner_id, np.where(leads.is_converted, 0, leads.created_by_id))
    assert (leads.last_modified_by_id == changed_by).all()
    hot = leads.rating[touched] == position("lead", "rating", "Hot")
    assert_share(hot[leads.is_converted].to_numpy(), 0.35)
    assert_share(hot[lost].to_numpy(), 0.10)


def test_of_the_lost_leads_of_a_campaign_the_share_of_its_kind_has_answered(many):
    world, crm = many
    assert_responses(world, crm, {"Search": 0.9, "Event": 0.7, "Referral": 0.8, "Social": 0.5})


def test_a_world_sets_how_many_answer_a_campaign():
    world = default_world(seed=5, contacts=9_000, accounts=10, products=30)
    campaigns = tuple(
        replace(campaign, responds=rate)
        for campaign, rate in zip(world.behaviour.campaigns, (0.0, 1.0, None, 0.35, 0.0, 0.6), strict=True)
    )
    world = replace(world, behaviour=replace(world.behaviour, campaigns=campaigns, subscriptions=None))
    crm = acquisition(world, end_of(AS_OF))
    assert_responses(world, crm, {"Event": 0.7})
    usual = default_world(seed=5, contacts=9_000, accounts=10, products=30)
    usual = replace(usual, behaviour=replace(usual.behaviour, subscriptions=None))
    before = acquisition(usual, end_of(AS_OF))
    leads_to_say = ["status", "has_responded", "first_responded_date", "modified"]
    for table_ in ("crm.campaign", "crm.lead", "crm.contact", "truth.acquisition", "crm.campaign_member"):
        a, b = (t[table_].drop(columns=leads_to_say if "member" in table_ else []) for t in (crm, before))
        pd.testing.assert_frame_equal(a, b)  # costs and all else are the same


def assert_responses(world: World, crm: Tables, usual: dict[str, float]) -> None:
    """Of those who came through a campaign, all who were won have answered, and of the lost the share it says."""
    members = crm["crm.campaign_member"].query("lead_id >= 0")
    lost = (members.lead_id % LEADS_PER_CONTACT > 0).to_numpy()
    answered = members.has_responded.to_numpy()
    assert answered[~lost].all() and (members.first_responded_date.notna() == answered).all()
    status = members.status.map(dict(enumerate(CRM["campaign_member"].field("status").picklist))).to_numpy()
    assert ((status == "Responded") == answered).all()
    assert_share((status == "Opened")[~answered], 0.5)
    compared = 0
    for campaign in world.behaviour.campaigns:
        runs_ = [r.number for r in campaign_runs(world.behaviour) if r.of is campaign]
        mine = lost & members.campaign_id.isin(runs_).to_numpy()
        share = usual[campaign.type] if campaign.responds is None else campaign.responds
        assert_share(answered[mine], share)
        compared += int(mine.sum())
    assert compared == lost.sum() > 500


def test_a_campaign_costs_what_its_leads_can_be_expected_to_cost(many):
    world, crm = many
    assert_costs(world, crm, AS_OF, first=0)


def test_campaigns_go_on_after_the_arrival_weeks_and_paused_ones_win_nobody():
    world = default_world(seed=3, contacts=9_000, accounts=10, products=30)
    world = replace(world, behaviour=replace(world.behaviour, seasonality=0.0, subscriptions=None))
    day, first = world.start + 7 * 220, 7 * ARRIVAL_WEEKS
    crm = acquisition(world, end_of(day))
    assert_costs(world, crm, day, first)
    came = crm["truth.acquisition"]
    late = came[came.created >= world.opening + np.timedelta64(first, "D")]
    runs_then = [r.number for r in campaign_runs(world.behaviour) if r.first >= first]
    assert late.campaign_id.isin(runs_then).sum() > 200

    off = replace(world, behaviour=named_worlds.without(world.behaviour, "campaigns"))
    without = acquisition(off, end_of(day))["truth.acquisition"]
    assert (without.campaign_id < 0).all()
    assert set(came.contact_id) - set(without.contact_id) == set(came[came.is_incremental].contact_id)
    assert late.is_incremental.sum() > 50


def assert_costs(world: World, crm: Tables, day: np.datetime64, first: int) -> None:
    """Campaigns that began on the day `first` or later, counted from the shop's own, and have been over for a while."""
    campaigns = crm["crm.campaign"].set_index("id")
    members = crm["crm.campaign_member"]
    clock = world.arrival_clock(end_of(day))
    over = [r for r in campaign_runs(world.behaviour) if r.first >= first and world.start + r.end <= day - 30]
    assert len(over) >= 5
    expected = np.array([expected_leads(world, r, clock) for r in over])
    # those who answer an earlier campaign and come through a later one are that one's leads
    leads = members[members.lead_id >= 0].sort_values("created").drop_duplicates("lead_id", keep="last")
    counted = np.array([(leads.campaign_id == r.number).sum() for r in over])
    assert (np.abs(counted - expected) < STANDARD_ERRORS * np.sqrt(expected)).all()
    for r, leads_expected in zip(over, expected, strict=True):
        cents = 100 * (r.of.fixed_cost + r.of.cost_per_lead * leads_expected)
        assert abs(campaigns.actual_cost[r.number] - cents) <= 1


@examples(25)
@given(worlds, days_open)
def test_a_campaign_moves_from_planned_to_completed_and_its_cost_with_it(world, days):
    day = world.start + days
    campaigns = tables(world, day)["crm.campaign"]
    status = campaigns.status.map(dict(enumerate(CRM["campaign"].field("status").picklist))).to_numpy()
    first, last = (campaigns[end].to_numpy().astype("datetime64[D]") for end in ("start_date", "end_date"))
    assert (first <= last).all() and (campaigns.created.to_numpy() <= np.maximum(first, world.opening)).all()
    assert (status == np.where(day < first, "Planned", np.where(day <= last, "In Progress", "Completed"))).all()
    assert (campaigns.actual_cost[status == "Planned"] == 0).all()
    fixed = np.array([round(100 * r.of.fixed_cost) for r in calendar(world.behaviour)])[campaigns.id]
    assert (campaigns.actual_cost >= fixed)[status == "Completed"].all()
    assert (campaigns.actual_cost == fixed)[status == "In Progress"].all()
    assert (campaigns.is_active == (status == "In Progress")).all()
    spent, budget = campaigns.actual_cost[status == "Completed"], campaigns.budgeted_cost
    assert (abs(spent - budget[spent.index]) <= 10_000).all()  # planned to the hundred
    assert (budget > 0).all() and (budget % 10_000 == 0).all() and (campaigns.expected_revenue > budget).all()
    assert (campaigns.description.str.len() > 20).all()


def test_campaigns_are_planned_and_changed_by_the_head_of_sales_at_her_desk():
    world = default_world()
    (campaigns,) = campaign_rows(world)
    for name in ("owner_id", "created_by_id", "last_modified_by_id"):
        assert (campaigns.columns[name] == HEAD_OF_SALES).all()
    times = [campaigns.created[campaigns.created > world.opening], *(update.at for update in campaigns.updates)]
    for at in times:
        local = hour(pd.Series(at), HEAD_OFFICE_ZONE)
        assert len(at) > 50 and ((local >= 8) & (local < 17)).all()


# --- members ---------------------------------------------------------------------------------------------------------


@examples(25)
@given(worlds, days_open)
def test_answers_come_in_order_to_campaigns_that_run_from_people_who_are_there(world, days):
    crm = tables(world, world.start + days)
    members, leads = crm["crm.campaign_member"], crm["crm.lead"].set_index("id")
    campaigns = crm["crm.campaign"].set_index("id").loc[members.campaign_id]
    created = members.created.to_numpy().astype("datetime64[D]")
    responded = members.first_responded_date.to_numpy().astype("datetime64[D]")
    answered = members.has_responded.to_numpy()
    assert (answered == ~np.isnat(responded)).all()
    assert (answered == (members.status == position("campaign_member", "status", "Responded"))).all()
    assert (responded[answered] >= created[answered]).all()
    assert (created >= campaigns.start_date.to_numpy()).all() and (created <= campaigns.end_date.to_numpy()).all()
    assert (responded[answered] <= campaigns.end_date.to_numpy()[answered]).all()

    by_lead = (members.lead_id >= 0).to_numpy()
    lead = leads.loc[members.lead_id[by_lead]]
    assert (members.contact_id[by_lead].to_numpy() == lead.converted_contact_id.to_numpy()).all()
    assert (members.created[by_lead].to_numpy() >= lead.created.to_numpy()).all()
    assert answered[by_lead][lead.is_converted].all()
    written_to = crm["crm.contact"].set_index("id").loc[members.contact_id[~by_lead]]
    assert (written_to.created.to_numpy() < members.created[~by_lead].to_numpy()).all()
    bounced = written_to.email_bounced_date.to_numpy()
    assert not (bounced < members.created[~by_lead].to_numpy()).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_mail_is_sent_in_the_morning_and_read_while_people_are_awake(seed):
    world = default_world(seed=seed)
    contact = np.arange(4_000, 9_000)
    zone = contact % len(ZONES)
    mails = make_mails(world, contact, np.full(len(contact), world.opening), zone, end_of(AS_OF))
    there = zone[mails.contact - contact[0]]
    sent = hour(pd.Series(mails.sent), there)
    assert len(sent) > 10_000 and ((sent >= 8) & (sent < 11)).all()
    day = world.opening + np.array([r.first for r in calendar(world.behaviour)])[mails.run] * np.timedelta64(1, "D")
    assert (to_local(mails.sent, there).astype("datetime64[D]") == day).all()
    for before, at in ((mails.sent, mails.opened), (mails.opened, mails.responded)):
        done = ~np.isnat(at)
        local = hour(pd.Series(at[done]), there[done])
        assert ((local >= AWAKE[0]) & (local < AWAKE[1])).all() and (at[done] > before[done]).all()
        assert (np.bincount(local.astype(int), minlength=23)[7:] > 0).all()


def test_leads_are_people_and_those_who_are_won_are_the_contacts_they_become(small):
    _, crm = small
    leads = crm["crm.lead"].set_index("id")
    contacts = crm["crm.contact"].set_index("id")
    won = leads[leads.is_converted]
    became = contacts.loc[won.converted_contact_id]
    for name, of_contact in (
        ("first_name", "first_name"), ("last_name", "last_name"), ("name", "name"), ("email", "email"),
        ("phone", "mobile_phone"), ("city", "mailing_city"), ("state", "mailing_state"),
        ("state_code", "mailing_state_code"), ("postal_code", "mailing_postal_code"),
        ("country", "mailing_country"), ("country_code", "mailing_country_code"),
    ):  # fmt: skip
        one, other = won[name].astype(object).to_numpy(), became[of_contact].astype(object).to_numpy()
        assert ((one == other) | (pd.isna(one) & pd.isna(other))).all(), name
    first, last = (leads[name].astype(str) for name in ("first_name", "last_name"))
    assert (leads.name == first + " " + last).all()
    assert (leads.company.astype(str) == last + " Household").all()
    handle = (first + "." + last).str.replace("[^A-Za-z.]", "", regex=True).str.lower()
    lost = leads.index % LEADS_PER_CONTACT > 0
    assert lost.sum() > 500 and leads.email[lost].str.startswith(tuple(set(handle[lost]))).all()
    assert all(mail.startswith(who) for mail, who in zip(leads.email, handle, strict=True))
    # an address does not tell how a lead ends: its form and its number are the same for all
    number = leads.email.str.extract(r"^[a-z]+\.[a-z]+(\d+)@example\.com$")[0].astype(int)
    assert (number == leads.index // LEADS_PER_CONTACT).all()
    assert leads.email.is_unique and 0.6 < leads.phone.notna().mean() < 0.95
    places = {(place.city, place.state) for place in PLACES}
    assert set(zip(leads.city[lost].astype(str), leads.state_code[lost].astype(str), strict=True)) == places


def test_a_mailing_reaches_its_share_of_those_who_may_be_written_to(small):
    world, crm = small
    contacts, members = crm["crm.contact"], crm["crm.campaign_member"]
    letters = Mailing(name="All", week=60, every=5_200, reach=1.0, fixed_cost=1, opens=1.0, responds=1.0, buys=1.0)
    everybody = replace(world, behaviour=replace(world.behaviour, mailings=(letters,)))
    (number,) = [r.number for r in calendar(everybody.behaviour) if isinstance(r.of, Mailing)]
    at = world.start + 7 * 60
    sent = tables(everybody)["crm.campaign_member"].query(f"campaign_id == {number}")
    before = tables(everybody, at - 1)["crm.contact"]
    assert sent.has_responded.all()
    gone_today = len(before) - len(sent) - (before.has_opted_out_of_email | before.email_bounced_date.notna()).sum()
    assert 0 <= gone_today <= 5  # nobody who unsubscribes on the day itself is written to
    mailed = members[members.lead_id < 0]
    assert 0.2 < mailed.status.ne(position("campaign_member", "status", "Sent")).mean() < 0.5
    assert 0.03 < mailed.has_responded.mean() < 0.12
    assert set(mailed.contact_id) <= set(contacts.id)


def test_some_first_touches_are_not_the_last(small):
    _, crm = small
    members = crm["crm.campaign_member"]
    touches = members[members.has_responded & (members.contact_id >= 0)].sort_values(["contact_id", "created"])
    by_contact = touches.groupby("contact_id").campaign_id
    assert (by_contact.first() != by_contact.last()).mean() > 0.1
    answers = members[members.lead_id >= 0].sort_values("created").groupby("lead_id").campaign_id
    twice = answers.count() == 2
    assert 0.1 < twice[twice.index % LEADS_PER_CONTACT == 0].mean() < 0.3
    assert (answers.first() < answers.last())[twice].all()
    came = crm["truth.acquisition"].set_index("contact_id")
    through_lead = touches[touches.lead_id >= 0].groupby("contact_id").campaign_id.last()
    assert (came.campaign_id[through_lead.index] == through_lead).all()


# --- purchases that mailings cause -----------------------------------------------------------------------------------


def test_mailing_purchases_are_made_by_customers_who_have_answered(small):
    _, crm = small
    caused, orders = crm["truth.campaign_purchase"], crm["crm.order"].set_index("id")
    nth = purchase_number(orders.index.to_numpy())
    assert set(caused.order_id) == set(orders.index[(nth >= FIRST_MAILING) & (nth < FIRST_BOX)]) != set()
    contact = buyer_of_order(caused.order_id.to_numpy())
    members = crm["crm.campaign_member"].set_index(["contact_id", "campaign_id"]).sort_index()
    answers = members.loc[list(zip(contact, caused.campaign_id, strict=True))]
    assert answers.has_responded.all()
    assert (answers.created.to_numpy() < orders.created[caused.order_id].to_numpy()).all()
    truth = crm["truth.purchaser"].set_index("contact_id").loc[contact]
    ordered_at = orders.created[caused.order_id].to_numpy()
    assert (truth.first_purchase_at.to_numpy() < ordered_at).all()
    # what comes to nothing does so in the two days after the purchase
    left = truth.dropout_at.to_numpy() + np.timedelta64(2, "D") + np.timedelta64(12, "h") < ordered_at
    assert not left.any()


# --- one thing switched off ------------------------------------------------------------------------------------------


def assert_the_same_but_for(with_it: Tables, without_it: Tables, key: str, gone: set[int], table_: str) -> None:
    a, b = (t[table_].set_index(key) for t in (with_it, without_it))
    assert set(a.index) - set(b.index) == gone
    pd.testing.assert_frame_equal(a.loc[b.index], b)


@pytest.mark.parametrize("name", ["Spring Social", "Bring a Friend", "Winter Search"])
def test_without_a_campaign_only_those_whom_it_alone_brought_are_missing(small, name):
    world, with_it = small
    off = replace(world, behaviour=named_worlds.without(world.behaviour, name))
    without_it = tables(off)
    numbers = {r.number for r in campaign_runs(world.behaviour) if r.of.name == name}
    came = with_it["truth.acquisition"]
    its = came[came.campaign_id.isin(numbers)]
    gone = set(its.contact_id[its.is_incremental])
    assert gone and len(gone) < len(its)

    for table_, key in (("crm.contact", "id"), ("truth.purchaser", "contact_id")):
        there = set(with_it[table_][key])
        assert_the_same_but_for(with_it, without_it, key, gone & there, table_)
    orders = with_it["crm.order"]
    of_gone = set(orders.id[orders.bill_to_contact_id.isin(gone)])
    assert of_gone
    assert_the_same_but_for(with_it, without_it, "id", of_gone, "crm.order")
    for table_, order in (
        ("crm.order_item", "order_id"),
        ("crm.shipment", "order_id"),
        ("crm.return_order", "order_id"),
    ):
        rows = with_it[table_]
        assert_the_same_but_for(with_it, without_it, "id", set(rows.id[rows[order].isin(of_gone)]), table_)
    assert_the_same_but_for(
        with_it,
        without_it,
        "id",
        set(with_it["crm.subscription_c"].query("contact_c in @gone").id),
        "crm.subscription_c",
    )

    # of leads and answers, those that have to do with the campaign, and no others, are gone or different
    members = with_it["crm.campaign_member"]
    concerned = set(members.lead_id[members.campaign_id.isin(numbers) & (members.lead_id >= 0)])
    # who answered a campaign before, and will come through this one's next run, is a lead already
    later = acquisition(world, end_of(AS_OF + 120))["truth.acquisition"]
    concerned |= set(later.contact_id[later.campaign_id.isin(numbers)] * LEADS_PER_CONTACT)
    for table_, key in (("crm.lead", "id"), ("crm.campaign_member", "lead_id")):
        a, b = (t[table_][~t[table_][key].isin(concerned)] for t in (with_it, without_it))
        a = a[~a.contact_id.isin(gone)] if key == "lead_id" else a
        pd.testing.assert_frame_equal(a.set_index("id"), b.set_index("id"))
    assert not without_it["crm.campaign_member"].campaign_id.isin(numbers).any()
    status = without_it["crm.campaign"].set_index("id").loc[sorted(numbers & set(without_it["crm.campaign"].id))]
    begun = status.start_date.to_numpy() <= AS_OF
    assert (status.status == position("campaign", "status", "Aborted"))[begun].all() and (status.actual_cost == 0).all()
    campaigns = [t["crm.campaign"].set_index("id") for t in (with_it, without_it)]
    others = [campaign[~campaign.index.isin(numbers)] for campaign in campaigns]
    pd.testing.assert_frame_equal(*others)


def test_without_mailings_nothing_else_of_the_past_changes(small):
    """Up to the first purchase that a mailing caused, and for all who made none, everything is the same."""
    world, with_it = small
    without_it = tables(replace(world, behaviour=named_worlds.without(world.behaviour, "mailings")))
    caused = set(buyer_of_order(with_it["truth.campaign_purchase"].order_id.to_numpy()))
    assert caused and without_it["truth.campaign_purchase"].empty
    for table_, whose in (
        ("crm.order", "bill_to_contact_id"),
        ("crm.contact", "id"),
        ("truth.purchaser", "contact_id"),
    ):
        a, b = (t[table_][~t[table_][whose].isin(caused)].reset_index(drop=True) for t in (with_it, without_it))
        pd.testing.assert_frame_equal(a, b)
    leads = [t["crm.lead"].reset_index(drop=True) for t in (with_it, without_it)]
    pd.testing.assert_frame_equal(*leads)


# --- uplift ----------------------------------------------------------------------------------------------------------


def consumers(world: World, crm: Tables) -> int:
    """How many contacts do not work at a wholesale account."""
    return int((~world.works_for_wholesaler(crm["crm.contact"].id.to_numpy())).sum())


def money_of(crm: Tables, orders: pd.DataFrame) -> tuple[int, int, int]:
    """Purchases, net revenue and margin of some orders in cents, as the marts define them."""
    orders = orders[orders.status == position("order", "status", "Activated")]
    items = crm["crm.order_item"].query("order_id in @orders.id")
    back = crm["crm.return_order_line_item"]
    paid = back[back.processed_date_c.notna() & back.order_item_id.isin(items.id)]
    unit_cost = crm["crm.product_2"].set_index("id").unit_cost_c
    revenue = int(items.total_price.sum() - paid.refund_amount_c.sum())
    return len(orders), revenue, revenue - int((items.quantity * unit_cost.loc[items.product_2_id].to_numpy()).sum())


@pytest.mark.parametrize("switch", ["campaigns", "Style Fair", "Winter Search"])
def test_the_uplift_of_campaigns_is_what_those_bring_in_whom_they_alone_brought(small, switch):
    world, crm = small
    found = uplift(world, AS_OF, switch)
    came, orders = crm["truth.acquisition"], crm["crm.order"]
    runs = {r.number for r in campaign_runs(world.behaviour) if switch in ("campaigns", r.of.name)}
    incremental = came.contact_id[came.campaign_id.isin(runs) & came.is_incremental]
    purchases, revenue, margin = money_of(crm, orders[orders.bill_to_contact_id.isin(incremental)])
    activated = orders[orders.status == position("order", "status", "Activated")]
    cost = int(crm["crm.campaign"].query("id in @runs").actual_cost.sum())
    assert found.difference == Figures(
        contacts=len(incremental),
        customers=activated.bill_to_contact_id[activated.bill_to_contact_id.isin(incremental)].nunique(),
        purchases=purchases,
        net_revenue=revenue,
        margin=margin,
        campaign_cost=cost,
    )
    assert money_of(crm, orders) == (found.with_it.purchases, found.with_it.net_revenue, found.with_it.margin)
    assert found.with_it.contacts == consumers(world, crm)


def test_attribution_by_last_touch_claims_more_than_campaigns_have_brought(small):
    world, _ = small
    found = uplift(world, AS_OF, "campaigns")
    assert found.attributed is not None
    assert found.attributed.customers > found.difference.customers > 0
    assert found.attributed.margin > found.difference.margin
    assert found.attributed.campaign_cost == found.difference.campaign_cost > 0


@pytest.mark.parametrize("switch", ["campaigns", "Summer Search", "Autumn Social"])
def test_the_last_touch_is_the_last_answer_not_after_the_day_of_the_first_order(small, switch):
    world, crm = small
    attributed = uplift(world, AS_OF, switch).attributed
    orders = crm["crm.order"].query(f"status == {position('order', 'status', 'Activated')}")
    first = orders.groupby("bill_to_contact_id").activated_date.min().astype("datetime64[s]").dt.floor("D")
    members = crm["crm.campaign_member"].query("has_responded and contact_id >= 0")
    touches = members.assign(first=members.contact_id.map(first)).query("first_responded_date <= first")
    last = touches.sort_values(["first_responded_date", "created", "id"]).groupby("contact_id").campaign_id.last()
    runs = {r.number for r in campaign_runs(world.behaviour) if switch in ("campaigns", r.of.name)}
    won = last.index[last.isin(runs)]
    assert attributed is not None and attributed.customers == len(won)
    mine = money_of(crm, crm["crm.order"].query("bill_to_contact_id in @won"))
    assert mine == (attributed.purchases, attributed.net_revenue, attributed.margin)


def test_the_uplift_of_mailings_is_the_purchases_they_caused_where_no_case_drives_anybody_away():
    world = default_world(**SMALL)
    world = replace(world, behaviour=named_worlds.without(world.behaviour, "cases"))
    crm = tables(world)
    caused = crm["crm.order"].query("id in @caused", local_dict={"caused": crm["truth.campaign_purchase"].order_id})
    purchases, revenue, margin = money_of(crm, caused)
    difference = uplift(world, AS_OF, "mailings").difference
    assert (difference.purchases, difference.net_revenue, difference.margin) == (purchases, revenue, margin)
    assert purchases > 0 and difference.contacts == difference.customers == 0


def test_promotions_shift_purchases_and_cases_end_some():
    world = default_world(**SMALL)
    promotions, cases = (uplift(world, AS_OF, switch).difference for switch in ("promotions", "cases"))
    assert promotions.contacts == cases.contacts == promotions.campaign_cost == cases.campaign_cost == 0
    assert promotions.purchases != 0
    assert abs(promotions.purchases) < 0.05 * uplift(world, AS_OF, "cases").with_it.purchases
    assert cases.purchases < 0 and cases.net_revenue < 0


def test_the_table_of_an_uplift_shows_every_figure():
    a, b = Figures(10, 8, 1_000, 123_400, 60_000, 500), Figures(9, 7, 990, 120_000, 58_000, 0)
    lines = table(Uplift(a, b, None)).splitlines()
    assert len(lines) == 7 and all(len(line) == len(lines[0]) for line in lines)
    assert lines[4].split() == ["net", "revenue", "1,234", "1,200", "34"]
    assert "last touch" not in lines[0] and "last touch" in table(Uplift(a, b, a))


# --- campaigns that overlap ------------------------------------------------------------------------------------------


@examples(20)
@given(st.integers(0, 2**32), st.integers(0, 10), st.integers(1, 20), st.sampled_from(["A", "B"]))
def test_of_two_campaigns_at_a_time_each_can_be_switched_off_alone(seed, week, weeks, switch):
    def campaign(name: str, week: int) -> Campaign:
        return Campaign(name=name, type="Search", source="Web", week=week, weeks=weeks, share=0.6, cost_per_lead=1)

    behaviour = replace(
        Behaviour(),
        channels=(Channel(source="Web", share=1.0),),
        campaigns=(campaign("A", 4), campaign("B", week)),
        mailings=(),
        subscriptions=None,
    )
    world = default_world(seed=seed, contacts=300, accounts=2, products=5, behaviour=behaviour)
    day = world.start + 400
    with_it = tables(world, day)["truth.acquisition"].set_index("contact_id")
    came_on = (with_it.created.to_numpy() - world.opening) // np.timedelta64(1, "D")
    first, second = campaign_runs(behaviour)[:2]
    both = (came_on >= second.first) & (came_on < first.end)
    assert not (with_it.campaign_id[both] == second.number).any()  # who would come through either comes by the first

    off = replace(world, behaviour=named_worlds.without(behaviour, switch))
    without_it = tables(off, day)["truth.acquisition"].set_index("contact_id")
    runs = [r.number for r in campaign_runs(behaviour) if r.of.name == switch]
    its = with_it.campaign_id.isin(runs)
    assert set(with_it.index) - set(without_it.index) == set(with_it.index[its & with_it.is_incremental])
    pd.testing.assert_frame_equal(with_it[~its], without_it[~its.loc[without_it.index]])
