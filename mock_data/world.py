"""What makes one world and no other: its size, its seed, its first day and how its customers behave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from warehouse.settings import Settings

from . import worlds
from .behaviour.calendar import SeasonClock
from .behaviour.parameters import Behaviour, Plan
from .draws import Integers

ARRIVAL_WEEKS = 156  # contacts arrive over this span whatever the as-of date: it stops the clock, nothing else
SHARD = 8_192  # customers simulated at once; draws are addressed, so the size decides speed and memory only


@dataclass(frozen=True)
class World:
    """Settings of a simulation.

    Buyers are numbered contacts first, then walk-ins, then wholesale accounts; all that a buyer does has record numbers
    that begin with the buyer's, so that keys rise with the shards and no shard needs to know another.

    Attributes:
        seed: of every draw.
        start: the shop's first day, datetime64[D].
        accounts, contacts, products: how many.
        behaviour: parameters of everything drawn at random.
        faults: what goes wrong in the landing, and the share of rows (:mod:`mock_data.faults`).
    """

    seed: int
    start: np.datetime64
    accounts: int
    contacts: int
    products: int
    behaviour: Behaviour = field(default_factory=Behaviour)
    faults: tuple[tuple[str, float], ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> World:
        """The world that the project's settings describe."""
        return cls(
            seed=settings.seed,
            start=np.datetime64(settings.start_date, "D"),
            accounts=settings.number_accounts_to_create,
            contacts=settings.number_contacts_to_create,
            products=settings.number_products_to_create,
            behaviour=worlds.load(settings.world),
        )

    @property
    def opening(self) -> np.datetime64:
        """The shop's first second, datetime64[s]."""
        return self.start.astype("datetime64[s]")

    @property
    def last_arrival(self) -> np.datetime64:
        """The day after the last contact arrives, datetime64[D]."""
        return self.start + np.timedelta64(7 * ARRIVAL_WEEKS, "D")

    @property
    def walk_ins(self) -> int:
        """How many purchases are made by people who leave no name."""
        return round(self.contacts * self.behaviour.walk_ins)

    @property
    def wholesalers(self) -> int:
        """How many of the accounts buy for resale: the last ones."""
        return int(self.accounts * self.behaviour.wholesale.share)

    @property
    def shops(self) -> int:
        """How many of the accounts sell to consumers: the first ones."""
        return self.accounts - self.wholesalers

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Membership plans on offer; their products come after the articles."""
        return self.behaviour.subscriptions.plans if self.behaviour.subscriptions else ()

    @property
    def customers(self) -> int:
        """Consumers who may buy: contacts first, then walk-ins, by record number."""
        return self.contacts + self.walk_ins

    @property
    def buyers(self) -> int:
        """Everybody who may buy: consumers first, then wholesale accounts, by record number."""
        return self.customers + self.wholesalers

    @property
    def shards(self) -> int:
        """How many shards the buyers are cut into: those of consumers, then those of wholesale accounts."""
        return -(-self.customers // SHARD) - (-self.wholesalers // SHARD)

    def shard(self, number: int) -> Integers:
        """Record numbers of the buyers of one shard."""
        consumers = -(-self.customers // SHARD)
        if number < consumers:
            return np.arange(number * SHARD, min((number + 1) * SHARD, self.customers))
        first = self.customers + (number - consumers) * SHARD
        return np.arange(first, min(first + SHARD, self.buyers))

    def season_clock(self, until: np.datetime64) -> SeasonClock:
        """Λ from the first day to `until`, and at least over the weeks in which contacts arrive."""
        end = max(until.astype("datetime64[D]"), self.last_arrival)
        return SeasonClock(self.start, end + 1, self.behaviour.seasonality, promotions=self.behaviour.promotions)

    def arrival_clock(self) -> SeasonClock:
        """The clock on which contacts arrive evenly: the season's, growing, over the arrival weeks."""
        return SeasonClock(self.start, self.last_arrival, self.behaviour.seasonality, self.behaviour.yearly_growth)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> World:
        """The world whose :meth:`as_dict` was kept; other keys do not matter."""
        plain = {f.name: values[f.name] for f in fields(cls)}
        return cls(
            **plain
            | {
                "start": np.datetime64(plain["start"], "D"),
                "behaviour": TypeAdapter(Behaviour).validate_python(plain["behaviour"]),
                "faults": tuple((name, rate) for name, rate in plain["faults"]),
            }
        )

    def as_dict(self) -> dict[str, object]:
        """Plain values, for a manifest."""
        return asdict(self) | {"start": str(self.start)}


def end_of(as_of: np.datetime64) -> np.datetime64:
    """The first second after the as-of day: what happens before it has happened."""
    return (as_of.astype("datetime64[D]") + 1).astype("datetime64[s]")
