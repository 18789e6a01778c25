"""Where consumers live and buy: the account that takes each purchase, and the hour at which it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..behaviour.acquisition import SOURCES as LEAD_SOURCES
from ..behaviour.calendar import Hours, SeasonClock, is_closed, second_of_day, share_of_day
from ..behaviour.local_time import ZONE_OF_PLACE, local_day, to_local, to_utc
from ..behaviour.parameters import Behaviour, OpeningHours
from ..draws import Floats, Integers, choice, uniform
from ..pools import PLACES
from ..rows import Seconds, unless
from ..schema import CRM
from ..world import World

# kinds of accounts that sell to consumers: all but the last of the picklist, "wholesale"
CHANNELS = CRM["account"].field("account_source").picklist[:-1]
STORE, ONLINE, MALL = (CHANNELS.index(kind) for kind in ("store", "online", "mall"))
ONLINE_SHOP = 0  # account 0 is the web shop, where everybody buys now and then
_PEOPLE = np.cumsum([place.people for place in PLACES]) / sum(place.people for place in PLACES)
# of those whom each source brings, how many are first seen online
_FIRST_SEEN_ONLINE = np.array(
    [{"Web": 0.55, "Store": 0.0, "Referral": 0.2, "Social": 0.5, "Event": 0.1}[source] for source in LEAD_SOURCES]
)
_AT_HOME, _AT_SECOND = 0.62, 0.23  # of a customer's days of buying; the others are spent online
_ELSEWHERE = 0.1  # customers whose second store is in another city of their time zone
_LAST_CUSTOMER = 180  # seconds before a counter closes


@dataclass(frozen=True)
class Shops:
    """The accounts that sell to consumers, by record number, and where to find a counter.

    Attributes:
        channel: shape (shops,), position in ``CHANNELS``.
        place: shape (shops,), position in ``PLACES``.
        online: record numbers of the online channels.
        by_place, by_zone: counters of each place and of each time zone.
        counters: record numbers of the stores and malls.
    """

    channel: Integers
    place: Integers
    online: Integers
    counters: Integers
    by_place: _Groups
    by_zone: _Groups


@dataclass(frozen=True)
class _Groups:
    """Some accounts, group after group: members ``first[i]`` up to, not including, ``first[i + 1]`` are group i's."""

    member: Integers
    first: Integers

    @classmethod
    def of(cls, member: Integers, group: Integers, groups: int) -> _Groups:
        order = np.argsort(group, kind="stable")
        return cls(member[order], np.searchsorted(group[order], np.arange(groups + 1)))

    def draw(self, group: Integers, u: Floats) -> Integers:
        """A member of each group for a uniform draw, shape (n,); −1 where it has none."""
        if not len(self.member):
            return np.full(len(group), -1)
        size = self.first[group + 1] - self.first[group]
        which = self.first[group] + (u * size).astype(np.int64)
        return np.where(size > 0, self.member[np.minimum(which, len(self.member) - 1)], -1)


@lru_cache(maxsize=2)  # every shard of a process has the same shops
def shops(world: World) -> Shops:
    """The world's shops: the first one is online, the others mostly stores."""
    account = np.arange(world.shops)
    kinds = np.array([STORE, MALL, ONLINE])
    channel = kinds[choice(np.cumsum([0.6, 0.3, 0.1]), uniform(world.seed, "account source", account))]
    channel[ONLINE_SHOP] = ONLINE
    place = account_place(world, account)
    counter = np.flatnonzero(channel != ONLINE)
    zones = int(ZONE_OF_PLACE.max()) + 1
    return Shops(
        channel=channel,
        place=place,
        online=np.flatnonzero(channel == ONLINE),
        counters=counter,
        by_place=_Groups.of(counter, place[counter], len(PLACES)),
        by_zone=_Groups.of(counter, ZONE_OF_PLACE[place[counter]], zones),
    )


def account_place(world: World, account: Integers) -> Integers:
    """Where each account is, position in ``PLACES``: more in large cities."""
    return choice(_PEOPLE, uniform(world.seed, "place of account", account))


def account_zone(world: World, account: Integers) -> Integers:
    """The time zone of each account, position in ``ZONES``."""
    return ZONE_OF_PLACE[account_place(world, account)]


def contact_place(world: World, contact: Integers, source: Integers, purpose: str = "place") -> Integers:
    """Where each contact lives, position in ``PLACES``; who comes by a store lives where there is one.

    Args:
        contact: shape (n,), record numbers; of others than contacts where `purpose` says so ("place of lead").
        source: shape (n,), position among the lead sources.
    """
    u = uniform(world.seed, purpose, contact)
    place = choice(_PEOPLE, u)
    counters = shops(world).counters
    if not len(counters):
        return place
    near = shops(world).place[counters[(u * len(counters)).astype(np.int64)]]
    return np.where(source == LEAD_SOURCES.index("Store"), near, place)


def home_account(world: World, contact: Integers, source: Integers, place: Integers) -> Integers:
    """The store or channel where each contact, who lives at `place`, was first seen."""
    here = shops(world)
    online = here.online[(uniform(world.seed, "online home", contact) * len(here.online)).astype(np.int64)]
    seen_online = uniform(world.seed, "first seen online", contact) < _FIRST_SEEN_ONLINE[source]
    counter = here.by_place.draw(place, uniform(world.seed, "home account", contact))
    return np.where(seen_online | (counter < 0), online, counter)


