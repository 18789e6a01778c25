"""From text to values: what each row of a log says, and why some rows are refused.

What lands equals what the file says, to the cent, or does not land. So a row is refused where its customer or date is
missing or unclear, where its amount is not a plain number of at most two decimals that the warehouse can hold, and
where the amount is negative: a log does not say which purchase a refund belongs to, and landed as an order it would
count as one more purchase of a customer who in truth gave something back. Amounts of 0.00 are kept: they are visits,
and the spend models leave them out by themselves.

Dates are read without guessing: year first (2024-05-31, 2024/05/31 or 20240531, with or without a time), or exactly
as `--date-format` says. A time with an offset is brought to UTC; one without is taken for UTC; a day alone is its
midnight. Amounts are plain numbers; a file whose numbers hold commas has to say which mark is the decimal one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from warehouse.errors import UserError
from warehouse.settings import FIRST_DAY, LAST_DAY

MAX_QUANTITY = 1_000_000_000
MAX_CUSTOMER = 1_000  # characters: a name or a key, and no text
_NO_VALUE = "('', 'nan', 'null', 'none', '\\n')"  # how programs write that there is none
_PLAIN = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?"
_YEAR_FIRST = (
    r"[0-9]{4}(-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2})"
    r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?)?"
)


@dataclass(frozen=True)
class Conventions:
    """How a file writes things.

    Attributes:
        date_format: strptime pattern; None reads dates that begin with the year.
        decimal: the decimal mark, "." or ","; the other one, blanks and apostrophes then part thousands. None takes
            numbers with a point and refuses those with a comma.
    """

    date_format: str | None = None
    decimal: str | None = None

    def check(self) -> None:
        """Raises `UserError` where a value cannot be what a file does."""
        if self.decimal not in (None, ".", ","):
            raise UserError(f"--decimal {self.decimal}: it must be . or ,")
        if self.date_format is None:
            return
        marks = set(re.findall(r"%-?([A-Za-z])", self.date_format.replace("%%", "")))
        if not (marks & set("Yy") and (marks & {"j"} or (marks & set("mbB") and marks & {"d"}))):
            raise UserError(
                f"--date-format {self.date_format}: it must name a year, a month and a day, as %d/%m/%Y does"
            )
        try:
            duckdb.execute("select try_strptime('', ?)", [self.date_format])
        except duckdb.Error:
            raise UserError(f"--date-format {self.date_format}: it holds a mark that strptime does not know") from None


def database() -> duckdb.DuckDBPyConnection:
    """An empty in-memory database to parse in; times are UTC."""
    connection = duckdb.connect(":memory:")
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false; set preserve_insertion_order = true")
    return connection


def parse(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[pa.Table],
    conventions: Conventions,
    *,
    width: int,
    has_quantity: bool,
    as_of: dt.date | None = None,
) -> None:
    """Create table `parsed` in `connection`, one row for each row of the file, in the file's order.

    Columns: line; customer (text); bought_at (timestamp, UTC); amount; quantity; reason (text: why the row
    is refused, reasons parted by "; "; NULL where it lands); and the file's own texts as raw_customer, raw_date,
    raw_amount, raw_quantity, of refused rows only; as raw_row where the fields are too few or too many to tell apart.

    Args:
        tables: rows as :mod:`.read` gives them.
        width: how many fields a row should have, for the reason given where it has another number.
        has_quantity: whether the file has a column of quantities; a row without one counts as one piece.
        as_of: later rows are refused; None takes them all.
    """
    conventions.check()
    select = _select(conventions, width, has_quantity, as_of)
    connection.execute(
        "create table parsed (line bigint, customer varchar, bought_at timestamp, amount decimal(18, 2), "
        "quantity bigint, reason varchar, "
        "raw_customer varchar, raw_date varchar, raw_amount varchar, raw_quantity varchar, raw_row varchar)"
    )
    for table in tables:
        connection.register("rows", table)
        connection.execute(f"insert into parsed {select}")
        connection.unregister("rows")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _number(column: str, decimal: str | None) -> tuple[str, str]:
    """SQL: whether `column` is written as a number, and the number as text that a cast understands."""
    if decimal is None:
        return f"regexp_full_match({column}, {_literal(_PLAIN)})", column
    point, comma = re.escape(decimal), "," if decimal == "." else r"\."
    parting = f"[{comma}'\u2019 \u00a0\u202f]"  # what may part thousands, in groups of three only
    whole = f"[0-9]{{1,3}}({parting}[0-9]{{3}})+|[0-9]+"
    pattern = _literal(f"[+-]?({whole})({point}[0-9]*)?([eE][+-]?[0-9]{{1,4}})?")
    bare = f"regexp_replace({column}, {_literal(parting)}, '', 'g')"
    return (
        f"regexp_full_match({column}, {pattern})",
        f"replace({bare}, {_literal(decimal)}, '.')",
    )


def _select(conventions: Conventions, width: int, has_quantity: bool, as_of: dt.date | None) -> str:
    if conventions.date_format is None:
        at = (
            "case when regexp_full_match(date, '[0-9]{8}') then try_strptime(date, '%Y%m%d') "
            f"when regexp_full_match(date, {_literal(_YEAR_FIRST)}) then try_cast(date as timestamptz)::timestamp end"
        )
        hint = " (the year comes first, or give --date-format)"
    else:
        at = f"try_strptime(date, {_literal(conventions.date_format)})::timestamp"
        hint = f" as {conventions.date_format}"
    is_amount, amount = _number("amount", conventions.decimal)
    is_quantity, quantity = _number("quantity", conventions.decimal)
    comma = "a comma in the amount: say whether --decimal . or --decimal , is meant"
    # beyond 8 decimals a difference is the trace of binary arithmetic: 19.990000000000002 is 19.99
    after = f"bought_at >= timestamp '{as_of + dt.timedelta(days=1)}'" if as_of else "false"
    quantity_reason = (
        f"""case when quantity is null or lower(quantity) in {_NO_VALUE} then 'the quantity is missing'
                when not coalesce(pieces between 1 and {MAX_QUANTITY}, false)
                    then 'the quantity is not a whole number from 1 to {MAX_QUANTITY}' end"""
        if has_quantity
        else "null"
    )
    return rf"""
        with typed as (
            select
                *,
                {at} as bought_at,
                {is_amount} as is_amount,
                case when {is_amount} then {amount} end as amount_text,
                case when {is_quantity} then {quantity} end as quantity_text
            from rows
        ),
        -- 128-bit arithmetic is slow, so only what is written in an unusual way goes through it
        exact as (
            select
                *,
                coalesce(regexp_full_match(amount_text, '[+-]?[0-9]{{0,15}}(\.[0-9]{{0,2}}0*)?'), false) as is_usual,
                coalesce(regexp_full_match(quantity_text, '[0-9]{{1,10}}(\.0*)?'), false) as is_usual_quantity,
                case when not is_usual then try_cast(amount_text as decimal(38, 8)) end as exact_amount,
                case when not is_usual_quantity then try_cast(quantity_text as decimal(38, 8)) end as exact_quantity
            from typed
        ),
        valued as (
            select
                *,
                case when is_usual then try_cast(amount_text as decimal(18, 2))
                    when exact_amount = round(exact_amount, 2) then try_cast(exact_amount as decimal(18, 2))
                    end as money,
                case when is_usual_quantity then try_cast(quantity_text as bigint)
                    when exact_quantity = floor(exact_quantity) then try_cast(exact_quantity as bigint)
                    end as pieces
            from exact
        ),
        judged as (
            select
                *,
                case when misfit is not null then 'not ' || {width} || ' fields'
                else nullif(concat_ws('; ',
                    case when customer is null or lower(customer) in {_NO_VALUE} then 'the customer is missing'
                        when contains(customer, chr(0)) then 'the customer holds a NUL character'
                        when length(customer) > {MAX_CUSTOMER}
                            then 'the customer has more than {MAX_CUSTOMER} characters' end,
                    case when date is null or lower(date) in {_NO_VALUE} then 'the date is missing'
                        when bought_at is null then {_literal("the date is not understood" + hint)}
                        when bought_at::date not between date '{FIRST_DAY}' and date '{LAST_DAY}'
                            then 'the date is not between {FIRST_DAY} and {LAST_DAY}'
                        when {after} then 'after the as-of date' end,
                    case when amount is null or lower(amount) in {_NO_VALUE} then 'the amount is missing'
                        when not is_amount and contains(amount, ',') then
                            {_literal(comma if conventions.decimal is None else "the amount is not a number")}
                        when not is_amount then 'the amount is not a number'
                        when money is null and exact_amount <> round(exact_amount, 2)
                            then 'the amount has more than two decimals'
                        when money is null then 'the amount is too large'
                        when money < 0 then 'the amount is negative: a refund, and the log does not say of what' end,
                    {quantity_reason}
                ), '') end as reason
            from valued
        )
        select
            line,
            case when reason is null then customer end,
            case when reason is null then bought_at end,
            case when reason is null then money end,
            case when reason is null then {"pieces" if has_quantity else "1"} end,
            reason,
            case when reason is not null then customer end,
            case when reason is not null then date end,
            case when reason is not null then amount end,
            case when reason is not null then quantity end,
            misfit
        from judged
    """
