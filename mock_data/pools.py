"""Words to draw from: Faker makes each pool once, NumPy draws positions in it for millions of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa

_SIZES = {"first_names": 600, "last_names": 900, "streets": 800}


class Place(NamedTuple):
    """A city: its state, the first three digits of its postal codes, where it lies, its clock, its size.

    `people` is what its metropolitan area has, in millions (United States Census Bureau, estimates of 2023).
    """

    city: str
    state: str
    zip: str
    latitude: float
    longitude: float
    time_zone: str
    people: float


PLACES = tuple(
    Place(*place)
    for place in (
        ("New York", "NY", "100", 40.71, -74.01, "America/New_York", 19.5),
        ("Boston", "MA", "021", 42.36, -71.06, "America/New_York", 4.9),
        ("Philadelphia", "PA", "191", 39.95, -75.17, "America/New_York", 6.2),
        ("Washington", "DC", "200", 38.91, -77.04, "America/New_York", 6.3),
        ("Atlanta", "GA", "303", 33.75, -84.39, "America/New_York", 6.2),
        ("Miami", "FL", "331", 25.76, -80.19, "America/New_York", 6.1),
        ("Charlotte", "NC", "282", 35.23, -80.84, "America/New_York", 2.8),
        ("Detroit", "MI", "482", 42.33, -83.05, "America/Detroit", 4.3),
        ("Columbus", "OH", "432", 39.96, -83.00, "America/New_York", 2.1),
        ("Chicago", "IL", "606", 41.88, -87.63, "America/Chicago", 9.4),
        ("Minneapolis", "MN", "554", 44.98, -93.27, "America/Chicago", 3.7),
        ("Saint Louis", "MO", "631", 38.63, -90.20, "America/Chicago", 2.8),
        ("Nashville", "TN", "372", 36.16, -86.78, "America/Chicago", 2.0),
        ("New Orleans", "LA", "701", 29.95, -90.07, "America/Chicago", 1.2),
        ("Dallas", "TX", "752", 32.78, -96.80, "America/Chicago", 7.9),
        ("Houston", "TX", "770", 29.76, -95.37, "America/Chicago", 7.3),
        ("Denver", "CO", "802", 39.74, -104.99, "America/Denver", 3.0),
        ("Salt Lake City", "UT", "841", 40.76, -111.89, "America/Denver", 1.3),
        ("Phoenix", "AZ", "850", 33.45, -112.07, "America/Phoenix", 5.0),
        ("Las Vegas", "NV", "891", 36.17, -115.14, "America/Los_Angeles", 2.3),
        ("San Diego", "CA", "921", 32.72, -117.16, "America/Los_Angeles", 3.3),
        ("Los Angeles", "CA", "900", 34.05, -118.24, "America/Los_Angeles", 12.9),
        ("San Francisco", "CA", "941", 37.77, -122.42, "America/Los_Angeles", 4.6),
        ("Portland", "OR", "972", 45.52, -122.68, "America/Los_Angeles", 2.5),
        ("Seattle", "WA", "981", 47.61, -122.33, "America/Los_Angeles", 4.0),
    )
)

STATE_NAMES = {
    "AZ": "Arizona",
    "CA": "California",
    "CO": "Colorado",
    "DC": "District of Columbia",
    "FL": "Florida",
    "GA": "Georgia",
    "IL": "Illinois",
    "LA": "Louisiana",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MO": "Missouri",
    "NC": "North Carolina",
    "NV": "Nevada",
    "NY": "New York",
    "OH": "Ohio",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "WA": "Washington",
}
# of each city's telephones (North American Numbering Plan Administration)
AREA_CODES = {
    "New York": 212,
    "Boston": 617,
    "Philadelphia": 215,
    "Washington": 202,
    "Atlanta": 404,
    "Miami": 305,
    "Charlotte": 704,
    "Detroit": 313,
    "Columbus": 614,
    "Chicago": 312,
    "Minneapolis": 612,
    "Saint Louis": 314,
    "Nashville": 615,
    "New Orleans": 504,
    "Dallas": 214,
    "Houston": 713,
    "Denver": 303,
    "Salt Lake City": 801,
    "Phoenix": 602,
    "Las Vegas": 702,
    "San Diego": 619,
    "Los Angeles": 213,
    "San Francisco": 415,
    "Portland": 503,
    "Seattle": 206,
}


@dataclass(frozen=True)
class Pools:
    """Arrow string arrays without repeats."""

    first_names: pa.StringArray
    last_names: pa.StringArray
    streets: pa.StringArray


@lru_cache(maxsize=4)
def make_pools(seed: int, locale: str = "en_US") -> Pools:
    """Pools for one seed, in one of Faker's locales."""
    from faker import Faker  # here, not above: whoever needs no pool does not wait for it

    fake = Faker(locale, use_weighting=False)
    fake.seed_instance(seed)

    def pool(make: Callable[[], str], size: int) -> pa.StringArray:
        # a dictionary keeps the order; a locale with few words gives a smaller pool
        return pa.array(list(dict.fromkeys(make() for _ in range(2 * size)))[:size], pa.string())

    return Pools(
        first_names=pool(fake.first_name_male, _SIZES["first_names"]),
        last_names=pool(fake.last_name, _SIZES["last_names"]),
        streets=pool(fake.street_name, _SIZES["streets"]),
    )
