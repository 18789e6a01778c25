"""How wholesale deals go: when an account opens one, how far it comes, how long it stands, and whether it is won.

Each account opens deals as a Poisson process, at a rate of its own. Whether a deal is won is drawn when it opens, from
a chance that depends on who owns it and on the deal; one that will be lost is lost in one of the four open stages. How
long it stands in a stage says nothing about how it ends. The sales team works on weekdays, in the hours in which both
its own office and the account's are open; days are those on both their calendars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from ..draws import Floats, Integers, choice, uniform
from ..quantiles import gamma_quantile
from ..rows import Seconds
from .calendar import PUBLIC_HOLIDAYS
from .local_time import at_hours, to_utc
from .parameters import WholesaleParameters

MAX_DEALS = 256  # of one account; record numbers leave room for so many
OPEN_STAGES = 4
LOST_IN = np.array([0.25, 0.30, 0.25, 0.20])  # of the deals that are lost, how many in each open stage
_WORKING_DAYS = np.array([6.0, 9.0, 11.0, 9.0])  # in each stage on average, besides the shortest stay
_SHORTEST = 2
_REGULARITY = 3.0  # shape of the Gamma distribution of the accounts' rates around their mean
_SPREAD_OF_OWNERS, _SPREAD_OF_DEALS = 0.3, 0.6  # standard deviations of the chance to win, in log-odds
_OFFICE_HOURS = (9, 17)  # local time
_MONDAY = np.datetime64("1970-01-05")

Days = NDArray[np.datetime64]  # datetime64[D]


@dataclass(frozen=True)
class Zones:
    """Time zones of two offices that deal with each other, positions in ``ZONES``, shape (n,) each."""

    ours: Integers
    theirs: Integers

    def of(self, some: NDArray[np.bool_] | NDArray[np.intp]) -> Zones:
        """Those of some of the pairs."""
        return Zones(self.ours[some], self.theirs[some])


@dataclass(frozen=True)
class Deals:
    """Deals, by account and number: shape (n,) unless said otherwise.

    Attributes:
        deal: record numbers, rising.
        wholesaler: who would buy, counted from 0 among the wholesale accounts.
        number: of the deal among the account's, from 0.
        owner: record number of the user who works on it.
        win_probability: as drawn when it opened.
        won: how it ends, or will end.
        last_stage: the open stage it ends from, 0 to 3.
        entered: shape (n, 4), when it comes to each open stage; NaT for a stage it does not reach.
        days_in_stage: shape (n, 4), working days from one stage to the next; of stages not reached, they mean nothing.
        closed: when it ends, or will end.
        entered_on: shape (n, 4), local day on which it comes to each open stage; or would.
        closed_on: local day on which it ends.
        zones: time zones of its owner and of its account.
    """

    deal: Integers
    wholesaler: Integers
    number: Integers
    owner: Integers
    win_probability: Floats
    won: NDArray[np.bool_]
    last_stage: Integers
    entered: Seconds
    days_in_stage: Integers
    closed: Seconds
    entered_on: Days
    closed_on: Days
    zones: Zones

    @property
    def opened(self) -> Seconds:
        """When each deal comes into being."""
        return self.entered[:, 0]

    @property
    def opened_on(self) -> Days:
        """The local day on which it does."""
        return self.entered_on[:, 0]


def make_deals(
    seed: int,
    parameters: WholesaleParameters,
    start: np.datetime64,
    wholesaler: Integers,
    own_user: Integers,
    users: Integers,
    until: np.datetime64,
    account_zone: Integers,
    user_zone: Integers,
) -> Deals:
    """All deals that open before `until`, each with its whole life.

    Args:
        start: the shop's first day, datetime64[D].
        wholesaler: shape (m,), accounts, counted from 0 among the wholesale ones, rising.
        own_user: shape (m,), the user who looks after each account; most of its deals are theirs.
        users: the wholesale sales team.
        account_zone: shape (m,), time zone of each account, position in ``ZONES``.
        user_zone: time zone of every user, by record number.

    Raises:
        OverflowError: an account opens more deals than record numbers allow.
    """
    who, number, day = _openings(seed, parameters, start, wholesaler, until)
    deal = wholesaler[who] * MAX_DEALS + number
    owner = np.where(
        uniform(seed, "deal of another's account", deal) < 0.25,
        users[(uniform(seed, "owner of deal", deal) * len(users)).astype(np.int64)],
        own_user[who],
    )
    chance = win_probability(seed, parameters, deal, owner)
    won = uniform(seed, "deal is won", deal) < chance
    lost_in = choice(np.cumsum(LOST_IN), uniform(seed, "deal is lost in", deal))
    last = np.where(won, OPEN_STAGES - 1, lost_in)

    n = len(deal)
    zones = Zones(user_zone[owner], account_zone[who])
    days = np.empty((n, OPEN_STAGES + 1), dtype="datetime64[D]")
    stay = np.empty((n, OPEN_STAGES), dtype=np.int64)
    at = np.empty((n, OPEN_STAGES + 1), dtype="datetime64[s]")
    for stage in range(OPEN_STAGES + 1):
        days[:, stage] = day
        at[:, stage] = office_time(seed, "deal moves", day, zones, deal, stage)
        if stage < OPEN_STAGES:
            more = -np.log(uniform(seed, "days in stage", deal, stage)) * _WORKING_DAYS[stage]
            stay[:, stage] = _SHORTEST + more.astype(np.int64)
            day = working_days_later(day, stay[:, stage])
    closed, closed_on = at[np.arange(n), last + 1], days[np.arange(n), last + 1]
    entered = np.where(np.arange(OPEN_STAGES) <= last[:, np.newaxis], at[:, :OPEN_STAGES], np.datetime64("NaT"))
    opens = at[:, 0] < until
    return Deals(
        deal[opens], wholesaler[who][opens], number[opens], owner[opens], chance[opens], won[opens], last[opens],
        entered[opens], stay[opens], closed[opens], days[opens, :OPEN_STAGES], closed_on[opens], zones.of(opens),
    )  # fmt: skip


def win_probability(seed: int, parameters: WholesaleParameters, deal: Integers, owner: Integers) -> Floats:
    """Chance that each deal is won: better in some hands than in others, and different from deal to deal."""
    skill = _SPREAD_OF_OWNERS * ndtri(uniform(seed, "skill of user", owner))
    promise = _SPREAD_OF_DEALS * ndtri(uniform(seed, "promise of deal", deal))
    return expit(logit(parameters.win) + skill + promise)


def _openings(
    seed: int, parameters: WholesaleParameters, start: np.datetime64, wholesaler: Integers, until: np.datetime64
) -> tuple[NDArray[np.intp], Integers, Days]:
    """Position of the account, number and day of every deal that may open before `until`, by account and number."""
    rate = gamma_quantile(_REGULARITY, uniform(seed, "deals of account", wholesaler)) / _REGULARITY
    rate /= 7 * parameters.weeks_between_deals
    last_day = (until.astype("datetime64[D]") - start).astype(np.int64)
    found: list[tuple[NDArray[np.intp], Integers, Integers]] = []
    who, elapsed = np.arange(len(wholesaler)), np.zeros(len(wholesaler))
    number = 0
    while len(who):
        elapsed[who] += -np.log(uniform(seed, "next deal", wholesaler[who], number)) / rate[who]
        who = who[elapsed[who] < last_day + 1]
        if len(who) and number == MAX_DEALS:
            raise OverflowError(f"a wholesale account reached {MAX_DEALS} deals: shorten the run or open fewer")
        found.append((who, np.full(len(who), number), elapsed[who].astype(np.int64)))
        number += 1
    if not found:
        return who, np.empty(0, dtype=np.int64), np.empty(0, dtype="datetime64[D]")
    which, nth, day = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((nth, which))
    return which[order], nth[order], working_days_later(start + day[order], np.zeros(len(order), dtype=np.int64))


def working_days_later(day: Days, days: Integers) -> Days:
    """The day that many working days after `day`; a day on which nobody works counts as the next."""
    return np.busday_offset(day, days, roll="forward", holidays=PUBLIC_HOLIDAYS)


def working_day_number(day: Days) -> Integers:
    """How many working days there are from some Monday long ago to each day, which a working day adds one to."""
    return np.busday_count(_MONDAY, day, holidays=PUBLIC_HOLIDAYS)


def office_hours(day: Days, zones: Zones) -> tuple[Seconds, Seconds]:
    """When each local day's work begins and ends where both offices are open; without such hours, where the account is.

    Returns:
        two arrays of instants, shape (n,): from 9:00 in the office that opens later to 17:00 in the one that closes
        earlier.
    """
    nine, five = (at_hours(day, np.full(len(day), share), *_OFFICE_HOURS) for share in (0.0, 1.0))
    our_start, start = (to_utc(nine, zone) for zone in (zones.ours, zones.theirs))
    our_end, end = (to_utc(five, zone) for zone in (zones.ours, zones.theirs))
    opens, closes = np.maximum(our_start, start), np.minimum(our_end, end)
    together = opens < closes
    return np.where(together, opens, start), np.where(together, closes, end)


def office_time(
    seed: int, purpose: str, day: Days, zones: Zones, entity: Integers, step: Integers | int = 0
) -> Seconds:
    """A second of each local day in the hours of both offices."""
    opens, closes = office_hours(day, zones)
    second = uniform(seed, purpose, entity, step) * (closes - opens).astype(np.int64)
    return opens + second.astype(np.int64).astype("timedelta64[s]")
