"""Every KPI model is broken on purpose, and every break turns a dbt test red."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .breaks import BREAKS, KPI_MODELS, Break
from .runner import PROJECT_ROOT


def test_every_kpi_model_is_broken_at_least_once() -> None:
    assert {broken.model for broken in BREAKS} == {path.stem for path in KPI_MODELS.glob("*.sql")}


@pytest.mark.parametrize("broken", BREAKS, ids=[f"{broken.model}: {broken.what}" for broken in BREAKS])
def test_a_break_fits_its_model(broken: Break) -> None:
    sql = (KPI_MODELS / f"{broken.model}.sql").read_text(encoding="utf-8")
    assert broken.apply(sql) != sql


def test_a_break_that_no_longer_fits_is_an_error() -> None:
    with pytest.raises(ValueError, match="found 0 times"):
        Break("rfm", "text that is gone", (("no such text", ""),)).apply("select 1")


@pytest.mark.slow
def test_every_break_turns_a_test_red() -> None:
    # a process of its own: dbt keeps one connection per process, and other tests have theirs
    done = subprocess.run([sys.executable, "-m", "tests.mutation"], cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
