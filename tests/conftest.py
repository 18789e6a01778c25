"""What several test folders share: settings that no environment touches, scratch databases, and the default world."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import examples  # noqa: F401  (loads the profile for every test)
from tests.running import dbt, environment_of
from warehouse.connect import SCHEMAS, check_postgres, postgres_dsn
from warehouse.local_postgres import serving
from warehouse.scratch import create_scratch, drop_scratch, scratch_database
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

POSTGRES_FIXTURES = {"postgres", "default_postgres", "server"}
# what these need takes a minute to make
SLOW_FIXTURES = {"default_duckdb", "steady_duckdb", "default_postgres"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server and what is slow, for `-m "not postgres and not slow"`; the longest tests come first.

    Two processes then end at about the same time. Each takes one slow test, or the other tests of one file, whose
    fixtures are then made once.
    """
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if POSTGRES_FIXTURES & fixtures:
            item.add_marker(pytest.mark.postgres)
        if SLOW_FIXTURES & fixtures:
            item.add_marker(pytest.mark.slow)
        item.add_marker(pytest.mark.xdist_group(item.nodeid if _seconds(item) > 30 else str(item.path)))
    items.sort(key=_seconds, reverse=True)


def _seconds(item: pytest.Item) -> int:
    """About how long a test takes: what its mark `slow` says, else half a minute, and nothing without that mark."""
    marks = list(item.iter_markers("slow"))
    return max((mark.kwargs.get("seconds", 30) for mark in marks), default=0)


def default_settings(**overrides: Any) -> Settings:
    """The settings that the repository's stored outputs were made with, whatever the environment or `.env` says.

    Only TEST_SEED takes another seed, with which what is true of one world is tried on others.
    """
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    defaults["seed"] = int(os.environ.get("TEST_SEED") or defaults["seed"])
    return load_settings(env_file=None, **{**defaults, **overrides})


@pytest.fixture
def tmp_warehouse(tmp_path: Path) -> Path:
    """The path of a DuckDB file that does not exist yet."""
    return tmp_path / "warehouse.duckdb"


@pytest.fixture(scope="session")
def server() -> Iterator[Settings]:
    """The configured Postgres server, else the project's own, for as long as the tests run."""
    with serving(load_settings(target="postgres")) as settings:
        check_postgres(settings)
        yield settings


@pytest.fixture(scope="session")
def scratch(server: Settings) -> Iterator[Settings]:
    """Settings of a database that lives as long as the test session."""
    with scratch_database(server) as settings:
        yield settings


@pytest.fixture
def postgres(scratch: Settings) -> Settings:
    """The same, with none of our schemas in it."""
    with psycopg.connect(postgres_dsn(scratch), autocommit=True) as connection:
        connection.execute(f"drop schema if exists {', '.join(SCHEMAS)} cascade".encode())
    return scratch


def generate(settings: Settings) -> None:
    """Make the mock CRM where `settings` say."""
    command = [sys.executable, "-m", "mock_data", "generate"]
    done = subprocess.run(
        command, cwd=PROJECT_ROOT, env=environment_of(settings), capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-3000:]}")


def build_world(settings: Settings, artifacts: Path) -> None:
    """Generate the mock CRM and build the models where `settings` say; dbt's artifacts go to `artifacts`.

    Every data test runs. Unit tests bring their own rows and are run by themselves, in `dbt/test_unit_tests.py`.
    """
    generate(settings)
    built = dbt(settings, artifacts, "build", "--quiet", "--exclude-resource-type", "unit_test", write_json=True)
    if built.status:
        pytest.fail(f"dbt build ended with {built.status}: {built.printed[-6000:]}")


