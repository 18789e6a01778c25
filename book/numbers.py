"""How a number is written in prose, and how a cell hands it to the text around it.

A chapter computes, then says `say("repeat_share", percent(share))`; the text has {glue:text}`repeat_share`. What is
written is text already, so that both engines store the same characters.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from IPython.display import display

CURRENCY = "$"


def count(value: int | float | Decimal) -> str:
    """A whole number: 10,000."""
    return f"{_rounded(value, 0):,}"


def decimal(value: float | Decimal, places: int = 1) -> str:
    """A number with `places` decimals: 1,234.5."""
    return f"{_rounded(value, places):,}"


def money(value: float | Decimal, places: int = 2) -> str:
    """An amount: $1,234.50; a loss is −$1,234.50. `places=0` for round sums."""
    amount = _rounded(value, places)
    return f"{'−' if amount < 0 else ''}{CURRENCY}{abs(amount):,}"


def percent(share: float | Decimal, places: int = 1) -> str:
    """A share from 0 to 1 as a percentage: 12.3%."""
    return f"{_rounded(Decimal(str(share)) * 100 if isinstance(share, float) else share * 100, places):,}%"


def day(value: date) -> str:
    """A day: 31 December 2025."""
    return f"{value.day} {value:%B %Y}"


def month(value: date) -> str:
    """A month: December 2025."""
    return f"{value:%B %Y}"


def say(name: str, text: str) -> None:
    """Make `text` available to the chapter's prose under `name`; the cell itself shows nothing in the book.

    Raises:
        TypeError: something other than text is given; format it first with one of this module's functions.
    """
    if not isinstance(text, str):
        raise TypeError(f"say({name!r}, …) takes text: format the number first, as in say({name!r}, count(…))")
    # the message MyST-NB's own `glue` sends, without importing Sphinx into every kernel
    kind = "application/papermill.record/text/plain"
    metadata: dict[str, Any] = {"scrapbook": {"name": name, "mime_prefix": "application/papermill.record/"}}
    display({kind: repr(text)}, raw=True, metadata=metadata)


def _rounded(value: float | Decimal | int, places: int) -> Decimal:
    """Half-up from the number's shortest decimal form, as a person would round it."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
