"""The command line: settings and their order, one line for a mistake, nothing touched by it."""

import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_ROOT, Settings

SMALL = ["--contacts", "40", "--accounts", "3", "--products", "10"]


def mock_data(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    clean = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    return subprocess.run(
        [sys.executable, "-m", "mock_data", *arguments],
        cwd=PROJECT_ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_generate_then_hash_tells_the_same_content(tmp_path):
    made = mock_data("generate", *SMALL, "--to", f"duckdb:{tmp_path / 'a.duckdb'}")
    assert made.returncode == 0, made.stderr
    told = mock_data("hash", f"duckdb:{tmp_path / 'a.duckdb'}")
    assert told.stdout.strip() == made.stdout.split()[-1]


def test_an_option_wins_over_the_environment(tmp_path):
    to = ["--to", f"parquet:{tmp_path / 'a'}"]
    environment = {
        "NUMBER_CONTACTS_TO_CREATE": "40",
        "NUMBER_ACCOUNTS_TO_CREATE": "3",
        "NUMBER_PRODUCTS_TO_CREATE": "10",
    }
    from_environment = mock_data("generate", *to, SEED="5", **environment).stdout
    assert mock_data("generate", *to, "--seed", "5", SEED="6", **environment).stdout == from_environment
    assert mock_data("generate", *to, SEED="6", **environment).stdout != from_environment


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--contacts", "0"], "NUMBER_CONTACTS_TO_CREATE is 0: it must be a whole number from 1 to 1000000000"),
        (["--contacts", "many"], "--contacts"),
        (["--accounts", "-1"], "NUMBER_ACCOUNTS_TO_CREATE"),
        (["--products", "0"], "NUMBER_PRODUCTS_TO_CREATE"),
        (["--as-of", "2022-12-31"], "AS_OF_DATE is 2022-12-31, before START_DATE 2023-01-01"),
        (["--as-of", "yesterday"], "AS_OF_DATE"),
        (["--seed", "-1"], "SEED"),
        (["--workers", "0"], "workers"),
        (["--nonsense"], "nonsense"),
    ],
)
def test_a_bad_setting_is_one_line_and_touches_nothing(tmp_path, arguments, says):
    file = tmp_path / "a.duckdb"
    done = mock_data("generate", *arguments, "--to", f"duckdb:{file}")
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert not file.exists()


def test_hash_of_nothing_is_one_line(tmp_path: Path):
    done = mock_data("hash", f"duckdb:{tmp_path / 'none.duckdb'}")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("error: there is no file")


def test_describe_says_which_world_is_where(tmp_path: Path):
    """The last line of `make demo`."""
    for place in (f"duckdb:{tmp_path / 'a.duckdb'}", f"parquet:{tmp_path / 'a'}"):
        mock_data("generate", *SMALL, "--seed", "7", "--world", "steady", "--as-of", "2024-02-29", "--to", place)
        engine, path = ("DuckDB" if place.startswith("d") else "Parquet"), place.partition(":")[2]
        assert mock_data("describe", place).stdout == (
            f"The world: 40 customers, seed 7, steady, 2023-01-01 to 2024-02-29; {engine}: {path}\n"
        )
    for nothing in (f"duckdb:{tmp_path / 'none.duckdb'}", "nonsense"):
        done = mock_data("describe", nothing)
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: there is no CRM at {nothing}") and done.stderr.count("\n") == 1
