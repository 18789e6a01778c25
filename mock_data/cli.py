"""The command line: ``python -m mock_data``."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from warehouse.errors import UserError, run_command
from warehouse.settings import Settings, load_settings

from .transactions import import_transactions

if TYPE_CHECKING:
    from .world import World

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

WorldName = Annotated[
    str | None, typer.Option(help="How customers behave: a name from `worlds`, or the path of a .yml file.")
]


@app.command()
def generate(
    contacts: Annotated[int | None, typer.Option(help="Customers of the first 156 weeks.")] = None,
    accounts: Annotated[int | None, typer.Option(help="Stores and channels.")] = None,
    products: Annotated[int | None, typer.Option(help="Products.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
    start: Annotated[str | None, typer.Option(help="First day, YYYY-MM-DD, UTC.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Last day, YYYY-MM-DD, UTC, included.")] = None,
    world: WorldName = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Switch one thing off: see `uplift`. May be given several times.")
    ] = None,
    to: To = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes.")] = 1,
    faults: Annotated[
        str | None,
        typer.Option(help="What goes wrong in the data: all, or names such as duplicate,orphan=0.01 (see `faults`)."),
    ] = None,
) -> None:
    """Simulate the shop's customers and load the CRM that they leave behind.

    An option not given comes from the environment, else from .env, else from the default.
    """
    settings = load_settings(
        number_contacts_to_create=contacts,
        number_accounts_to_create=accounts,
        number_products_to_create=products,
        seed=seed,
        start_date=start,
        as_of_date=as_of,
        world=world,
    )
    import numpy as np

    from . import generate as generator

    simulated = _world(settings, without or [])
    if faults is not None:
        from .faults import rates

        simulated = replace(simulated, faults=tuple(rates(faults).items()))
    with _place(to, settings) as address, _progress() as progress:
        result = generator.generate(simulated, np.datetime64(settings.as_of_date, "D"), address, workers, progress)
    print(f"{result.rows:,} rows, content {result.content_hash}")


@app.command()
def advance(
    to: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD, UTC, included.")],
    at: Annotated[str | None, typer.Option(help="Where the CRM is  [default: the TARGET setting]")] = None,
) -> None:
    """Add the next days to a CRM that `generate` made, up to a later day, in one transaction."""
    settings = load_settings(as_of_date=to)
    import numpy as np

    from . import advance as continuation

    day = np.datetime64(settings.as_of_date, "D")
    with _place(at, settings) as address, _progress() as progress:
        result = continuation.advance(address, day, progress)
    if result is None:
        print(f"at {day} already: nothing to do")
    else:
        print(f"{result.rows:,} rows at {day}, content {result.content_hash}")


@app.command(name="faults")
def list_faults() -> None:
    """List what `generate --faults` can put into the data, with the usual share of rows."""
    from .faults import FAULTS

    for name, fault in FAULTS.items():
        where = fault.table if fault.column is None else f"{fault.table}.{fault.column}"
        print(f"{name:15} {fault.rate:6.1%}  {fault.meaning} ({where})")


@app.command(name="hash")
def content_hash(at: Annotated[str | None, typer.Argument(help="Where a CRM was loaded.")] = None) -> None:
    """Print the hash of a CRM's content: equal on every engine when every row is."""
    from .content_hash import content_hash as hash_of
    from .sinks import read_tables

    with _place(at, load_settings()) as address:
        print(hash_of(read_tables(address)))


@app.command()
def describe(at: Annotated[str | None, typer.Argument(help="Where a CRM was loaded.")] = None) -> None:
    """Say which world a CRM holds, and where it is."""
    from . import worlds as known
    from .generate import LOADER
    from .sinks import manifest_at, place_of, shown
    from .world import World

    settings = load_settings()
    with _place(at, settings) as address:
        held = manifest_at(address)
    if held is None:
        raise UserError(f"there is no CRM at {shown(address)}: generate one first")
    kind, path = place_of(address) or ("", address)
    where = path if kind != "postgresql" else shown(address)
    if kind == "postgresql" and not at and not settings.postgres_host:
        where = "the project's own server"
    engine = {"duckdb": "DuckDB", "parquet": "Parquet", "postgresql": "Postgres"}[kind]
    loader, values = held
    if loader != LOADER:
        print(f"Your transactions: {values.get('file')}; {engine}: {where}")
        return
    world = World.from_dict(values)
    name = next((name for name in known.names() if known.load(name) == world.behaviour), "of your own")
    print(
        f"The world: {world.contacts:,} customers, seed {world.seed}, {name}, {world.start} to {values['as_of']}; "
        f"{engine}: {where}"
    )


@app.command()
def worlds() -> None:
    """List the worlds that `generate --world` knows, with what each is for."""
    from . import worlds as known

    for name in known.names():
        print(f"{name:<12}{known.describe(name)}")


@app.command()
def uplift(
    switch: Annotated[str, typer.Argument(help="What to switch off: campaigns, mailings, ...; or one by its name.")],
    contacts: Annotated[int | None, typer.Option(help="Customers of the first 156 weeks.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Last day, YYYY-MM-DD, UTC, included.")] = None,
    world: WorldName = None,
) -> None:
    """Simulate the world with one thing and without it, from the same draws, and print what it really changed.

    Nothing is written. For a campaign, the last column is what attribution by last touch would claim for it.
    """
    settings = load_settings(number_contacts_to_create=contacts, seed=seed, as_of_date=as_of, world=world)
    import numpy as np

    from .uplift import table
    from .uplift import uplift as paired_run

    print(table(paired_run(_world(settings), np.datetime64(settings.as_of_date, "D"), switch)))


app.command(name="import-transactions")(import_transactions)


def _world(settings: Settings, without: Sequence[str] = ()) -> World:
    """The world that the settings describe, with some things switched off."""
    from . import worlds as known
    from .world import World

    world = World.from_settings(settings)
    for switch in without:
        world = replace(world, behaviour=known.without(world.behaviour, switch))
    return world


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar of the shards done, on standard error where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("simulating shards", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _place(address: str | None, settings: Settings) -> Iterator[str]:
    """The address given, else that of the TARGET setting; the project's own Postgres runs as long as it is needed."""
    from warehouse.connect import duckdb_path, postgres_dsn
    from warehouse.local_postgres import serving

    if address is not None:
        yield address
    elif settings.target == "duckdb":
        yield f"duckdb:{duckdb_path(settings)}"
    else:
        with serving(settings) as served:
            yield postgres_dsn(served)


def main() -> NoReturn:
    """Run the command line and end the process; a user's mistake is one line and a non-zero exit."""
    # a name that the terminal cannot show is no reason to fail
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    run_command(_run)


def _run() -> object:
    _refuse_empty(sys.argv[1:])
    try:
        return app(standalone_mode=False)
    except OSError as error:
        raise UserError(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}") from None


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Raise where an argument is empty: a variable that is not set would be taken for an option not given.

    Raises:
        UserError: naming the option.
    """
    for before, argument in zip(["", *arguments], arguments, strict=False):
        option, equals, value = argument.partition("=") if argument.startswith("--") else (before, "=", argument)
        if equals and not value.strip():
            what = option if option.startswith("--") else "an argument"
            raise UserError(f"{what} is empty: give it a value, or leave it out")
