"""Runs the chapters: copies with fresh outputs under `_build/notebooks/`, or (`--inplace`) the stored notebooks anew.

A copy is made again only when its source, the code behind it, the settings or the warehouse's last dbt run changed.
The stored notebooks show the default world, and no other is ever stored in them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from mock_data.generate import LOADER
from mock_data.sinks import manifest_at, shown
from mock_data.world import World
from warehouse.connect import check_postgres, postgres_dsn
from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

from .chapter import finish, jupyter_metadata
from .kernels import fork_kernels
from .paths import DBT_TARGET, EXECUTED, NOTEBOOKS

KERNELS = 2
CELL_SECONDS = 300
WORLD_SETTINGS = (
    "number_accounts_to_create", "number_contacts_to_create", "number_products_to_create",
    "world", "seed", "start_date", "as_of_date",
)  # fmt: skip
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


class FailedClaimError(UserError):
    """What a chapter says and asserts does not hold."""


def execute(sources: Iterable[Path], out: Path, settings: Settings, *, inplace: bool = False) -> list[Path]:
    """Execute the notebooks `sources`, at most two at a time; returns those that had to run.

    Raises:
        UserError: a cell failed; the line names notebook, cell and exception. No output is written for that notebook.
            Or a notebook that is no copy of ours stands where one is to be; nothing has been run then.
    """
    inputs = _inputs_fingerprint(settings)
    for path in () if inplace else sources:
        if os.path.lexists(out / path.name) and not _is_copy(out / path.name):
            raise UserError(f"{out / path.name} is no copy that was made here: nothing was run; give another --out")
    out.mkdir(parents=True, exist_ok=True)
    due = [path for path in sources if inplace or not _is_current(path, out, inputs)]
    clients: list[NotebookClient] = []
    fork_kernels()

    def run(path: Path) -> None:
        try:
            _execute_one(path, path if inplace else out / path.name, inputs, inplace, clients)
        except FailedClaimError as error:
            if not other_world(settings):
                raise
            raise UserError(f"{error}: a claim about the default world, which this is not: change the claim") from None

    with ThreadPoolExecutor(KERNELS) as pool:
        try:
            list(pool.map(run, due))
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if not isinstance(
                error, UserError
            ):  # Ctrl-C does not reach the kernels, and their cells would be waited for
                for client in clients:
                    _kill_kernel(client)
            raise
    return due


def _kill_kernel(client: NotebookClient) -> None:
    provisioner = client.km.provisioner if client.km else None
    if provisioner is not None and provisioner.has_process:
        asyncio.run(provisioner.kill())


def normalise(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what differs from run to run or from machine to machine; outputs and counts stay."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = cell.get("id") or f"cell-{number}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict(jupyter_metadata(tags) | ({"tags": tags} if tags else {}))
        for output in cell.get("outputs", []):
            output.pop("transient", None)
    return notebook


def _execute_one(source: Path, target: Path, inputs: str, inplace: bool, clients: list[NotebookClient]) -> None:
    notebook = nbformat.read(source, as_version=4)
    # stored outputs would pass for this run's: an error names the last cell that has any
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name=KERNELSPEC["name"],
        record_timing=False,
        coalesce_streams=True,
        # its start-up notes on transport would stand between the progress lines
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(NOTEBOOKS if NOTEBOOKS.is_dir() else source.parent)}},
    )
    clients.append(client)
    try:
        client.execute()
    except CellExecutionError as error:
        kind = FailedClaimError if error.ename == AssertionError.__name__ else UserError
        raise kind(
            f"{source.name}, {_failed_cell(notebook)}: {error.ename}: {_first_line(error.evalue or _line_of(error))}"
        ) from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise UserError(f"{source.name}, {_failed_cell(notebook)}: {_first_line(str(error))}") from None
    try:
        finish(notebook)
    except UserError as error:
        raise UserError(f"{source.name}: {error}") from None
    # the copy is replaced whole, so an interrupted run leaves the old one
    text = nbformat.writes(normalise(notebook)) + "\n"
    partial = target.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(target)
    if not inplace:
        _key_file(target).write_text(_key(source, inputs), encoding="utf-8")
    print(f"executed {source.name}", flush=True)


def _failed_cell(notebook: NotebookNode) -> str:
    """Which code cell stopped: the last one that had started. Cells count from 1, as their numbers in brackets do."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    started = [number for number, cell in enumerate(code, start=1) if cell.get("execution_count") or cell.outputs]
    return f"code cell {max(started, default=1)}"