@dataclass(frozen=True)
class Homes:
    """Where some consumers, numbered in a row, live and buy: shape (n,) each.

    All of a customer's counters are in one time zone, and on one local day all that a customer buys goes to one
    account. So the order of purchases on the shop's clock is their order in time, and nobody buys in two places at
    once.

    Attributes:
        world: whose.
        customer: record numbers, rising by one.
        place: position in ``PLACES``; a walk-in's is the store's.
        home: account where each was first seen.
        second: another store, often; where there is none, the online channel.
        online: the online channel.
        first_day: local day on which each turns up, counted from the shop's first.
    """

    world: World
    customer: Integers
    place: Integers
    home: Integers
    second: Integers
    online: Integers
    first_day: Integers

    @property
    def zone(self) -> Integers:
        """Of each customer, position in ``ZONES``."""
        return ZONE_OF_PLACE[self.place]

    def of(self, customer: Integers) -> Integers:
        """Position of some of the customers."""
        return customer - self.customer[:1]

    def account(self, who: Integers, day: Integers) -> Integers:
        """Where the customers at positions `who` buy on a local day; on the first day, at home.

        When counters are closed they buy online; but a walk-in, who knows one counter, buys there.
        """
        u = uniform(self.world.seed, "order account", self.customer[who], day)
        closed = is_closed(self.world.start + day)
        home = ((u < _AT_HOME) | (day == self.first_day[who])) & ~closed
        second = (u < _AT_HOME + _AT_SECOND) & ~closed
        return np.where(home, self.home[who], np.where(second, self.second[who], self.online[who]))

    def day(self, who: Integers, at: Seconds) -> Integers:
        """The local day of instants, counted from the shop's first."""
        return local_day(at, self.zone[who], self.world.start)

    def moment(self, who: Integers, day: Integers, share: Floats) -> Seconds:
        """The instant at which a share of what is bought that local day, where each buys, has been bought."""
        second = second_of_day(share, self._hours(who, day))
        local = (self.world.start + day).astype("datetime64[s]") + second.astype("timedelta64[s]")
        return to_utc(local, self.zone[who])

    def when(self, season: SeasonClock) -> Callable[[NDArray[np.intp], Floats], Seconds]:
        """For customers at some positions: the instants at which the season's clock reaches some weeks; NaT past it."""
        return lambda who, weeks: unless(season.is_past(weeks), self.moment(who, *season.split(weeks)))

    def share(self, who: Integers, day: Integers, at: Seconds, after: np.timedelta64) -> Floats:
        """What has been bought some time after an instant on a local day, where each buys, as a share of the day's."""
        since = to_local(at, self.zone[who]) - (self.world.start + day).astype("datetime64[s]")
        return share_of_day((since + after).astype(np.int64), self._hours(who, day))

    def _hours(self, who: Integers, day: Integers) -> Hours:
        """When the accounts sell at which customers buy on a local day."""
        return opening_hours(self.world.behaviour, shops(self.world).channel[self.account(who, day)])


def make_homes(
    world: World, customer: Integers, named: NDArray[np.bool_], source: Integers, first_day: Integers
) -> Homes:
    """Where consumers live and buy, who turn up on some local days; walk-ins, without a name, at one store.

    Args:
        customer: shape (n,), record numbers, rising by one, those with a name first.
        named: shape (n,), which of them leave a name.
        source: of these alone, position among the lead sources.
    """
    here, seed = shops(world), world.seed
    contact, walk_in = customer[named], customer[~named]
    place = contact_place(world, contact, source)
    home = home_account(world, contact, source, place)
    online = np.where(here.channel[home] == ONLINE, home, ONLINE_SHOP)
    u = uniform(seed, "second account", contact)
    elsewhere = uniform(seed, "second account is elsewhere", contact) < _ELSEWHERE
    second = np.where(elsewhere, here.by_zone.draw(ZONE_OF_PLACE[place], u), here.by_place.draw(place, u))

    visited = np.full(len(walk_in), ONLINE_SHOP)
    if len(here.counters):
        visited = here.counters[(uniform(seed, "walks in", walk_in) * len(here.counters)).astype(np.int64)]
    return Homes(
        world=world,
        customer=customer,
        place=np.concatenate([place, here.place[visited]]),
        home=np.concatenate([home, visited]),
        second=np.concatenate([np.where(second < 0, online, second), visited]),
        online=np.concatenate([online, visited]),
        first_day=first_day,
    )


def opening_hours(behaviour: Behaviour, channel: Integers) -> Hours:
    """When channels of each kind sell, on their local clock; `channel` is a position in ``CHANNELS``."""
    known: dict[str, OpeningHours] = {hours.channel: hours for hours in behaviour.opening_hours}
    opens, closes = (
        np.array([round(3_600 * getattr(known[kind], end)) for kind in CHANNELS]) for end in ("opens", "closes")
    )
    counter = np.arange(len(CHANNELS)) != ONLINE
    return Hours(opens[channel], (closes - _LAST_CUSTOMER * counter)[channel], counter[channel])