@pytest.fixture(scope="session")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@contextmanager
def my_turn(folder: Path) -> Iterator[None]:
    """Hold `folder`, which is made where it is missing, against the other processes of this test run."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def demo_is_current(engine: str, scratch: Path) -> bool:
    """Whether `make demo` made the default world with this very code, and tested its data: make itself knows.

    Args:
        scratch: a folder for what the default settings would be stamped with.
    """
    wanted, stamps = default_settings(target=engine), PROJECT_ROOT / "_build" / "stamps"
    stamp = [sys.executable, "-m", "warehouse", "stamp", str(scratch)]
    subprocess.run(stamp, cwd=PROJECT_ROOT, env=environment_of(wanted), capture_output=True, check=True)
    settings, data, built = f"settings.{engine}", scratch / f"data.{engine}", stamps / f"models.{engine}"
    if not (data.exists() and built.exists() and (stamps / settings).exists()):
        return False
    if (scratch / settings).read_text() != (stamps / settings).read_text():
        return False
    if data.stat().st_mtime > built.stat().st_mtime:
        return False  # somebody has written to it since
    shutil.copy2(data, stamps)  # as make itself does before it looks
    question = ["make", "--question", f"ENGINE={engine}", f"_build/stamps/tested.{engine}"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(question, cwd=PROJECT_ROOT, env=plain, check=False).returncode == 0


def compile_models(settings: Settings, artifacts: Path) -> None:
    """Leave in the folder `artifacts` what a build would have left: the models' SQL, and dbt's manifest."""
    done = dbt(settings, artifacts, "compile", "--quiet", "--select", "resource_type:model", write_json=True)
    assert done.status == 0, done.printed


def duckdb_world(folder: Path, world: str) -> Settings:
    """Settings of a DuckDB file in `folder` with a world in it: whoever comes first copies the demo's, or builds it."""
    settings = default_settings(target="duckdb", world=world, warehouse_path=folder / "warehouse.duckdb")
    with my_turn(folder):
        if not (folder / "built").exists():
            demo = default_settings(target="duckdb")
            if world == demo.world and demo_is_current("duckdb", folder / "stamps"):
                shutil.copy(demo.warehouse_path, settings.warehouse_path)
                compile_models(settings, folder / "dbt")
            else:
                build_world(settings, folder / "dbt")
            (folder / "built").touch()
    return settings


def postgres_world(server: Settings, folder: Path) -> Settings:
    """Settings of a new database with the default world in it: a copy of the demo's, or built."""
    if load_settings(target="postgres").postgres_host is None and demo_is_current("postgres", folder / "stamps"):
        with suppress(psycopg.errors.ObjectInUse):  # somebody works in it
            settings = on_server(create_scratch(server, template=str(server.postgres_db)))
            compile_models(settings, folder / "dbt")
            return settings
    settings = on_server(create_scratch(server))
    build_world(settings, folder / "dbt")
    return settings


@pytest.fixture(scope="session")
def default_duckdb(together: Path) -> Settings:
    """Settings of a DuckDB file that holds the default world, generated and built (marts and all). Read it only."""
    return duckdb_world(together / "default_duckdb", "seasonal")


@pytest.fixture(scope="session")
def steady_duckdb(together: Path) -> Settings:
    """The same for the world `steady`, in which the formulas of the textbooks hold exactly. Read it only."""
    return duckdb_world(together / "steady_duckdb", "steady")


@pytest.fixture(scope="session")
def default_postgres(server: Settings, together: Path) -> Iterator[Settings]:
    """Settings of a Postgres database that holds the default world, generated and built. Read it only.

    Whoever comes first makes it, and whoever leaves last drops it: in the file `users`, a letter for each.
    """
    folder = together / "default_postgres"
    users, name = folder / "users", folder / "database"
    with my_turn(folder):
        if not (users.exists() and users.read_text()):
            name.write_text(str(postgres_world(server, folder).postgres_db))
            users.write_text("")
        settings = on_server(server, postgres_db=name.read_text())
        users.write_text(users.read_text() + "x")
    yield settings
    with my_turn(folder):
        users.write_text(users.read_text()[1:])
        if not users.read_text():
            drop_scratch(server, settings)


def on_server(server: Settings, **overrides: Any) -> Settings:
    """The default settings on that server."""
    names = [name for name in Settings.model_fields if name.startswith("postgres_")]
    return default_settings(target="postgres", **{name: getattr(server, name) for name in names} | overrides)
