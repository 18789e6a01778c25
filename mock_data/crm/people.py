"""Who works at the shop, where it sells, and who its contacts are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..behaviour.acquisition import Origins, heard_of_until, origins, signed_up, source_of
from ..behaviour.calendar import SeasonClock, is_closed
from ..behaviour.local_time import ZONE_OF_PLACE, ZONES
from ..draws import Floats, Integers, choice, uniform
from ..encoding import INTEGRATION_USER, NULL_INTEGER, from_pool, pooled
from ..pools import AREA_CODES, PLACES, STATE_NAMES, Place, make_pools
from ..rows import NEVER, Rows, Seconds, Update, unless
from ..schema import CRM
from ..world import LATER_WALK_INS, PEOPLE_PER_WHOLESALER, World
from .homes import CHANNELS, ONLINE, ONLINE_SHOP, STORE, Homes, account_place, make_homes, shops

_COMPANY = "Menswear"


class _Role(NamedTuple):
    """A place in the hierarchy: below which one (−1: the top), who holds it, and what reports call the branch."""

    name: str
    parent: int
    title: str
    department: str
    team: str


_ROLES = (
    _Role("Chief Executive", -1, "Chief Executive", "Management", "Company"),
    _Role("Head of Sales", 0, "Head of Sales", "Sales", "All Sales"),
    _Role("Head of Service", 0, "Head of Service", "Service", "All Service"),
    _Role("Sales", 1, "Sales Associate", "Sales", "Shop Sales"),
    _Role("Service", 2, "Service Agent", "Service", "Service Desk"),
    _Role("Wholesale Sales", 1, "Account Executive", "Wholesale", "Wholesale Sales"),
)
# user 0 is the integration, which has no role
_ROLE_OF_USER = np.array([-1, 0, 1, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5])
_MANAGER_OF_USER = np.array([-1, -1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 2, 2, 2, 2, 2])
SALES, SERVICE, WHOLESALE_SALES = (np.flatnonzero(role == _ROLE_OF_USER) for role in (3, 4, 5))  # users of each team
HEAD_OF_SALES = int(np.flatnonzero(_ROLE_OF_USER == 1)[0])
_CITIES = [place.city for place in PLACES]
_HEAD_OFFICE = _CITIES.index("New York")
HEAD_OFFICE_ZONE = int(ZONE_OF_PLACE[_HEAD_OFFICE])
DESK_HOURS = (8, 20)  # of service and shop sales, every day, on the head office's clock
_PLACE_OF_USER = np.full(len(_ROLE_OF_USER), _HEAD_OFFICE)
_PLACE_OF_USER[INTEGRATION_USER] = -1
_PLACE_OF_USER[WHOLESALE_SALES] = [
    _CITIES.index(city) for city in ("New York", "Chicago", "Denver", "Los Angeles", "Atlanta")
]
USER_ZONE = np.where(_PLACE_OF_USER < 0, HEAD_OFFICE_ZONE, ZONE_OF_PLACE[_PLACE_OF_USER])  # position in ``ZONES``
_TYPES = CRM["account"].field("type").picklist
_WHOLESALE = CRM["account"].field("account_source").picklist.index("wholesale")
_OWNERSHIPS = CRM["account"].field("ownership").picklist


class _Kind(NamedTuple):
    """A kind of account: what it is, the fewest and the most who work there, the share on the stock exchange."""

    name: str
    description: str
    fewest: int
    most: int
    public: float = 0.0


_TRADES = (  # of wholesale customers
    _Kind("Outfitters", "Country outfitter with a loyal older clientele.", 4, 40),
    _Kind("& Sons", "Family business, menswear and tailoring.", 3, 30),
    _Kind("Department Store", "Department store with a menswear floor.", 120, 1_500, 0.4),
    _Kind("Menswear Group", "Several menswear shops under one buyer.", 40, 600, 0.3),
    _Kind("Trading", "Importer that sells on to independent shops.", 8, 80),
    _Kind("Boutiques", "Small boutiques in the better streets.", 5, 40),
)
_SHOPS = {  # our own, by account_source
    "store": _Kind("Store", "Shop of our own, with a fitting room and alterations.", 4, 16),
    "online": _Kind("Online", "Online channel of our own, shipped from the warehouse.", 15, 120),
    "mall": _Kind("Mall", "Counter of our own in a shopping mall.", 2, 7),
}
_KINDS = (*_TRADES, *(_SHOPS[source] for source in CHANNELS))
_ORDERS_GROW = 0.4  # ten times the people order two and a half times as much
_SALES_PER_HEAD = np.array([90_000, 260_000])  # least and most that a wholesale customer sells in a year
_NOTES = pa.array(
    [
        "Prefers to be served by appointment.",
        "Likes to be asked about the fit.",
        "Came in with his father.",
        "Wants to hear when linen comes in.",
        "Was told about the membership box.",
        "Between two sizes: try both.",
    ]
)
_NOTED = 0.12  # of those who sign up in a store
_IN_STORE = CRM["contact"].field("lead_source").picklist.index("Store")
_LEAVES_PHONE, _LEAVES_MOBILE = 0.4, 0.8
_TELEPHONE, _MOBILE = "telephone", "mobile telephone"  # purposes of the draws
_CHOOSING = np.timedelta64(20, "m")
_PLACES = {name: pa.array([getattr(place, name) for place in PLACES]) for name in Place._fields}
_STATE_CODES = pa.array(STATE_NAMES)
_STATES = pa.array(STATE_NAMES.values())
_STATE_OF_PLACE = np.array([list(STATE_NAMES).index(place.state) for place in PLACES])
_PER_AREA = 100
# 555-0100 to 555-0199 are never given out, in any area
_TELEPHONES = pa.array([f"({AREA_CODES[p.city]}) 555-{number:04}" for p in PLACES for number in range(100, 200)])
# what people at wholesale accounts do: the first one is in charge, the others report to them
_POSITIONS = (
    ("Managing Director", "Management"), ("Head Buyer", "Buying"), ("Buyer", "Buying"),
    ("Merchandiser", "Merchandising"), ("Store Manager", "Stores"), ("Accounts Payable Clerk", "Finance"),
)  # fmt: skip
_POSITIONS_OF_PERSON = 2  # persons 0, 1 and 2 hold one of two positions each
_MOST_PEOPLE = len(_POSITIONS) // _POSITIONS_OF_PERSON
assert _MOST_PEOPLE <= PEOPLE_PER_WHOLESALER
_AT_WHOLESALER = " at wholesaler"


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
    day = day + (~named & is_closed(world.start + day))  # a walk-in finds the door shut, and comes the next day
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
    first, last = pc.if_else(is_person, first, None), pc.if_else(is_person, last, "Web Shop Integration")
    name = pc.binary_join_element_wise(first, last, " ", null_handling="skip")
    alias = pc.binary_join_element_wise(pc.utf8_slice_codeunits(first, 0, 1), pc.utf8_slice_codeunits(last, 0, 7), "")
    login = pc.binary_join_element_wise("user", pc.cast(pa.array(user), pa.string()), "@shop.example.com", "")
    place = _PLACE_OF_USER
    return [
        Rows(
            "crm.user_role",
            np.full(roles, world.opening),
            {
                "id": np.arange(roles),
                "name": pa.array([role.name for role in _ROLES]),
                "developer_name": pa.array([role.name.replace(" ", "_") for role in _ROLES]),
                "rollup_description": pa.array([role.team for role in _ROLES]),
                "parent_role_id": np.array([role.parent for role in _ROLES]),
            },
        ),
        Rows(
            "crm.user",
            np.full(users, world.opening),
            {
                "id": user,
                "username": login,
                "name": name,
                "first_name": first,
                "last_name": last,
                "alias": pc.fill_null(pc.utf8_lower(alias), "webshop"),
                "email": login,
                "phone": telephone(world, "telephone of user", user, place),
                "title": from_pool(pa.array([role.title for role in _ROLES]), _ROLE_OF_USER),
                "department": from_pool(pa.array([role.department for role in _ROLES]), _ROLE_OF_USER),
                "company_name": pa.repeat(_COMPANY, users),
                "user_type": np.zeros(users, dtype=np.int64),
                "is_active": np.ones(users, dtype=bool),
                "manager_id": _MANAGER_OF_USER,
                "user_role_id": _ROLE_OF_USER,
                "time_zone_sid_key": pc.fill_null(from_pool(_PLACES["time_zone"], place), "GMT"),
            }
            | _city(place),
        ),
    ]


def account_rows(world: World) -> list[Rows]:
    """Accounts and their addresses: the shops, then the wholesale customers."""
    n = world.accounts
    account = np.arange(n)
    wholesale = account >= world.shops
    source = np.concatenate([shops(world).channel, np.full(world.wholesalers, _WHOLESALE)])
    place = account_place(world, account)
    opened = np.full(n, world.opening)
    kind = np.where(wholesale, _trade(world, account), len(_TRADES) + source)
    kind_name = from_pool(pa.array([kind.name for kind in _KINDS]), kind)
    number = _five_digits(account)
    street = _street(world, "street of account", account)
    postal_code = _postal_code(world, "postal code of account", account, place)
    city = from_pool(_PLACES["city"], place)
    site = pc.binary_join_element_wise("Site ", number, "")
    is_online = source == ONLINE
    employees, sales = _size_of_account(world, account, kind)
    receives = np.where(is_online, -1, place)
    address = _address(place, street, postal_code)
    accounts = Rows(
        "crm.account",
        opened,
        {
            "id": account,
            "name": pc.if_else(
                pa.array(wholesale),
                wholesaler_name(world, account),
                pc.binary_join_element_wise(_COMPANY, city, kind_name, number, " "),
            ),
            "account_number": account_number(account),
            "account_source": source,
            "industry": pc.if_else(pa.array(wholesale), "Apparel wholesale", "Retail"),
            "type": np.where(wholesale, _TYPES.index("Wholesale"), _TYPES.index("Retail")),
            "ownership": _ownership(world, account, kind),
            "description": pooled(pa.array([kind.description for kind in _KINDS]), kind),
            "number_of_employees": employees,
            "annual_revenue": np.where(wholesale, sales, NULL_INTEGER),
            # counters in malls and further online channels report to the web shop's account
            "parent_id": np.where((source == STORE) | (account == ONLINE_SHOP) | wholesale, -1, ONLINE_SHOP),
            "phone": telephone(world, "telephone of account", account, place),
            "rating": choice(np.cumsum([0.3, 0.5, 0.2]), uniform(world.seed, "rating", account)),
            "site": site,
            "website": pc.if_else(
                pa.array(is_online), pc.binary_join_element_wise("shop", number, ".example.com", ""), None
            ),
            "is_person_account": np.zeros(n, dtype=bool),
            "owner_id": account_owner(world, account),
            "created_by_id": np.full(n, HEAD_OF_SALES),
            "last_modified_by_id": np.full(n, HEAD_OF_SALES),
        }
        | {f"billing_{name}": values for name, values in address.items()}
        | {f"shipping_{name}": values for name, values in _address(receives, street, postal_code).items()},
    )
    kinds = CRM["address"].field("address_type").picklist
    address_type = np.where(wholesale, kinds.index("Billing"), kinds.index("Store"))
    return [accounts, _addresses(world, account, opened, place, address, address_type)]


def _size_of_account(world: World, account: Integers, kind: Integers) -> tuple[Integers, Integers]:
    """How many people work at each account, and what a shop of others with so many sells in a year, in cents."""
    employees = _employees(world, account, kind)
    least, largest = _SALES_PER_HEAD
    per_head = least * (largest / least) ** uniform(world.seed, "sales per head", account)
    return employees, np.rint(employees * per_head / 10_000).astype(np.int64) * 1_000_000  # to 10,000.00


def _employees(world: World, account: Integers, kind: Integers) -> Integers:
    fewest, most = (np.array([getattr(k, end) for k in _KINDS])[kind] for end in ("fewest", "most"))
    people: Floats = fewest * (most / fewest) ** uniform(world.seed, "employees of account", account)
    return people.astype(np.int64)


def size_of_orders(world: World, wholesale_account: Integers) -> Floats:
    """How much each wholesale account orders at a time: more where more people work; 1 on average over all trades."""
    fewest, most = (np.array([getattr(trade, end) for trade in _TRADES]) for end in ("fewest", "most"))
    # mean of employees ** growth where their logarithm is uniform between those of the fewest and the most
    mean = (most**_ORDERS_GROW - fewest**_ORDERS_GROW) / (_ORDERS_GROW * np.log(most / fewest))
    employees = _employees(world, wholesale_account, _trade(world, wholesale_account))
    size: Floats = employees**_ORDERS_GROW / mean.mean()
    return size


def _ownership(world: World, account: Integers, kind: Integers) -> Integers:
    """Our own shops are subsidiaries; a few large customers for resale are public."""
    public = uniform(world.seed, "ownership", account) < np.array([k.public for k in _KINDS])[kind]
    of_customer = np.where(public, _OWNERSHIPS.index("Public"), _OWNERSHIPS.index("Private"))
    return np.where(kind < len(_TRADES), of_customer, _OWNERSHIPS.index("Subsidiary"))


def contact_rows(
    world: World, contact: Integers, at: Seconds, source: Integers, homes: Homes, tasks: Rows
) -> list[Rows]:
    """Contacts, created `at`, and their addresses.

    Args:
        contact: shape (n,), record numbers in a row.
        source: shape (n,), position among the lead sources.
        homes: of these contacts, or of more of which they are the first.
        tasks: all that were given because of them, and perhaps of others.
    """
    seed, n = world.seed, len(contact)
    first, last = names(world, contact)
    place, home = homes.place[:n], homes.home[:n]
    street = _street(world, "street", contact)
    address = _address(place, street, _postal_code(world, "postal code", contact, place))
    in_store = source == _IN_STORE
    seen = unless(~in_store, at)
    noted = in_store & (uniform(seed, "note on contact", contact) < _NOTED)
    note = (uniform(seed, "note", contact) * len(_NOTES)).astype(np.int64)
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
            "name": pc.binary_join_element_wise(first, last, " "),
            "description": pooled(_NOTES, np.where(noted, note, -1)),
            "email": email(world, contact),
            "phone": telephone(world, _TELEPHONE, contact, place, _LEAVES_PHONE),
            "mobile_phone": mobile_phone(world, contact, place),
            "birthdate": world.start - (age * 365.25).astype("timedelta64[D]"),
            "lead_source": source,
            "do_not_call": uniform(seed, "do not call", contact) < 0.2,
            "has_opted_out_of_email": no,
            "email_bounced_date": np.full(n, np.datetime64("NaT"), "datetime64[s]"),
            "last_activity_date": np.full(n, np.datetime64("NaT"), "datetime64[D]"),
            "last_viewed_date": seen,
            "last_referenced_date": seen,
            "owner_id": account_owner(world, home),
        }
        | {f"mailing_{name}": values for name, values in address.items()},
        updates=(
            Update(opts_out, {"has_opted_out_of_email": yes}),
            Update(bounces, {"email_bounced_date": bounces}),
            _last_activity(contact, tasks),
        ),
    )
    shipping = np.full(n, CRM["address"].field("address_type").picklist.index("Shipping"))
    return [contacts, _addresses(world, contact_address(world, contact), at, place, address, shipping)]


def _last_activity(contact: Integers, *activities: Rows) -> Update:
    """What tasks and meetings leave on contacts once they are over: their days, and that somebody looked.

    Args:
        contact: record numbers, rising.
        activities: tables of tasks and of events.
    """
    who, due = (np.concatenate([rows.columns[name] for rows in activities]) for name in ("who_id", "activity_date"))
    over = np.concatenate([_over(rows) for rows in activities])
    row = np.searchsorted(contact, who)
    row[np.append(contact, -1)[row] != who] = -1
    of_contact = np.flatnonzero((row >= 0) & ~np.isnat(over))
    sort = of_contact[np.lexsort((over[of_contact], row[of_contact]))]
    row, at, due = row[sort], over[sort], due[sort]
    # what is done later may have been due earlier: the latest day of each contact's so far
    apart = np.int64(1 << 32)
    latest = np.maximum.accumulate(due.astype(np.int64) + row * apart) - row * apart
    return Update(
        at,
        {
            "last_activity_date": latest.astype("datetime64[D]"),
            "last_viewed_date": at,
            "last_referenced_date": at,
        },
        rows=row,
    )


def _over(activities: Rows) -> Seconds:
    """When each task is done, or each meeting ends; NaT for never."""
    meeting_ends = activities.columns.get("end_date_time")
    return np.asarray(activities.updates[-1].at if meeting_ends is None else meeting_ends)


def names(world: World, entity: Integers, whose: str = "") -> tuple[pa.StringArray, pa.StringArray]:
    """First and last names of contacts, or of somebody else (`whose`, " of user")."""
    pools = make_pools(world.seed)
    first, last = name_positions(world, entity, whose)
    return from_pool(pools.first_names, first), from_pool(pools.last_names, last)


def name_positions(world: World, entity: Integers, whose: str = "") -> tuple[Integers, Integers]:
    """The same names as positions in the pools of first and of last names, shape (n,) each."""
    pools = make_pools(world.seed)
    return (
        _position(world, pools.first_names, f"first name{whose}", entity),
        _position(world, pools.last_names, f"last name{whose}", entity),
    )


def email(world: World, entity: Integers, whose: str = "", number: Integers | None = None) -> pa.StringArray:
    """Addresses made of the names that :func:`names` gives and a number (without one, the entity's)."""
    first, last = _handles(world.seed)
    return pc.binary_join_element_wise(
        _draw(world, first, f"first name{whose}", entity),
        ".",
        _draw(world, last, f"last name{whose}", entity),
        pc.cast(pa.array(entity if number is None else number), pa.string()),
        "@example.com",
        "",
    )


@lru_cache(maxsize=4)
def _handles(seed: int) -> tuple[pa.StringArray, pa.StringArray]:
    """The pools of first and last names as they stand in addresses."""
    pools = make_pools(seed)
    return _handle(pools.first_names), _handle(pools.last_names)


def _handle(name: pa.StringArray) -> pa.StringArray:
    """Names as they stand in addresses: small letters and nothing else."""
    return pc.utf8_lower(pc.replace_substring_regex(name, "[^A-Za-z]", ""))


def contact_address(world: World, contact: Integers) -> Integers:
    """Record number of a contact's address: accounts' addresses come first."""
    return world.accounts + contact


def _addresses(
    world: World,
    address: Integers,
    created: Seconds,
    place: Integers,
    columns: dict[str, pa.Array],
    address_type: Integers,
) -> Rows:
    def near(coordinate: str) -> NDArray[np.float64]:
        centre = _PLACES[coordinate].to_numpy()[place]
        return np.round(centre + 0.3 * (uniform(world.seed, coordinate, address) - 0.5), 5)

    return Rows(
        "crm.address",
        created,
        {
            "id": address,
            "latitude": near("latitude"),
            "longitude": near("longitude"),
            "time_zone": pooled(pa.array(ZONES), ZONE_OF_PLACE[place]),
            "address_type": address_type,
            "geocode_accuracy": choice(np.cumsum([0.6, 0.25, 0.1, 0.05]), uniform(world.seed, "geocode", address)),
        }
        | columns,
    )


def _city(place: Integers) -> dict[str, pa.Array]:
    """City, state and country of each place, the last two with their codes; NULL where it is −1."""
    there = place >= 0
    state = np.where(there, _STATE_OF_PLACE[place], -1)
    country = np.where(there, 0, -1)
    return {
        "city": pooled(_PLACES["city"], place),
        "state": pooled(_STATES, state),
        "state_code": pooled(_STATE_CODES, state),
        "country": pooled(pa.array(["United States"]), country),
        "country_code": pooled(pa.array(["US"]), country),
    }


def _address(place: Integers, street: pa.StringArray, postal_code: pa.StringArray) -> dict[str, pa.Array]:
    """The columns of an address in each place; NULL where it is −1."""
    if (place < 0).any():
        there = pa.array(place >= 0)
        street, postal_code = pc.if_else(there, street, None), pc.if_else(there, postal_code, None)
    return {"street": street, "postal_code": postal_code} | _city(place)


def home_columns(world: World, entity: Integers, place: Integers, whose: str = "") -> dict[str, pa.Array]:
    """Where contacts, or others (`whose`, " of lead"), live: all but the street."""
    return {"postal_code": _postal_code(world, f"postal code{whose}", entity, place)} | _city(place)


def mobile_phone(world: World, entity: Integers, place: Integers, whose: str = "") -> pa.DictionaryArray:
    """Mobile telephones of contacts, or of others, who live at `place`; NULL where somebody gave none."""
    return telephone(world, f"{_MOBILE}{whose}", entity, place, _LEAVES_MOBILE)


def telephone(world: World, purpose: str, entity: Integers, place: Integers, share: float = 1.0) -> pa.DictionaryArray:
    """Numbers in the area of each place that are kept for fiction, so that several people have the same.

    Args:
        place: shape (n,), position in ``PLACES``; −1 for no number.
        share: of all who have one.
    """
    u = uniform(world.seed, purpose, entity)
    has = (u < share) & (place >= 0)
    return pooled(_TELEPHONES, np.where(has, place * _PER_AREA + (u / share * _PER_AREA).astype(np.int64), -1))


def has_number(world: World, contact: Integers) -> NDArray[np.bool_]:
    """Whether each contact left a telephone number of one kind or the other."""
    phone, mobile = (uniform(world.seed, purpose, contact) for purpose in (_TELEPHONE, _MOBILE))
    return (phone < _LEAVES_PHONE) | (mobile < _LEAVES_MOBILE)


def _draw(world: World, pool: pa.StringArray, purpose: str, entity: Integers) -> pa.StringArray:
    return from_pool(pool, _position(world, pool, purpose, entity))


def _position(world: World, pool: pa.StringArray, purpose: str, entity: Integers) -> Integers:
    return (uniform(world.seed, purpose, entity) * len(pool)).astype(np.int64)


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
    """The user who looks after each account: of a wholesale customer, the wholesale seller whose office is nearest."""
    owner = SALES[(uniform(world.seed, "owner", account) * len(SALES)).astype(np.int64)]
    resells = account >= world.shops
    owner[resells] = _nearest_seller()[account_place(world, account[resells])]
    return owner


@lru_cache(maxsize=1)
def _nearest_seller() -> Integers:
    """The wholesale seller whose office is nearest to each place, shape (places,)."""
    latitude, longitude = (np.array([getattr(place, name) for place in PLACES]) for name in ("latitude", "longitude"))
    # flat enough: degrees of longitude are shorter than those of latitude, as in the middle of the country
    x, y = longitude * np.cos(np.radians(latitude.mean())), latitude
    offices = _PLACE_OF_USER[WHOLESALE_SALES]
    away = np.hypot(x[:, np.newaxis] - x[offices], y[:, np.newaxis] - y[offices])
    return WHOLESALE_SALES[away.argmin(axis=1)]


def wholesaler_name(world: World, account: Integers) -> pa.StringArray:
    """Names of wholesale customers: a family's, and what it trades as."""
    family = _draw(world, make_pools(world.seed).last_names, "name of wholesaler", account)
    trade = from_pool(pa.array([trade.name for trade in _TRADES]), _trade(world, account))
    return pc.binary_join_element_wise(family, trade, " ")


def _trade(world: World, account: Integers) -> Integers:
    """What each account would trade as if it bought for resale, position in ``_TRADES``."""
    return (uniform(world.seed, "trade", account) * len(_TRADES)).astype(np.int64)


def people_of_wholesaler(world: World, wholesaler: Integers) -> Integers:
    """How many people of each wholesale account (counted from 0 among these) are known, 1 to 3."""
    first = world.people_at(wholesaler, 0)
    return 1 + (uniform(world.seed, "people at wholesaler", first) * _MOST_PEOPLE).astype(np.int64)


def wholesale_contact_rows(world: World, contact: Integers, tasks: Rows, meetings: Rows) -> list[Rows]:
    """Those people at wholesale accounts who exist, of some record numbers (:meth:`World.people_at`).

    Args:
        tasks, meetings: all that have to do with them, and perhaps with others.
    """
    wholesaler, person = world.wholesaler_of(contact)
    there = person < people_of_wholesaler(world, wholesaler)
    contact, wholesaler, person = contact[there], wholesaler[there], person[there]
    seed, n = world.seed, len(contact)
    account = world.shops + wholesaler
    place, owner = account_place(world, account), account_owner(world, account)
    first, last = names(world, contact, _AT_WHOLESALER)
    person_name = pc.binary_join_element_wise(_handle(first), _handle(last), ".")
    domain = pc.binary_join_element_wise(_handle(wholesaler_name(world, account)), "example.com", ".")
    position = person * _POSITIONS_OF_PERSON
    position += (uniform(seed, "position at wholesaler", contact) * _POSITIONS_OF_PERSON).astype(np.int64)
    title, department = (pa.array(column) for column in zip(*_POSITIONS, strict=True))
    no = np.zeros(n, dtype=bool)
    address = _address(
        place,
        _street(world, "street of account", account),
        _postal_code(world, "postal code of account", account, place),
    )
    return [
        Rows(
            "crm.contact",
            np.full(n, world.opening),
            {
                "id": contact,
                "account_id": account,
                "reports_to_id": np.where(person == 0, -1, world.people_at(wholesaler, 0)),
                "first_name": first,
                "last_name": last,
                "name": pc.binary_join_element_wise(first, last, " "),
                "title": from_pool(title, position),
                "department": from_pool(department, position),
                "email": pc.binary_join_element_wise(person_name, domain, "@"),
                "description": pooled(_NOTES, np.full(n, -1)),
                "phone": telephone(world, "telephone at wholesaler", contact, place),
                "mobile_phone": mobile_phone(world, contact, place, _AT_WHOLESALER),
                "lead_source": np.full(n, -1),
                "do_not_call": no,
                "has_opted_out_of_email": no,
                "last_activity_date": np.full(n, np.datetime64("NaT"), "datetime64[D]"),
                "last_viewed_date": np.full(n, NEVER),
                "last_referenced_date": np.full(n, NEVER),
                "owner_id": owner,
                "created_by_id": owner,
                "last_modified_by_id": owner,
            }
            | {f"mailing_{name}": values for name, values in address.items()},
            updates=(_last_activity(contact, tasks, meetings),),
        )
    ]


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