def _line_of(error: CellExecutionError) -> str:
    """The line of code that stopped: a bare `assert` has no other message."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", error.traceback)
    return next(iter(re.findall(r"^-+> *\d+ +(.+)$", plain, flags=re.MULTILINE)), "")


def _first_line(text: str) -> str:
    """The line of a message that says what went wrong: a failed query's comes after `%sql`'s general advice."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()] or ["no message"]
    return next((line for line in lines if re.search(r"(Error|Exception)\b", line)), lines[0])[:300]


def _is_current(source: Path, out: Path, inputs: str) -> bool:
    key = _key_file(out / source.name)
    return (out / source.name).exists() and key.exists() and key.read_text(encoding="utf-8") == _key(source, inputs)


def _key_file(target: Path) -> Path:
    return target.with_suffix(".key")


def _is_copy(target: Path) -> bool:
    """Whether a file is a copy that we made, with its key beside it."""
    key = _key_file(target)
    return target.is_file() and key.is_file() and re.fullmatch(rb"[0-9a-f]{64}", key.read_bytes()) is not None


def _key(source: Path, inputs: str) -> str:
    cells = nbformat.read(source, as_version=4).cells
    return hashlib.sha256(repr([(c.cell_type, c.source) for c in cells] + [inputs]).encode()).hexdigest()


def _inputs_fingerprint(settings: Settings) -> str:
    """Changes with the settings, the code that chapters call, and every dbt run."""
    digest = hashlib.sha256(repr(sorted(settings.shown().items())).encode())
    for folder in ("book", "mock_data/schema"):
        for path in sorted((PROJECT_ROOT / folder).glob("*.py")):
            digest.update(path.read_bytes())
    results = DBT_TARGET / "run_results.json"
    digest.update(results.read_bytes() if results.exists() else b"")
    return digest.hexdigest()


def _remove_leftovers(sources: Iterable[Path], out: Path) -> None:
    names = {path.stem for path in sources}
    for path in out.glob("*.ipynb"):
        if path.stem not in names and _is_copy(path):
            path.unlink()
            _key_file(path).unlink()


def other_world(settings: Settings) -> str:
    """The settings, as NAME=value, by which the world is another than the default one; "" where it is that one."""
    usual = {name: field.default for name, field in Settings.model_fields.items()}
    other = [name for name in WORLD_SETTINGS if getattr(settings, name) != usual[name]]
    return ", ".join(f"{name.upper()}={getattr(settings, name)}" for name in other)


def refuse_other_world(settings: Settings) -> None:
    """Raise unless these settings, and the warehouse, are of the world that the stored notebooks show: the default one.

    Raises:
        UserError: naming the settings that differ, or the warehouse.
    """
    instead = "nothing was run; `python -m book.execute` makes copies in _build/notebooks"
    if other := other_world(settings):
        raise UserError(f"the stored chapters show the default world, and {other} is another: {instead}")
    address = postgres_dsn(settings) if settings.target == "postgres" else f"duckdb:{settings.warehouse_path}"
    held = manifest_at(address)
    asked = World.from_settings(settings).as_dict() | {"as_of": str(settings.as_of_date)}
    if held is None or held != (LOADER, json.loads(json.dumps(asked))):
        raise UserError(
            f"the stored chapters show the default world, and {shown(address)} does not hold it: {instead}, and "
            "`python -m mock_data generate` the default world"
        )


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m book.execute", description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="notebooks to run (default: all in notebooks/)")
    parser.add_argument("--target", choices=("duckdb", "postgres"), help="engine that answers (default: TARGET)")
    parser.add_argument("--out", type=Path, default=EXECUTED, help="folder of the executed copies")
    parser.add_argument("--inplace", action="store_true", help="refresh the stored notebooks instead")
    options = parser.parse_args(arguments)
    settings = load_settings(target=options.target)
    if settings.target == "postgres":
        check_postgres(settings)
    sources = options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb"))
    if missing := [str(path) for path in sources if not path.is_file()]:
        raise UserError(f"no such notebook: {', '.join(missing)}")
    if not sources:
        raise UserError(f"there are no notebooks in {NOTEBOOKS.name}/")
    if options.inplace and any(path.resolve().parent == NOTEBOOKS.resolve() for path in sources):
        refuse_other_world(settings)
    # kernels read the same settings, and find the project's packages from any folder
    os.environ["TARGET"] = settings.target
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
    if not options.inplace and not options.notebooks and options.out.is_dir():
        _remove_leftovers(sources, options.out)
    ran = execute(sources, options.out, settings, inplace=options.inplace)
    print(f"{len(ran)} of {len(sources)} notebooks executed, the others are up to date")
    return 0


if __name__ == "__main__":
    run_command(main)
