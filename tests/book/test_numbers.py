"""Numbers in prose: rounded as a person would, written one way."""

from datetime import date
from decimal import Decimal

import pytest

from book.numbers import count, day, decimal, money, month, percent, say


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (count(1234567), "1,234,567"),
        (count(Decimal("2.5")), "3"),
        (decimal(1234.25), "1,234.3"),
        (money(Decimal("2500315.63")), "$2,500,315.63"),
        (money(-0.5), "−$0.50"),
        (money(1999.5, 0), "$2,000"),
        (money(-0.001), "$0.00"),
        (count(-1234), "−1,234"),
        (percent(-0.0039), "−0.4%"),
        (percent(0.125, 0), "13%"),
        (percent(Decimal("0.4321")), "43.2%"),
        (percent(0.285), "28.5%"),
        (day(date(2025, 12, 31)), "31 December 2025"),
        (month(date(2025, 12, 31)), "December 2025"),
    ],
)
def test_numbers(written: str, expected: str) -> None:
    assert written == expected


def test_only_text_is_said() -> None:
    with pytest.raises(TypeError, match="format the number first"):
        say("share", 0.5)  # type: ignore[arg-type]
