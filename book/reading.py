"""`%sql`'s connection to the warehouse: open while cells run, closed while a reader reads, so that others can write."""

from __future__ import annotations

import asyncio
from typing import Any

from sql.connection.connection import ConnectionManager, ResultSetCollection, SQLAlchemyConnection
from sqlalchemy import Connection, Engine

IDLE_SECONDS = 1.0
"""So long after the last cell it is closed: not after each, for opening the DuckDB file anew takes some 50 ms."""

NAME = "warehouse"
"""Of the connection, among those of `%sql`."""


class ReadingConnection(SQLAlchemyConnection):
    """A connection of jupysql's, and its current one, which opens by itself for a query.

    Raises (when it is made, and at a query):
        UserError: the file is missing or being written.
    """

    def __init__(self, engine: Engine, config: Any) -> None:
        previous = ConnectionManager.connections.get(NAME)
        if isinstance(previous, ReadingConnection):
            previous.close_until_used()  # DuckDB has a file open once in a process
        super().__init__(engine, alias=NAME, config=config)
        self._result_sets = _Fetched()
        self._closing: asyncio.TimerHandle | None = None

    def raw_execute(self, query: str, parameters: Any = None, with_: Any = None) -> Any:
        """Run a query, having opened the connection: what goes wrong there is not the query's fault."""
        self.connection_sqlalchemy.connection  # noqa: B018
        return super().raw_execute(query, parameters, with_)

    def close_when_idle(self) -> None:
        """Close in a moment, unless a cell has run by then; at once where no event loop runs."""
        if self._closing is not None:
            self._closing.cancel()
        try:
            # on the thread that runs the cells, so never while one of them runs
            self._closing = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close_until_used)
        except RuntimeError:
            self.close_until_used()

    def close_until_used(self) -> None:
        """Close now."""
        self.connection_sqlalchemy.rollback()
        self.connection_sqlalchemy.invalidate()

    @classmethod
    def _start_sqlalchemy_connection(cls, engine: Engine, connect_str: str) -> Connection:
        return engine.connect()  # jupysql's own puts many words around an error


def close_when_idle() -> None:
    """Close what a cell has left open: to be called after every cell."""
    for connection in ConnectionManager.connections.values():
        if isinstance(connection, ReadingConnection):
            connection.close_when_idle()


class _Fetched(ResultSetCollection):
    """Lets a result take all of its rows at once, so that it needs no connection later."""

    def append(self, result: Any) -> None:
        result.fetchall()
