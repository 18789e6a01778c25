"""The chapters' stored outputs are what their code prints, cell by cell, on DuckDB and on Postgres alike."""

import subprocess
import sys

import pytest

from tests.running import environment_of
from warehouse.settings import PROJECT_ROOT, Settings

pytestmark = pytest.mark.slow(seconds=200)


def compare(settings: Settings) -> None:
    """Run every stored notebook against the default world at `settings` and compare each output strictly."""
    nbval = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "notebooks"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-o", "addopts=", "-q", "-p", "no:cacheprovider", *nbval],
        cwd=PROJECT_ROOT,
        env=environment_of(settings, PYTHONPATH=str(PROJECT_ROOT)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_on_duckdb(default_duckdb: Settings) -> None:
    compare(default_duckdb)


def test_on_postgres(default_postgres: Settings) -> None:
    compare(default_postgres)
