"""Every KPI model is broken on purpose, and every break turns a dbt test red."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import my_turn
from warehouse.settings import PROJECT_ROOT

from .breaks import BREAKS, KPI_MODELS, Break, share
from .runner import prepare

SHARES = ("1/2", "2/2")


@pytest.fixture(scope="session")
def base(together: Path) -> Path:
    """The folder of the small world, which every share breaks a copy of."""
    folder = together / "mutation"
    with my_turn(folder):
        if not (folder / "built").exists():
            prepare(folder)
            (folder / "built").touch()
    return folder


def test_every_kpi_model_is_broken_at_least_once() -> None:
    assert {broken.model for broken in BREAKS} == {path.stem for path in KPI_MODELS.glob("*.sql")}


@pytest.mark.parametrize("broken", BREAKS, ids=[f"{broken.model}: {broken.what}" for broken in BREAKS])
def test_a_break_fits_its_model(broken: Break) -> None:
    sql = (KPI_MODELS / f"{broken.model}.sql").read_text(encoding="utf-8")
    assert broken.apply(sql) != sql


def test_a_break_that_no_longer_fits_is_an_error() -> None:
    with pytest.raises(ValueError, match="found 0 times"):
        Break("rfm", "text that is gone", (("no such text", ""),)).apply("select 1")


def test_every_break_is_in_one_share() -> None:
    shares = [share(list(BREAKS), part) for part in SHARES]
    assert sorted(repr(broken) for part in shares for broken in part) == sorted(map(repr, BREAKS))
    assert all(len(part) > len(BREAKS) / 3 for part in shares)


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=pytest.mark.slow(seconds=120 - 20 * i)) for i, part in enumerate(SHARES)]
)
def test_every_break_turns_a_test_red(part: str, base: Path) -> None:
    # a process of its own: dbt keeps one connection per process, and other tests have theirs
    command = [sys.executable, "-m", "tests.mutation", "--share", part, "--base", str(base)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
