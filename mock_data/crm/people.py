"""Who works at the shop, where it sells, and who its contacts are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..behaviour.acquisition import Origins, heard_of_until, origins, signed_up, source_of
from ..behaviour.calendar import SeasonClock
from ..draws import Floats, Integers, choice, uniform
from ..encoding import INTEGRATION_USER, from_pool
from ..pools import PLACES, Place, make_pools
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import LATER_WALK_INS, World
from .homes import CHANNELS, ONLINE, ONLINE_SHOP, STORE, Homes, account_place, make_homes, shops

_ROLES = (
    ("Chief Executive", -1), ("Head of Sales", 0), ("Head of Service", 0), ("Sales", 1), ("Service", 2),
    ("Wholesale Sales", 1),
)  # fmt: skip
# user 0 is the integration, which has no role
_ROLE_OF_USER = np.array([-1, 0, 1, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5])
_MANAGER_OF_USER = np.array([-1, -1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 2, 2, 2, 2, 2])
SALES, SERVICE, WHOLESALE_SALES = (np.flatnonzero(role == _ROLE_OF_USER) for role in (3, 4, 5))  # users of each team
HEAD_OF_SALES = int(np.flatnonzero(_ROLE_OF_USER == 1)[0])
_TYPES = CRM["account"].field("type").picklist
_TRADES = pa.array(["Outfitters", "& Sons", "Department Store", "Menswear Group", "Trading", "Boutiques"])
_CHOOSING = np.timedelta64(20, "m")
_PLACES = {name: pa.array([getattr(place, name) for place in PLACES]) for name in Place._fields}


@dataclass(frozen=True)
class Arrivals:
    """When each consumer of a shard first turns up, on both clocks, and what brought them.

    Attributes:
        at: shape (n,), when the contact signs up (or the walk-in comes in); NaT for never.
        due: shape (n,), the same, also for those who never come.
        first_purchase: shape (n,), when the first purchase is due on the season's clock; infinite for never.
        origins: of the contacts alone.
        homes: where each lives and buys.
    """

    at: Seconds
    due: Seconds
    first_purchase: Floats
    origins: Origins
    homes: Homes


def arrivals(world: World, customer: Integers, season: SeasonClock) -> Arrivals:
    """Arrival times and first purchases some time after, of customers of one group (:meth:`World.groups`).

    Local days of arrival rise with the record number, but for those of walk-ins in the arrival weeks. Who comes after
    these weeks does so on the same clock, as many for each unit of it.
    """
    named = world.is_contact(customer)
    u = uniform(world.seed, "arrival", customer)
    if len(customer) and customer[0] >= world.buyers:
        first, n = (world.buyers, world.contacts) if named[0] else (LATER_WALK_INS, world.walk_ins)
        share = 1 + (customer - first + u) / n
    else:
        share = np.where(named, (customer + u) / world.contacts, u)
    clock = world.arrival_clock(heard_of_until(world.behaviour, world.start, season.end))
    weeks = share * world.arrival_span(clock)
    day, passed = clock.split(weeks)
    source = source_of(world.seed, world.behaviour, customer[named])
    homes = make_homes(world, customer, named, source, day)
    who = np.arange(len(customer))
    at = unless(clock.is_past(weeks), homes.moment(who, day, passed))
    brought = origins(world.seed, world.behaviour, customer[named], source, signed_up(world.start, at[named]))
    comes = np.ones(len(customer), dtype=bool)
    comes[named] = brought.comes
    # not before somebody who has signed up can have chosen something
    known = day < len(season.at_midnight) - 1
    chosen = homes.share(who, day, at, _CHOOSING)
    earliest = np.where(known, season.join(np.where(known, day, 0), chosen), np.inf)
    delay = -np.log(uniform(world.seed, "first purchase", customer)) * world.behaviour.weeks_to_first_purchase
    buys = ~named | (uniform(world.seed, "never buys", customer) >= world.behaviour.never_buys)
    first_purchase = np.where(buys & comes, earliest + np.where(named, delay, 0.0), np.inf)
    return Arrivals(np.where(comes, at, NEVER), at, first_purchase, brought, homes)


def staff_rows(world: World) -> list[Rows]:
    """Roles and users."""
    roles, users = len(_ROLES), len(_ROLE_OF_USER)
    user = np.arange(users)
    first, last = names(world, user, " of user")
    is_person = pa.array(user != INTEGRATION_USER)
    name = pc.if_else(is_person, pc.binary_join_element_wise(first, last, " "), "Web Shop Integration")
    login = pc.binary_join_element_wise("user", pc.cast(pa.array(user), pa.string()), "@shop.example.com", "")
    place = np.where(user == INTEGRATION_USER, -1, user % len(PLACES))
    return [
        Rows(
            "crm.user_role",
            np.full(roles, world.opening),
            {
                "id": np.arange(roles),
                "name": pa.array([name for name, _ in _ROLES]),
                "parent_role_id": np.array([parent for _, parent in _ROLES]),
            },
        ),
        Rows(
            "crm.user",
            np.full(users, world.opening),
            {
                "id": user,
                "username": login,
                "name": name,
                "email": login,
                "is_active": np.ones(users, dtype=bool),
                "manager_id": _MANAGER_OF_USER,
                "user_role_id": _ROLE_OF_USER,
                "city": from_pool(_PLACES["city"], place),
                "state": from_pool(_PLACES["state"], place),
            },
        ),
    ]


def account_rows(world: World) -> list[Rows]:
    """Accounts and their addresses: the shops, then the wholesale customers."""
    n = world.accounts
    account = np.arange(n)
    wholesale = account >= world.shops
    source = np.concatenate([shops(world).channel, np.full(world.wholesalers, -1)])
    place = account_place(world, account)
    opened = np.full(n, world.opening)
    kind = from_pool(pa.array([channel.title() for channel in CHANNELS]), source)
    number = _five_digits(account)
    street = _street(world, "street of account", account)
    postal_code = _postal_code(world, "postal code of account", account, place)
    city = from_pool(_PLACES["city"], place)
    state = from_pool(_PLACES["state"], place)
    site = pc.binary_join_element_wise("Site ", number, "")
    is_online = source == ONLINE
    family = _draw(world, make_pools(world.seed).last_names, "name of wholesaler", account)
    trade = from_pool(_TRADES, (uniform(world.seed, "trade", account) * len(_TRADES)).astype(np.int64))
    accounts = Rows(
        "crm.account",
        opened,
        {
            "id": account,
            "name": pc.if_else(
                pa.array(wholesale),
                pc.binary_join_element_wise(family, trade, " "),
                pc.binary_join_element_wise("Menswear", city, pc.fill_null(kind, ""), number, " "),
            ),
            "account_number": account_number(account),
            "account_source": source,
            "industry": pc.if_else(pa.array(wholesale), "Apparel wholesale", "Retail"),
            "type": np.where(wholesale, _TYPES.index("Wholesale"), _TYPES.index("Retail")),
            # counters in malls and further online channels report to the web shop's account
            "parent_id": np.where((source == STORE) | (account == ONLINE_SHOP) | wholesale, -1, ONLINE_SHOP),
            "billing_city": city,
            "billing_state": state,
            "billing_postal_code": postal_code,
            "billing_country": pa.repeat("US", n),
            "rating": choice(np.cumsum([0.3, 0.5, 0.2]), uniform(world.seed, "rating", account)),
            "site": site,
            "website": pc.if_else(
                pa.array(is_online), pc.binary_join_element_wise("shop", number, ".example.com", ""), None
            ),
            "is_person_account": np.zeros(n, dtype=bool),
            "owner_id": account_owner(world, account),
        },
    )
    kinds = CRM["address"].field("address_type").picklist
    address_type = np.where(wholesale, kinds.index("Billing"), kinds.index("Store"))
    return [accounts, _addresses(world, account, opened, place, street, city, state, postal_code, address_type)]


def contact_rows(world: World, contact: Integers, at: Seconds, source: Integers, homes: Homes) -> list[Rows]:
    """Contacts numbered `contact`, created `at`, and their addresses.

    Args:
        source: shape (n,), position among the lead sources.
        homes: of these contacts, or of more of which they are the first.
    """
    seed, n = world.seed, len(contact)
    first, last = names(world, contact)
    place, home = homes.place[:n], homes.home[:n]
    street = _street(world, "street", contact)
    city, state = from_pool(_PLACES["city"], place), from_pool(_PLACES["state"], place)
    postal_code = _postal_code(world, "postal code", contact, place)
    # ages of the first day's customers: mostly 25 to 60, none under 18
    age = 18 + 55 * uniform(seed, "age", contact) ** 1.4 + 7 * uniform(seed, "age again", contact)
    opts_out, bounces = opts_out_at(world, contact, at), bounces_at(world, contact, at)
    no, yes = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    contacts = Rows(
        "crm.contact",
        at,
        {
            "id": contact,
            "account_id": home,
            "first_name": first,
            "last_name": last,
            "email": email(world, contact),
            "birthdate": world.start - (age * 365.25).astype("timedelta64[D]"),
            "lead_source": source,
            "do_not_call": uniform(seed, "do not call", contact) < 0.2,
            "has_opted_out_of_email": no,
            "email_bounced_date": np.full(n, np.datetime64("NaT"), "datetime64[s]"),
            "mailing_street": street,
            "mailing_city": city,
            "mailing_state": state,
            "mailing_postal_code": postal_code,
            "mailing_country": pa.repeat("US", n),
            "owner_id": account_owner(world, home),
        },
        updates=(
            Update(opts_out, {"has_opted_out_of_email": yes}),
            Update(bounces, {"email_bounced_date": bounces}),
        ),
    )
    shipping = np.full(n, CRM["address"].field("address_type").picklist.index("Shipping"))
    address = contact_address(world, contact)
    return [contacts, _addresses(world, address, at, place, street, city, state, postal_code, shipping)]


def names(world: World, entity: Integers, whose: str = "") -> tuple[pa.StringArray, pa.StringArray]:
    """First and last names of contacts, or of somebody else (`whose`, " of user")."""
    pools = make_pools(world.seed)
    return (
        _draw(world, pools.first_names, f"first name{whose}", entity),
        _draw(world, pools.last_names, f"last name{whose}", entity),
    )


def email(world: World, entity: Integers, whose: str = "", before_number: str = "") -> pa.StringArray:
    """Addresses made of the names that :func:`names` gives and the number, so that no two are the same."""
    first, last = _handles(world.seed)
    return pc.binary_join_element_wise(
        _draw(world, first, f"first name{whose}", entity),
        ".",
        _draw(world, last, f"last name{whose}", entity),
        before_number,
        pc.cast(pa.array(entity), pa.string()),
        "@example.com",
        "",
    )


@lru_cache(maxsize=4)
def _handles(seed: int) -> tuple[pa.StringArray, pa.StringArray]:
    """The pools of first and last names as they stand in addresses."""
    pools = make_pools(seed)
    return tuple(
        pc.utf8_lower(pc.replace_substring_regex(pool, "[^A-Za-z]", ""))
        for pool in (pools.first_names, pools.last_names)
    )


def contact_address(world: World, contact: Integers) -> Integers:
    """Record number of a contact's address: accounts' addresses come first."""
    return world.accounts + contact


def _addresses(
    world: World,
    address: Integers,
    created: Seconds,
    place: Integers,
    street: pa.StringArray,
    city: pa.StringArray,
    state: pa.StringArray,
    postal_code: pa.StringArray,
    address_type: Integers,
) -> Rows:
    n = len(address)

    def near(coordinate: str) -> NDArray[np.float64]:
        centre = _PLACES[coordinate].to_numpy()[place]
        return np.round(centre + 0.3 * (uniform(world.seed, coordinate, address) - 0.5), 5)

    return Rows(
        "crm.address",
        created,
        {
            "id": address,
            "street": street,
            "city": city,
            "state": state,
            "postal_code": postal_code,
            "country": pa.repeat("US", n),
            "latitude": near("latitude"),
            "longitude": near("longitude"),
            "time_zone": from_pool(_PLACES["time_zone"], place),
            "address_type": address_type,
            "geocode_accuracy": choice(np.cumsum([0.6, 0.25, 0.1, 0.05]), uniform(world.seed, "geocode", address)),
        },
    )


def _draw(world: World, pool: pa.StringArray, purpose: str, entity: Integers) -> pa.StringArray:
    return from_pool(pool, (uniform(world.seed, purpose, entity) * len(pool)).astype(np.int64))


def _street(world: World, purpose: str, entity: Integers) -> pa.StringArray:
    number = (1 + 980 * uniform(world.seed, f"number of {purpose}", entity)).astype(np.int64)
    street = _draw(world, make_pools(world.seed).streets, purpose, entity)
    return pc.binary_join_element_wise(pc.cast(pa.array(number), pa.string()), street, " ")


def _postal_code(world: World, purpose: str, entity: Integers, place: Integers) -> pa.StringArray:
    last = (100 * uniform(world.seed, purpose, entity)).astype(np.int64)
    digits = pc.utf8_lpad(pc.cast(pa.array(last), pa.string()), 2, "0")
    return pc.binary_join_element_wise(from_pool(_PLACES["zip"], place), digits, "")


def account_number(account: Integers) -> pa.StringArray:
    """The bookkeeping numbers of accounts."""
    return pc.binary_join_element_wise("A", _five_digits(account), "")


def account_owner(world: World, account: Integers) -> Integers:
    """The user who looks after each account: shops and wholesale customers have teams of their own."""
    of_shop = SALES[(uniform(world.seed, "owner", account) * len(SALES)).astype(np.int64)]
    return np.where(account < world.shops, of_shop, WHOLESALE_SALES[account % len(WHOLESALE_SALES)])


def _five_digits(number: Integers) -> pa.StringArray:
    return pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), 5, "0")


def opts_out_at(world: World, contact: Integers, at: Seconds) -> Seconds:
    """When each contact who signed up `at` unsubscribes from e-mails; NaT for never."""
    return _sometime(world, "opt-out", contact, at, share=0.18, weeks=60)


def bounces_at(world: World, contact: Integers, at: Seconds) -> Seconds:
    """When mail to each contact first comes back; NaT for never."""
    return _sometime(world, "bounce", contact, at, share=0.05, weeks=90)


def _sometime(world: World, purpose: str, entity: Integers, after: Seconds, share: float, weeks: float) -> Seconds:
    """When something happens that befalls a `share` of all, some `weeks` after on average; NaT for the others."""
    delay = -np.log(uniform(world.seed, f"{purpose} delay", entity)) * weeks * 7 * 86_400
    at = after + delay.astype(np.int64).astype("timedelta64[s]")
    at[uniform(world.seed, f"{purpose} happens", entity) >= share] = np.datetime64("NaT")
    return at
