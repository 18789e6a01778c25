"""The fields that an org fills on accounts, contacts, users and addresses agree with each other and with events."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mock_data.crm.people import _last_activity, telephone
from mock_data.pools import AREA_CODES, PLACES, STATE_NAMES
from mock_data.rows import NEVER, Rows, Update, as_of
from mock_data.schema import CRM
from mock_data.world import World, end_of

from .worlds import default_world, frames, run

SEEDS = range(12)
UNTIL = end_of(np.datetime64("2024-09-30"))
CITIES = {(place.city, STATE_NAMES[place.state], place.state) for place in PLACES}
# each address: its object, and what its columns begin with
ADDRESSES = [("account", "billing_"), ("account", "shipping_"), ("contact", "mailing_"), ("address", ""), ("user", "")]


def picklist(table: str, field: str) -> tuple[str, ...]:
    return CRM[table].field(field).picklist


def a_world(seed: int) -> World:
    """With so many questions that some contacts have several cases."""
    world = default_world(seed=seed, contacts=400, accounts=30, products=40)
    service = replace(world.behaviour.service, question=0.5)
    return replace(world, behaviour=replace(world.behaviour, service=service))


@pytest.fixture(scope="module", params=SEEDS, ids=str)
def crm(request: pytest.FixtureRequest) -> dict[str, pd.DataFrame]:
    return {key.removeprefix("crm."): f for key, f in frames(run(a_world(request.param), UNTIL), UNTIL).items()}


def consumers(crm: dict[str, pd.DataFrame]) -> pd.DataFrame:
    contacts = crm["contact"]
    return contacts[contacts.lead_source >= 0]


def test_every_city_has_its_state_and_telephones():
    assert {place.city for place in PLACES} == set(AREA_CODES)
    assert {place.state for place in PLACES} == set(STATE_NAMES)
    assert len(set(STATE_NAMES.values())) == len(STATE_NAMES)
    assert len(set(AREA_CODES.values())) == len(AREA_CODES)


@pytest.mark.parametrize(("table", "prefix"), ADDRESSES, ids=lambda x: x)
def test_states_and_countries_stand_with_their_codes(crm, table, prefix):
    found = crm[table]
    columns = [f"{prefix}{name}" for name in ("city", "state", "state_code", "country", "country_code")]
    there = found[columns].dropna(how="all")
    assert set(there[columns[:3]].itertuples(index=False, name=None)) <= CITIES
    assert (there[columns[3]] == "United States").all() and (there[columns[4]] == "US").all()
    if table == "user":
        assert found[columns].isna().all(axis=1).sum() == 1  # the integration sits nowhere
    elif prefix == "shipping_":
        online = found.account_source == picklist("account", "account_source").index("online")
        assert (found[columns].isna().all(axis=1) == online).all() and found[online].shipping_street.isna().all()
        billing = [name.replace("shipping_", "billing_") for name in columns]
        assert (there.to_numpy() == found.loc[there.index, billing].to_numpy()).all()
    else:
        assert len(there) == len(found)


def test_an_address_is_where_its_record_says(crm):
    """Contacts' and accounts' own addresses repeat what stands on the record."""
    world = a_world(0)
    address = crm["address"].set_index("id")
    for table, prefix, first in (("account", "billing_", 0), ("contact", "mailing_", world.accounts)):
        records = consumers(crm) if table == "contact" else crm[table]
        its = address.loc[records.id + first]
        for name in ("street", "city", "state", "state_code", "postal_code", "country"):
            assert (records[f"{prefix}{name}"].to_numpy() == its[name].to_numpy()).all()
        assert its.time_zone.notna().all()


def test_contacts_have_names_telephones_and_no_place_in_a_company(crm):
    contacts = consumers(crm)
    assert (contacts.name == contacts.first_name + " " + contacts.last_name).all()
    for column, share in (("phone", 0.4), ("mobile_phone", 0.8)):
        assert contacts[column].notna().mean() == pytest.approx(share, abs=0.12)
        known = contacts[contacts[column].notna()]
        area = known.mailing_city.map(AREA_CODES)
        assert [re.fullmatch(r"\((\d{3})\) 555-01\d\d", number)[1] for number in known[column]] == area.map(
            str
        ).tolist()
    for column in ("reports_to_id", "title", "department"):
        assert column not in contacts or contacts[column].isna().all() or (contacts[column] == -1).all()
    store = picklist("contact", "lead_source").index("Store")
    noted = contacts.description.notna()
    assert (contacts.lead_source[noted] == store).all()


def test_the_last_dates_of_contacts_are_those_of_their_tasks(crm):
    contacts = consumers(crm).set_index("id")
    completed = picklist("task", "status").index("Completed")
    tasks = crm["task"]
    done = tasks[(tasks.status == completed) & tasks.who_id.isin(contacts.index)]
    latest = done.groupby("who_id").activity_date.max()
    assert len(latest) > 5 and done.who_id.duplicated().any()
    pd.testing.assert_series_equal(
        contacts.last_activity_date.dropna().astype("datetime64[ns]"),
        latest.astype("datetime64[ns]"),
        check_names=False,
    )
    store = picklist("contact", "lead_source").index("Store")
    seen = contacts.last_viewed_date.notna()
    assert (seen == (contacts.lead_source == store) | contacts.index.isin(latest.index)).all()
    assert contacts.last_viewed_date.equals(contacts.last_referenced_date)
    assert (contacts.last_viewed_date[seen] >= contacts.created[seen]).all()
    at_sign_up = seen & ~contacts.index.isin(latest.index)
    assert (contacts.last_viewed_date == contacts.created)[at_sign_up].all()


def test_a_task_done_late_does_not_turn_the_last_activity_back():
    """Tasks of contacts 10 to 13, in no order, one of somebody else, one never done."""
    day = np.datetime64("2024-03-01")
    who, due, done = zip((11, 9, 20), (12, 3, 4), (11, 5, 8), (13, 6, None), (99, 1, 2), (11, 7, 10), strict=True)
    at = np.array([NEVER if d is None else (day + d).astype("datetime64[s]") for d in done], dtype="datetime64[s]")
    columns = {"who_id": np.array(who), "activity_date": day + np.array(due)}
    tasks = Rows("crm.task", np.full(6, day.astype("datetime64[s]")), columns, updates=(Update(at, {}),))
    contact = np.arange(10, 14)
    born = np.full(4, np.datetime64("2024-01-01", "s"))
    never = {"last_activity_date": np.full(4, np.datetime64("NaT"), "datetime64[D]")}
    never |= {name: np.full(4, NEVER) for name in ("last_viewed_date", "last_referenced_date")}
    for days, expected in ((9, [None, 5, 3, None]), (12, [None, 7, 3, None]), (30, [None, 9, 3, None])):
        rows = Rows("crm.contact", born, {"id": contact} | never, updates=(_last_activity(contact, tasks),))
        _, modified, folded = as_of(rows, (day + days).astype("datetime64[s]"))
        wanted = [np.datetime64("NaT") if d is None else day + d for d in expected]
        assert np.array_equal(folded["last_activity_date"], np.array(wanted, "datetime64[D]"), equal_nan=True)
        seen = folded["last_viewed_date"]
        assert np.array_equal(np.isnat(seen), [d is None for d in expected])
        assert (modified == np.where(np.isnat(seen), born, seen)).all()
    nobody = _last_activity(contact[:0], tasks)
    assert len(nobody.at) == 0


def test_accounts_are_as_large_as_their_kind(crm):
    accounts = crm["account"]
    source = np.array(picklist("account", "account_source"))[accounts.account_source]
    kind = np.array(picklist("account", "type"))[accounts.type]
    assert ((source == "wholesale") == (kind == "Wholesale")).all()
    ownership = np.array(picklist("account", "ownership"))[accounts.ownership]
    assert ((ownership == "Subsidiary") == (kind == "Retail")).all()
    public = accounts[ownership == "Public"]
    assert public.name.str.contains("Department Store|Menswear Group").all()
    assert (accounts.number_of_employees > 0).all()
    small = accounts.name.str.contains("& Sons|Boutiques|Outfitters")
    assert (accounts.number_of_employees[small] <= 40).all()
    resells = kind == "Wholesale"
    cents = accounts.annual_revenue[resells]
    assert (cents % 1_000_000 == 0).all() and (cents > 0).all()
    # to the nearest 10,000: so near a large customer's figure to what its people sell
    per_head = cents / 100 / accounts.number_of_employees[resells]
    large = accounts.number_of_employees[resells] > 20
    assert per_head[large].between(89_000, 261_000).all()
    assert (accounts.annual_revenue[~resells] < 0).all()  # NULL
    assert accounts.description.notna().all()
    mall = accounts.description[source == "mall"]
    assert mall.str.contains("mall").all()
    assert [n[1:4] for n in accounts.phone] == [str(AREA_CODES[city]) for city in accounts.billing_city]


def test_users_have_names_titles_and_clocks(crm):
    users = crm["user"]
    people = users[users.first_name.notna()]
    assert len(people) == len(users) - 1
    assert (people.name == people.first_name + " " + people.last_name).all()
    assert (people.alias.str.len() <= 8).all() and (people.alias == people.alias.str.lower()).all()
    assert (people.alias.str[0] == people.first_name.str[0].str.lower()).all()
    zones = {place.city: place.time_zone for place in PLACES}
    assert (people.time_zone_sid_key == people.city.map(zones)).all()
    assert [n[1:4] for n in people.phone] == [str(AREA_CODES[city]) for city in people.city]
    process = users[users.first_name.isna()].iloc[0]
    assert process["name"] == process.last_name and pd.isna(process.title) and process.alias == "webshop"
    roles = crm["user_role"].set_index("id")
    title = dict(zip(people.title, roles.name.loc[people.user_role_id], strict=True))
    assert title["Head of Sales"] == "Head of Sales" and title["Account Executive"] == "Wholesale Sales"
    assert roles.developer_name.str.fullmatch("[A-Za-z][A-Za-z0-9_]*").all() and roles.developer_name.is_unique
    assert roles.rollup_description.is_unique


def test_telephones_go_to_a_share_and_to_nobody_without_a_place():
    world = a_world(3)
    n = 4_000
    place = np.resize(np.arange(-1, len(PLACES)), n)
    numbers = np.asarray(telephone(world, "try", np.arange(n), place, 0.5))
    given = np.array([number is not None for number in numbers])
    assert not given[place < 0].any()
    assert given[place >= 0].mean() == pytest.approx(0.5, abs=0.04)
    assert len(set(numbers[given])) > 0.5 * 100 * len(PLACES)
    assert {number[6:] for number in numbers[given]} == {f"555-01{last:02}" for last in range(100)}
