"""How a number is written in prose, and how a cell hands it to the text around it.

A chapter computes, then says `say("repeat_share", percent(share))`; the text has `<span data-say="repeat_share">`,
which `book.chapter` fills. What is written is text already, so that both engines store the same characters.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from IPython.display import display

CURRENCY = "$"


def count(value: int | float | Decimal) -> str:
    """A whole number: 10,000."""
    return _written(value, 0)


def decimal(value: float | Decimal, places: int = 1) -> str:
    """A number with `places` decimals: 1,234.5."""
    return _written(value, places)


def money(value: float | Decimal, places: int = 2) -> str:
    """An amount: $1,234.50; a loss is −$1,234.50. `places=0` for round sums."""
    text = _written(value, places)
    return f"−{CURRENCY}{text[1:]}" if text.startswith("−") else f"{CURRENCY}{text}"


def percent(share: float | Decimal, places: int = 1) -> str:
    """A share from 0 to 1 as a percentage: 12.3%."""
    return _written(Decimal(str(share)) * 100, places) + "%"


def day(value: date) -> str:
    """A day: 31 December 2025."""
    return f"{value.day} {value:%B %Y}"


def month(value: date) -> str:
    """A month: December 2025."""
    return f"{value:%B %Y}"


def say(name: str, text: str) -> None:
    """Make `text` available to the chapter's prose under `name`; Jupyter shows a line, the book nothing.

    Raises:
        TypeError: something other than text is given; format it first with one of this module's functions.
    """
    if not isinstance(text, str):
        raise TypeError(f"say({name!r}, …) takes text: format the number first, as in say({name!r}, count(…))")
    display({"text/plain": f"{name}: {text}"}, raw=True, metadata={"say": {"name": name, "text": text}})


def _written(value: float | Decimal | int, places: int) -> str:
    """Half-up from the number's shortest decimal form, as a person would round it; a minus sign, none before zero."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{'−' if rounded < 0 else ''}{abs(rounded):,}"
