"""The command line: ``python -m mock_data``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from warehouse.errors import UserError, report
from warehouse.settings import Settings, load_settings

from .transactions import import_transactions

app = typer.Typer(
    help="Make the shop's CRM: mock data with known truth, or your own transactions in the same tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

To = Annotated[
    str | None,
    typer.Option(help="duckdb:PATH, postgresql://USER@HOST/DATABASE or parquet:FOLDER  [default: the TARGET setting]"),
]


@app.command()
def generate(
    contacts: Annotated[int | None, typer.Option(help="Customers who arrive.")] = None,
    accounts: Annotated[int | None, typer.Option(help="Stores and channels.")] = None,
    products: Annotated[int | None, typer.Option(help="Products.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
    start: Annotated[str | None, typer.Option(help="First day, YYYY-MM-DD, UTC.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Last day, YYYY-MM-DD, UTC, included.")] = None,
    to: To = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes.")] = 1,
) -> None:
    """Simulate the shop's customers and load the CRM that they leave behind.

    An option not given comes from the environment, else from .env, else from the default.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    settings = load_settings(
        number_contacts_to_create=contacts,
        number_accounts_to_create=accounts,
        number_products_to_create=products,
        seed=seed,
        start_date=start,
        as_of_date=as_of,
    )
    import numpy as np

    from . import generate as generator
    from .world import World

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with _place(to, settings) as address, Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("simulating shards", total=None)
        result = generator.generate(
            World.from_settings(settings),
            np.datetime64(settings.as_of_date, "D"),
            address,
            workers,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    print(f"{result.rows:,} rows, content {result.content_hash}")


@app.command(name="hash")
def content_hash(at: Annotated[str | None, typer.Argument(help="Where a CRM was loaded.")] = None) -> None:
    """Print the hash of a CRM's content: equal on every engine when every row is."""
    from .content_hash import content_hash as hash_of
    from .sinks import read_tables

    with _place(at, load_settings()) as address:
        print(hash_of(read_tables(address)))


app.command(name="import-transactions")(import_transactions)


@contextmanager
def _place(address: str | None, settings: Settings) -> Iterator[str]:
    """The address given, else that of the TARGET setting; the project's own Postgres runs as long as it is needed."""
    from warehouse.connect import duckdb_path, postgres_dsn
    from warehouse.local_postgres import serving

    if address:
        yield address
    elif settings.target == "duckdb":
        yield f"duckdb:{duckdb_path(settings)}"
    else:
        with serving(settings) as served:
            yield postgres_dsn(served)


def main() -> None:
    """Run the command line; a user's mistake is one line and a non-zero exit."""
    try:
        app(standalone_mode=False)
    except UserError as error:
        sys.exit(report(error))
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print("error: interrupted: nothing was changed", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: a wrong option, or none (the help was printed then)
            if error.format_message():
                print(f"error: {error.format_message()}", file=sys.stderr)
            sys.exit(2)
        raise
