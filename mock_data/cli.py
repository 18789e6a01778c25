"""The command line: ``python -m mock_data``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from warehouse.errors import UserError, report

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

    from warehouse.settings import load_settings

    settings = load_settings(
        number_contacts_to_create=contacts,
        number_accounts_to_create=accounts,
        number_products_to_create=products,
        seed=seed,
        start_date=start,
        as_of_date=as_of,
    )
    address = to or _target(settings)
    import numpy as np

    from . import generate as generator
    from .world import World

    world = World.from_settings(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("simulating shards", total=None)
        result = generator.generate(
            world,
            np.datetime64(settings.as_of_date, "D"),
            address,
            workers,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    print(f"{result.rows:,} rows, content {result.content_hash}")


@app.command(name="hash")
def content_hash(at: Annotated[str | None, typer.Argument(help="Where a CRM was loaded.")] = None) -> None:
    """Print the hash of a CRM's content: equal on every engine when every row is."""
    from warehouse.settings import load_settings

    from .content_hash import content_hash as hash_of
    from .sinks import read_tables

    print(hash_of(read_tables(at or _target(load_settings()))))


app.command(name="import-transactions")(import_transactions)


def _target(settings: object) -> str:
    """Where the TARGET setting says that the warehouse is."""
    from warehouse.connect import duckdb_path, postgres_dsn
    from warehouse.settings import Settings

    assert isinstance(settings, Settings)
    return postgres_dsn(settings) if settings.target == "postgres" else f"duckdb:{duckdb_path(settings)}"


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
        if hasattr(error, "format_message"):  # click's own: a wrong option
            print(f"error: {error.format_message()}", file=sys.stderr)
            sys.exit(2)
        raise
