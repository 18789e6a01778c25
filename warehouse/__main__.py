"""`python -m warehouse`: run any command with the project's settings, and show or stamp those settings."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from .connect import check_duckdb, check_postgres, session_environment
from .errors import SIGNALS, UserError, run_command
from .local_postgres import FOLDER, remove, serving
from .settings import BOOK_SETTINGS, Settings, load_settings

# dbt's commands that do not open the warehouse
_WITHOUT_WAREHOUSE = {"parse", "list", "ls", "deps", "clean", "init", "--version", "--help"}

app = typer.Typer(
    help="The warehouse: its settings, and commands that run with them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def run(command: Annotated[list[str], typer.Argument(metavar="-- CMD ARG…", help="What to run.")]) -> None:
    """Run CMD with every setting in its environment; with TARGET=postgres and no server, start ours for it."""
    with serving(load_settings()) as settings:
        if settings.target == "postgres":
            check_postgres(settings)
        elif Path(command[0]).name == "dbt" and not _WITHOUT_WAREHOUSE.intersection(command):
            # dbt would say it late, and in many lines
            check_duckdb(settings, writes=os.environ.get("WAREHOUSE_ACCESS") != "read_only")
        status = _run(command, _environment(settings))
    raise typer.Exit(status)


@app.command("settings")
def show_settings() -> None:
    """Print the effective settings, one `NAME=value` a line, the password masked."""
    for name, value in load_settings().shown().items():
        print(f"{name}={value}")


@app.command()
def stamp(folder: Path) -> None:
    """Keep FOLDER/target, /settings.TARGET, /addresses and /data.TARGET up to date for make, and print the target.

    A file is rewritten only if what it says has changed. The password is not in it. `data.TARGET` has the time of what
    holds the project's own data, and is missing where that is missing; on a configured server it is always there.
    """
    settings = load_settings()
    other = "warehouse_path" if settings.target == "postgres" else "postgres_"
    kept = {name: value for name, value in settings.shown().items() if not name.lower().startswith(other)}
    kept.pop("POSTGRES_PASSWORD", None)
    addresses = {name.upper(): kept.pop(name.upper()) for name in BOOK_SETTINGS}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "target": settings.target,
        f"settings.{settings.target}": json.dumps(kept, indent=1),
        "addresses": json.dumps(addresses, indent=1),
    }.items():
        file = folder / name
        if not file.exists() or file.read_text() != text + "\n":
            file.write_text(text + "\n")
    _stamp_data(folder / f"data.{settings.target}", settings)
    print(settings.target)


def _stamp_data(file: Path, settings: Settings) -> None:
    """Let `file` stand for the data: make itself can neither read `.env` nor take a path with a space."""
    own = settings.warehouse_path if settings.target == "duckdb" else FOLDER / "password"
    if settings.target == "postgres" and settings.postgres_host:
        if not file.exists():
            file.touch()
    elif own.exists():
        file.touch()
        status = own.stat()
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        file.unlink(missing_ok=True)


@app.command()
def remove_postgres() -> None:
    """Delete the project's own Postgres server and its data. A configured server is never touched."""
    if remove():
        print("removed the project's own Postgres")


def _environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings in it, and the programs of this Python first on the path."""
    programs = str(Path(sys.executable).parent)
    path = programs + os.pathsep + os.environ.get("PATH", os.defpath)
    session = session_environment() if settings.target == "postgres" else {}
    return {**os.environ, **session, **settings.environment(), "PATH": path}


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run the command, pass signals on to it, and return its exit status (128 + n where signal n ended it)."""
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        raise UserError(f"cannot run {command[0]}: there is no such program")
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []  # signals that came while the command was being started

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and _terminal_is_ours():
            return  # Ctrl-C reached the command as well
        if child is None:
            early.append(number)
        else:
            child.send_signal(number)

    for number in SIGNALS:
        signal.signal(number, pass_on)
    child = subprocess.Popen([program, *command[1:]], env=environment)
    for missed in early:
        child.send_signal(missed)
    status = child.wait()
    return status if status >= 0 else 128 - status


def _terminal_is_ours() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


if __name__ == "__main__":
    run_command(app, standalone_mode=False)
