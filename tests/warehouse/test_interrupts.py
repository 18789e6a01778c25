"""Ctrl-C, SIGTERM and SIGHUP: every command ends with one line and 128 + n, and what was there before is whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_data.content_hash import content_hash
from mock_data.sinks import read_tables
from tests.conftest import environment_of
from tests.mock_data.test_lost import remove_unfinished
from warehouse.connect import postgres_dsn
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

# Python runs it before anything else: the process signals itself when it first does what SIGNAL_AT names, an event that
# Python audits and a text in its first argument
SITECUSTOMIZE = """
import os, sys
number, event, text = os.environ.pop("SIGNAL_AT", "0 none -").split(" ", 2)
def hook(name, arguments, done=[]):
    if name == event and not done and arguments and text in str(arguments[0]):
        done.append(True)
        os.kill(os.getpid(), int(number))
sys.addaudithook(hook)
"""

# while a command is imported: its modules, and the last that each of them imports from outside
IMPORTING = {
    "mock_data": "typer",
    "mock_data.schema.dbt_sources": "yaml",
    "warehouse": "typer",
    "book.execute": "nbclient",
    "book.build": "yaml",
    "book.preview": "vl_convert",
    "book.check": "playwright",
    "book.check_lab": "playwright",
    "book.lab": "jupyter_server",
    "book.exposures": "yaml",
    "book.serve": "http.server",
    "book.real_data": "altair",
    "tests.mutation": "dbt",
    "terraform": "typer",
    "containers.compose": "typer",
    "tools.audit": "json",
    "tools.lighthouse": "json",
    "tools.run_workflows": "yaml",
    "benchmarks.stages": "rich",
    "benchmarks.scaling": "rich",
    "benchmarks.loading": "duckdb",
    "benchmarks.peers": "rich",
}
# while it works: the command and the event
WORKING = {
    "mock_data generate --contacts 40 --to parquet:{tmp}/crm": "open .run-",
    "mock_data advance --to 2026-01-10 --at duckdb:{tmp}/none.duckdb": "import mock_data.advance",
    "mock_data hash duckdb:{tmp}/none.duckdb": "import mock_data.sinks.duckdb",
    "mock_data worlds": "open steady.yml",
    "mock_data faults": "import mock_data.faults",
    "mock_data uplift mailings --contacts 40": "import mock_data.simulation",
    "mock_data import-transactions {tmp}/log.csv --customer c --date d --amount a --to duckdb:{tmp}/w.duckdb": (
        "open log.csv"
    ),
    "mock_data.schema.dbt_sources --check": "open .yml",
    "warehouse stamp {tmp}/stamps": "os.mkdir stamps",
    "book.execute {tmp}/notebook.ipynb --out {tmp}/out": "open notebook.ipynb",
    "book.build": "open _toc.yml",
    "book.check {tmp}": "os.scandir",
    "book.check_lab {tmp}/notebook.ipynb": "tempfile.mkdtemp",
    "book.serve {tmp} --port 0": "socket.bind",
    "tools.lighthouse {tmp}": "socket.bind",
    "book.real_data": "tempfile.mkdtemp",
    "tests.mutation rfm_segments": "tempfile.mkdtemp",
    "containers.compose pipeline": "subprocess.Popen docker",
    "tools.audit": "tempfile.mkdtemp",
    "benchmarks.stages --contacts 40": "tempfile.mkdtemp",
}
# started by other programs of the project, which tell of the interruption themselves, in a Python without the project
ALONE = {"benchmarks/peers/dbgen.py", "benchmarks/peers/orm.py", "containers/trim.py", "terraform/tests/moto_server.py"}
WATCHER = "warehouse/local_postgres.py"  # a daemon that no terminal reaches


def interrupted(
    folder: Path, command: str, event: str, number: signal.Signals = signal.SIGINT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m command``, which gets the signal at that event."""
    code = folder / "code"
    code.mkdir(exist_ok=True)
    (code / "sitecustomize.py").write_text(SITECUSTOMIZE)
    settings = load_settings(env_file=None, target="duckdb", warehouse_path=folder / "warehouse.duckdb")
    return subprocess.run(
        [sys.executable, "-m", *command.format(tmp=folder).split()],
        cwd=PROJECT_ROOT,
        env=environment_of(settings, PYTHONPATH=str(code), SIGNAL_AT=f"{int(number)} {event}", **environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The line that an interrupted command printed, which is all that it had to say but for a progress bar."""
    *before, line = done.stderr.splitlines()
    assert all(text.lstrip().startswith("simulating shards") or not text.strip() for text in before), done.stderr
    return line


@pytest.mark.parametrize("module", IMPORTING)
def test_a_command_is_interrupted_while_it_is_imported(module: str, tmp_path: Path) -> None:
    done = interrupted(tmp_path, module, f"import {IMPORTING[module]}")
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")


@pytest.mark.parametrize("command", WORKING)
def test_a_command_is_interrupted_while_it_works(command: str, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("c,d,a\n1,2024-01-01,5\n")
    (tmp_path / "index.html").write_text("<title>A page</title>")
    (tmp_path / "notebook.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    event = WORKING[command]
    done = interrupted(tmp_path, command, event if " " in event else f"{event} ")
    assert done.returncode == 130, done.stderr
    assert one_line(done).startswith("error: interrupted")


@pytest.mark.parametrize(
    ("number", "says"), [(signal.SIGTERM, "terminated"), (signal.SIGHUP, "the terminal was closed")]
)
def test_other_signals_are_one_line_too(number: signal.Signals, says: str, tmp_path: Path) -> None:
    for event in ("import typer", "open .run-"):
        done = interrupted(tmp_path, f"mock_data generate --contacts 40 --to parquet:{tmp_path}/crm", event, number)
        assert done.returncode == 128 + number
        assert one_line(done).startswith(f"error: {says}")
    assert not (tmp_path / "crm").exists()


def test_every_command_ends_through_the_one_function() -> None:
    """A new command must be among those above; whatever ends by itself must say why it may."""
    found = set()
    for file in PROJECT_ROOT.glob("[!._]*/**/*.py"):
        name = file.relative_to(PROJECT_ROOT).as_posix()
        if name.startswith("tests/") and not name.startswith("tests/mutation/"):
            continue  # programs that tests start
        _, guard, rest = file.read_text(encoding="utf-8").partition('\nif __name__ == "__main__":\n')
        if guard and name not in ALONE | {WATCHER}:
            assert any(call in rest for call in ("run_command(", "run_main(", "    main()\n")), name
            found.add(name.removesuffix(".py").removesuffix("/__main__").replace("/", "."))
    assert found - {"terraform.upload"} == set(IMPORTING), "terraform.upload has a Python of its own"


@pytest.fixture(params=["duckdb", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a small CRM has been loaded."""
    from warehouse.scratch import scratch_database

    small = ["generate", "--contacts", "60", "--accounts", "3", "--products", "10", "--seed", "1", "--to"]
    command = [sys.executable, "-m", "mock_data", *small]
    if request.param == "duckdb":
        subprocess.run([*command, f"duckdb:{tmp_path}/crm.duckdb"], cwd=PROJECT_ROOT, check=True, capture_output=True)
        yield f"duckdb:{tmp_path}/crm.duckdb"
        return
    with scratch_database(request.getfixturevalue("server")) as settings:
        url = postgres_dsn(settings)
        subprocess.run([*command, url], cwd=PROJECT_ROOT, check=True, capture_output=True)
        yield url
        remove_unfinished(url)


# a load that is interrupted in the middle of what the engine does for it: a query that takes for ever, or its rows
IN_THE_MIDDLE = """
import os, signal, sys, threading
from mock_data import cli, without_pandas
from mock_data.sinks import duckdb, parquet, postgres
def soon():
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
def for_ever(sink, *arguments):
    soon()
    sink.connection.execute("select sum(i) from range(1000000000000) as t (i)")
batches, seen = parquet.batches, []
def rows(folder, table):
    if len(seen) == 2:
        os.kill(os.getpid(), signal.SIGINT)
    seen.append(table)
    yield from batches(folder, table)
duckdb.DuckDBSink._publish = for_ever
parquet.batches = rows
cli.main()
"""


def test_a_load_that_is_interrupted_leaves_what_was_there(address: str) -> None:
    before = content_hash(read_tables(address))
    command = ["generate", "--contacts", "70", "--accounts", "3", "--products", "10", "--to", address]
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_MIDDLE, *command],
        cwd=PROJECT_ROOT,
        env=environment_of(load_settings(env_file=None)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 130, done.stderr
    assert one_line(done) == (
        "error: interrupted: nothing was changed: the same command carries on from the finished shards"
    )
    assert content_hash(read_tables(address)) == before
    if address.startswith("duckdb:"):
        path = Path(address.partition(":")[2])
        assert [file.name for file in path.parent.glob("*.duckdb*") if ".run-" not in file.name] == [path.name]


def test_the_driver_of_postgres_does_not_swallow_ctrl_c(postgres: Settings) -> None:
    """Of its own it cancels the statement and says nothing: what follows would be committed without it."""
    from mock_data.sinks.postgres import connected, refusals

    with (
        connected(postgres_dsn(postgres)) as connection,
        connection.cursor() as cursor,
        pytest.raises(KeyboardInterrupt),
        refusals(),
    ):
        pid = os.getpid()
        subprocess.Popen(["sh", "-c", f"sleep 0.2; kill -INT {pid}"])
        cursor.execute("select pg_sleep(0.5)")
        cursor.execute("select 1")


def test_workers_say_nothing_of_ctrl_c(tmp_path: Path) -> None:
    """In a terminal it reaches every process of the command, also those that are only being started."""
    settings = load_settings(env_file=None)
    for seconds in ("0.9", "1.4"):
        to = f"duckdb:{tmp_path / 'crm.duckdb'}"
        command = f"{sys.executable} -m mock_data generate --contacts 200000 --workers 2 --to {to}"
        done = subprocess.Popen(
            command.split(), cwd=PROJECT_ROOT, env=environment_of(settings), stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        with pytest.raises(subprocess.TimeoutExpired):
            done.communicate(timeout=float(seconds))
        os.killpg(done.pid, signal.SIGINT)
        _, errors = done.communicate(timeout=30)
        assert done.returncode == 130, errors
        assert "Traceback" not in errors
        assert errors.splitlines()[-1].startswith("error: interrupted")


def test_kernels_end_with_the_command_that_started_them(tmp_path: Path) -> None:
    notebook = tmp_path / "slow.ipynb"
    cell = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    notebook.write_text(
        '{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [], '
        f'"source": "{cell}"}}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
    )
    settings = load_settings(env_file=None, target="duckdb", warehouse_path=tmp_path / "warehouse.duckdb")
    command = f"{sys.executable} -m book.execute {notebook} --out {tmp_path / 'out'}"
    running = subprocess.Popen(
        command.split(), cwd=PROJECT_ROOT, env=environment_of(settings), stderr=subprocess.PIPE, text=True
    )
    for _ in range(600):
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            break
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.1)
    kernel = int((tmp_path / "pid").read_text())
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (130, "error: interrupted\n")
    assert not Path(f"/proc/{kernel}").exists()


def test_make_keeps_no_stamp_of_an_interrupted_stage(tmp_path: Path) -> None:
    """The stage is made again: an interrupted command's exit status reaches make."""
    stamps = tmp_path / "_build" / "stamps"
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    code = tmp_path / "code"
    code.mkdir()
    (code / "sitecustomize.py").write_text(SITECUSTOMIZE)
    at = f"SIGNAL_AT='{int(signal.SIGINT)} import mock_data.generate' PYTHONPATH={code}"
    # the second Python of the stage is the one that is interrupted
    python.write_text(
        f"#!/bin/sh\ncd {PROJECT_ROOT} && exec {sys.executable} -m warehouse run -- env {at} {sys.executable} -m "
        "mock_data generate\n"
    )
    python.chmod(0o755)
    for file in (tmp_path / ".venv" / "installed", stamps / "settings.duckdb"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "Makefile").write_text((PROJECT_ROOT / "Makefile").read_text())
    for folder in ("mock_data", "warehouse"):
        (tmp_path / folder).mkdir()
    (tmp_path / "warehouse" / "settings.py").touch()
    settings = load_settings(env_file=None, target="duckdb", warehouse_path=tmp_path / "warehouse.duckdb")
    environment = environment_of(settings, MAKEFLAGS="")
    command = ["make", "-o", ".venv/installed", "ENGINE=duckdb", "warehouse"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "error: interrupted" in done.stderr and "130" in done.stderr
    assert not (stamps / "generated.duckdb").exists()


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=30)


def test_a_second_signal_does_not_wait_for_the_first(tmp_path: Path) -> None:
    code = (
        "import os, signal, time\nfrom warehouse.errors import run_command\n"
        "def command():\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)\n"
        "    finally:\n        os.kill(os.getpid(), signal.SIGINT); time.sleep(60)\n"
        "run_command(command)\n"
    )
    done = _python(code)
    assert (done.returncode, done.stderr) == (143, "error: terminated\n")


def test_what_a_command_was_told_to_ignore_stays_ignored() -> None:
    code = (
        "import os, signal\nfrom warehouse.errors import run_command\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "run_command(lambda: os.kill(os.getpid(), signal.SIGHUP))\n"
    )
    done = _python(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_signal_where_python_ignores_exceptions_is_not_lost() -> None:
    """While an object is forgotten, say, or a module's lock is: it comes again a moment later."""
    code = (
        "import os, signal, time\nfrom warehouse.errors import run_command\n"
        "class Forgotten:\n    def __del__(self):\n        os.kill(os.getpid(), signal.SIGINT); time.sleep(0.1)\n"
        "def command():\n    Forgotten(); time.sleep(60)\n"
        "run_command(command)\n"
    )
    done = _python(code)
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")
