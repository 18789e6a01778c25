"""What a chapter imports: one line connects `%sql` to the warehouse, the rest formats, draws and says numbers.

A chapter's first code cell is

    from book.notebook import *
    connect()
"""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

from IPython.core.getipython import get_ipython

from warehouse.connect import reading_engine
from warehouse.errors import UserError
from warehouse.settings import load_settings

from .charts import altair as alt
from .charts import show
from .frames import frame, table
from .numbers import count, day, decimal, money, month, percent, say
from .schema_tables import field_table, object_table, schema_diagram

__all__ = [
    "alt",
    "connect",
    "count",
    "day",
    "decimal",
    "field_table",
    "frame",
    "money",
    "month",
    "object_table",
    "percent",
    "say",
    "schema_diagram",
    "show",
    "table",
]


def connect() -> None:
    """Load `%sql` and connect it, for reading only, to the warehouse that the settings name; print nothing.

    The connection is closed while no cell runs, and opens again by itself: others can write meanwhile.

    Raises:
        UserError: the warehouse does not exist yet, or is being written.
    """
    # jupysql would otherwise report its use and look for a newer version of itself over the network
    os.environ["PLOOMBER_STATS_ENABLED"] = "false"
    os.environ["PLOOMBER_VERSION_CHECK_DISABLED"] = "true"
    # files compiled on the way in must not leave their syntax warnings on the page
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sql.magic import SqlMagic
        from sql.run.resultset import ResultSet

        from .reading import ReadingConnection, close_when_idle

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        raise UserError("connect() works in a notebook: open one with `make lab`")
    settings = load_settings()
    logging.getLogger("sql").setLevel(logging.ERROR)

    magic = SqlMagic(shell)
    shell.register_magics(magic)
    magic.feedback = 0
    magic.displaycon = False
    magic.displaylimit = 0
    magic.autopandas = False
    magic.named_parameters = "disabled"
    ReadingConnection(reading_engine(settings), config=magic)
    shell.events.register("post_execute", close_when_idle)

    def plain(result: Any, printer: Any, cycle: bool) -> None:
        printer.text(table(result.keys, result).text())

    formatters = shell.display_formatter.formatters
    formatters["text/html"].for_type(ResultSet, lambda result: table(result.keys, result).html())
    formatters["text/plain"].for_type(ResultSet, plain)
