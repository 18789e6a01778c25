"""The command `import-transactions`: a log of transactions into a warehouse of its own, every row accounted for.

One warehouse holds one log: the same file with the same options again changes nothing, with other options replaces
what it landed before, and another file is refused, as is a warehouse that holds anything else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shlex
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from warehouse.errors import UserError
from warehouse.settings import FIRST_DAY, LAST_DAY, PROJECT_ROOT, is_taken_by_duckdb

if TYPE_CHECKING:
    import duckdb

LOADER = "import-transactions"
_REPORT_COLUMNS = ("line", "reason", "customer", "date", "amount", "quantity", "row")  # as its header tells it


@dataclass(frozen=True)
class Outcome:
    """What an import did.

    Attributes:
        read, landed, refused: rows; read = landed + refused.
        blank: blank lines, which are no rows.
        customers, total_cents, zero_amounts: of the landed rows; how many customers, how much, how many of 0.00.
        first_day, last_day: of the landed rows.
        as_of: the log's last day.
        reasons: why rows were refused, the first reason of each, to how many.
        refused_report: the CSV file that lists them.
        url: where the rows went.
        unchanged: the warehouse held exactly this already.
    """

    read: int
    landed: int
    refused: int
    blank: int
    customers: int
    total_cents: int
    zero_amounts: int
    first_day: dt.date
    last_day: dt.date
    as_of: dt.date
    reasons: dict[str, int]
    refused_report: Path
    url: str
    unchanged: bool


def import_file(
    path: Path,
    columns: dict[str, str],
    *,
    to: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    date_format: str | None = None,
    decimal: str | None = None,
    as_of: dt.date | None = None,
    refused_report: Path | None = None,
) -> Outcome:
    """Land the log `path` in the CRM's tables.

    Args:
        columns: "customer", "date", "amount" and perhaps "quantity" to the column's name (or 1-based position).
        to: a sink's address; None is the DuckDB file `data/<file's stem>.duckdb`, or `data/log-<stem>.duckdb` where
            DuckDB has taken that name.
        format, encoding: of the file, see :func:`.read.layout`.
        date_format, decimal: how it writes dates and numbers, see :class:`.parse.Conventions`.
        as_of: the last day to land; None is the last transaction's.
        refused_report: the CSV file to list refused rows in; None is beside the warehouse.

    Raises:
        UserError: see :mod:`.read`, :mod:`.parse`, :mod:`.land`; no row can land; or the warehouse is taken.
    """
    from mock_data import sinks

    from . import land, parse, read

    path = sinks.local_path(str(path), "FILE")
    if to is None:
        to = f"duckdb:{_warehouse_of(path)}"
    if refused_report is None:
        refused_report = _report_beside(path, to)
    refused_report = sinks.local_path(str(refused_report), "--report")
    conventions = parse.Conventions(date_format, decimal)
    conventions.check()
    if as_of and not FIRST_DAY <= as_of <= LAST_DAY:
        raise UserError(f"--as-of {as_of}: it must be a day from {FIRST_DAY} to {LAST_DAY}")
    where = read.layout(path, columns, format, encoding)
    _refuse_input(path, refused_report, to)
    _refuse_report(refused_report, to)
    settings: dict[str, object] = {
        "file": path.name,
        "sha256": _sha256(path),
        "columns": columns,
        "format": where.format,
        "encoding": encoding,
        "date_format": date_format,
        "decimal": decimal,
        "as_of": as_of.isoformat() if as_of else None,
    }
    unchanged = _held(to, settings) == settings

    blanks = read.Blanks()
    with ExitStack() as stack:
        sink = None if unchanged else sinks.open_sink(to, loader=LOADER, settings=settings)
        stack.enter_context(sinks.no_new_folders(refused_report, *([sink.waiting] if sink else [])))
        if sink is not None:  # a place that holds something else is refused here, before anything is read or written
            stack.enter_context(sink)
        connection = stack.enter_context(parse.database())
        stack.callback(connection.interrupt)  # else Ctrl-C would wait for the query that it has ended
        parse.parse(
            connection,
            read.read(path, where, blanks),
            conventions,
            width=where.width,
            has_quantity="quantity" in columns,
            as_of=as_of,
        )
        _write_report(connection, refused_report)
        outcome = _outcome(connection, path, blanks.count, as_of, refused_report, to, unchanged)
        if sink is not None:
            land.write(connection, sink, str(settings["sha256"]), outcome.as_of)
    return outcome


def _report_beside(path: Path, to: str) -> Path:
    from mock_data.sinks import target_of

    match target_of(to):
        case "duckdb", warehouse:
            return Path(warehouse).with_suffix(".refused.csv")
    return PROJECT_ROOT / "data" / f"{path.stem}.refused.csv"


def _warehouse_of(path: Path) -> Path:
    file = PROJECT_ROOT / "data" / f"{path.stem}.duckdb"
    return file.with_name(f"log-{file.name}") if is_taken_by_duckdb(file) else file


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_input(path: Path, refused_report: Path, to: str) -> None:
    """The log itself is never written over."""
    from mock_data.sinks import place_of

    _, written = place_of(to) or ("", to)
    for option, target in (("--report", refused_report), ("--to", Path(written))):
        if target.exists() and target.samefile(path):
            raise UserError(f"{option} names {path} itself: give it another place")


def _refuse_report(report: Path, to: str) -> None:
    """Raise where a report would replace what is no report of ours, or stand where the warehouse is to be."""
    from mock_data.sinks import place_of, shown

    match place_of(to):
        case "duckdb", warehouse:
            taken = {Path(os.path.realpath(f"{warehouse}{ending}")) for ending in ("", ".wal", ".tmp")}
        case "parquet", warehouse:
            taken = {Path(os.path.abspath(warehouse)), Path(os.path.realpath(warehouse))}
        case _:
            taken = set()
    real = Path(os.path.realpath(report))
    if taken & {real, *real.parents, Path(os.path.abspath(report)), *Path(os.path.abspath(report)).parents}:
        raise UserError(f"--report {report} is where {shown(to)} is to be: give it another place")
    if os.path.lexists(report) and (report.is_symlink() or not report.is_dir()):  # a folder is not replaced by a file
        if report.is_file() and not report.is_symlink():
            with report.open("rb") as file:
                if file.readline(200).rstrip(b"\r\n") == ",".join(_REPORT_COLUMNS).encode():
                    return
        raise UserError(
            f"--report {report} is there and is no report of refused rows: nothing was touched; give it another name"
        )


def _held(to: str, settings: dict[str, object]) -> dict[str, Any] | None:
    """The settings of the log that the warehouse holds; None where it holds none.

    Raises:
        UserError: it holds what another loader made, or another log.
    """
    from mock_data.sinks import manifest_at, shown

    found = manifest_at(to)
    if found is None:
        return None
    loader, landed = found
    if loader != LOADER:
        raise UserError(
            f"{shown(to)} holds a CRM filled by {loader}: nothing was touched; name another place with --to"
        )
    if landed.get("sha256") != settings["sha256"]:
        raise UserError(
            f"{shown(to)} holds another log, {landed.get('file')}, and holds one only: nothing was touched; "
            f"name another place for {settings['file']} with --to, or delete that warehouse first"
        )
    return landed


def _write_report(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    """List the refused rows as CSV, with a header only where there are none; replaced as a whole.

    A row of too few or too many fields is in column `row` as it is written.

    Raises:
        UserError: the file cannot be written; what was there is kept.
    """
    import duckdb

    columns = (c if c in ("line", "reason") else f"raw_{c} as {c}" for c in _REPORT_COLUMNS)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".refused-", dir=target.parent) as folder:
            partial = Path(folder) / "refused.csv"
            connection.sql(f"select {', '.join(columns)} from parsed where reason is not null order by line").write_csv(
                str(partial), header=True
            )
            os.replace(partial, target)
    except (OSError, duckdb.Error) as error:
        if isinstance(error, FileExistsError):
            why = "a file stands where its folder should be"
        else:
            why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise UserError(f"{target} cannot be written: {why}; name another place with --report") from None


def _outcome(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    blank: int,
    as_of: dt.date | None,
    refused_report: Path,
    to: str,
    unchanged: bool,
) -> Outcome:
    counts = connection.execute(
        """select count(*), count(*) filter (reason is null), count(*) filter (reason is not null),
                  count(distinct customer), (100 * sum(amount))::hugeint, count(*) filter (amount = 0),
                  min(bought_at)::date, max(bought_at)::date
           from parsed"""
    ).fetchone()
    assert counts is not None
    read, landed, refused, customers, cents, zero, first, last = counts
    if not landed:
        example = connection.execute(
            "select line, reason from parsed where reason is not null order by line"
        ).fetchone()
        if example is None:
            raise UserError(f"{path} holds no rows")
        raise UserError(
            f"no row of {path} can land; line {example[0]}: {example[1]}; all {refused:,} are in {refused_report}"
        )
    reasons = connection.execute(
        """select split_part(reason, '; ', 1) as first_reason, count(*) as n
           from parsed where reason is not null group by first_reason order by n desc, first_reason"""
    ).fetchall()
    return Outcome(
        read=read,
        landed=landed,
        refused=refused,
        blank=blank,
        customers=customers,
        total_cents=cents,
        zero_amounts=zero,
        first_day=first,
        last_day=last,
        as_of=as_of or last,
        reasons=dict(reasons),
        refused_report=refused_report,
        url=to,
        unchanged=unchanged,
    )


def summary(outcome: Outcome, path: Path) -> str:
    """What an import did, in a few lines for a person; the counts add up."""
    from mock_data.sinks import place_of, shown

    o = outcome
    money = f"{o.total_cents // 100:,}.{o.total_cents % 100:02}"
    lines = [
        f"read     {o.read:>12,} rows of {path}",
        f"landed   {o.landed:>12,} orders of {o.customers:,} customers, {money} in all, {o.first_day} to {o.last_day}",
        f"refused  {o.refused:>12,} rows" + (f", listed in {o.refused_report}" if o.refused else ""),
        *(f"         {n:>12,} {reason}" for reason, n in o.reasons.items()),
    ]
    if o.zero_amounts:
        lines.append(f"note     {o.zero_amounts:>12,} landed rows have an amount of 0.00: orders without revenue")
    if o.blank:
        lines.append(f"note     {o.blank:>12,} blank lines, which are no rows")
    done = "holds exactly this already; nothing was changed" if o.unchanged else "holds it now"
    lines.append(f"{shown(o.url)} {done}")
    match place_of(o.url):
        case "duckdb", file:
            warehouse = shlex.quote(str(Path(file).resolve()))
            lines.append(f"next: cd dbt && WAREHOUSE_PATH={warehouse} AS_OF_DATE={o.as_of} dbt build")
        case "postgresql", _:
            lines.append(f"next: cd dbt && AS_OF_DATE={o.as_of} dbt build --target postgres")
    return "\n".join(lines)


def import_transactions(
    file: Annotated[
        Path,
        typer.Argument(help="CSV with a header, Parquet, or columns parted by white space."),
    ],
    customer: Annotated[
        str,
        typer.Option(help="Column that tells customers apart; its position (1, 2, …) where there is no header."),
    ],
    date: Annotated[
        str,
        typer.Option(help="Column with the day or time of the purchase (UTC unless it has an offset)."),
    ],
    amount: Annotated[str, typer.Option(help="Column with what was paid, at most two decimals.")],
    quantity: Annotated[
        str | None,
        typer.Option(help="Column with the number of pieces; without it, one a row."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="duckdb:PATH, postgresql://… or parquet:DIR.",
            show_default="duckdb:data/<file>.duckdb",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Last day to land (YYYY-MM-DD).", show_default="the last transaction's"),
    ] = None,
    date_format: Annotated[
        str | None,
        typer.Option(help="How dates are written, such as %d/%m/%Y.", show_default="year first"),
    ] = None,
    decimal: Annotated[
        str | None,
        typer.Option(
            help="Decimal mark, . or , where numbers hold commas.",
            show_default="a point, no commas",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(help="csv, parquet or whitespace.", show_default="told from the file"),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of a text file, such as latin-1 or cp1252.")] = "utf-8",
    report: Annotated[
        Path | None,
        typer.Option(
            help="CSV file to list refused rows in.",
            show_default="beside the warehouse",
        ),
    ] = None,
) -> None:
    """Land a log of transactions in the CRM's tables, in a warehouse of its own, every row accounted for."""
    columns = {"customer": customer, "date": date, "amount": amount} | ({"quantity": quantity} if quantity else {})
    outcome = import_file(
        file,
        columns,
        to=to,
        format=format,
        encoding=encoding,
        date_format=date_format,
        decimal=decimal,
        as_of=_day(as_of),
        refused_report=report,
    )
    typer.echo(summary(outcome, file))


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UserError(f"--as-of {text}: it must be a day (YYYY-MM-DD) from {FIRST_DAY} to {LAST_DAY}") from None
