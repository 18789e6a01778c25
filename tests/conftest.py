"""What several test folders share: settings that no environment touches, scratch databases, and the default world."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from warehouse.connect import check_postgres
from warehouse.local_postgres import serving
from warehouse.scratch import scratch_database
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

POSTGRES_FIXTURES = {"postgres", "default_postgres", "server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that needs a server, so that `-m "not postgres"` leaves them out."""
    for item in items:
        if POSTGRES_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)


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
def postgres(server: Settings) -> Iterator[Settings]:
    """Settings of a scratch database that lives as long as the test session."""
    with scratch_database(server) as settings:
        yield settings


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    """The environment for a program that is to run with exactly these settings."""
    names = {name.upper() for name in Settings.model_fields}
    programs = str(Path(sys.executable).parent)
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return {**inherited, "PATH": programs + os.pathsep + inherited["PATH"], **settings.environment(), **more}


def build_world(settings: Settings, artifacts: Path) -> None:
    """Generate the mock CRM and build the models where `settings` say; dbt's artifacts go to `artifacts`."""
    environment = environment_of(settings, DBT_TARGET_PATH=str(artifacts), DBT_LOG_PATH=str(artifacts / "logs"))
    for command, folder in (
        ([sys.executable, "-m", "mock_data", "generate"], PROJECT_ROOT),
        (["dbt", "build", "--quiet"], PROJECT_ROOT / "dbt"),
    ):
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.fail(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-6000:]}{done.stderr[-3000:]}"
            )


@pytest.fixture(scope="session")
def default_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a DuckDB file that holds the default world, generated and built (marts and all). Read it only."""
    folder = tmp_path_factory.mktemp("default_duckdb")
    settings = default_settings(target="duckdb", warehouse_path=folder / "warehouse.duckdb")
    build_world(settings, folder / "dbt")
    return settings


@pytest.fixture(scope="session")
def steady_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same for the world `steady`, in which the formulas of the textbooks hold exactly. Read it only."""
    folder = tmp_path_factory.mktemp("steady_duckdb")
    settings = default_settings(target="duckdb", world="steady", warehouse_path=folder / "warehouse.duckdb")
    build_world(settings, folder / "dbt")
    return settings


@pytest.fixture(scope="session")
def default_postgres(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a Postgres database that holds the default world, generated and built. Read it only."""
    with scratch_database(server) as scratch:
        names = [name for name in Settings.model_fields if name.startswith("postgres_")]
        settings = default_settings(target="postgres", **{name: getattr(scratch, name) for name in names})
        build_world(settings, tmp_path_factory.mktemp("default_postgres"))
        yield settings
