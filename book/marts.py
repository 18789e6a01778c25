"""The marts, opened for reading by what the build writes from them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from warehouse.connect import reading_engine
from warehouse.errors import UserError
from warehouse.settings import Settings


@contextmanager
def reading_marts(settings: Settings) -> Iterator[Connection]:
    """A connection to the warehouse that the settings name.

    Raises:
        UserError: it cannot be opened, or what is asked for is not there.
    """
    try:
        with reading_engine(settings).connect() as connection:
            yield connection
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise UserError(f"the marts cannot be read ({reason}): run `make demo`") from None
