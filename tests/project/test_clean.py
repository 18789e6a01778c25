"""`make clean` ends what runs before it deletes the files that tell of it, and works without an environment, too."""

import shutil
import subprocess
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which everything was started once."""
    shutil.copy(PROJECT_ROOT / "Makefile", tmp_path)
    for name in ("containers", "cloud/localstack"):
        (tmp_path / "_build" / name).mkdir(parents=True)
    return tmp_path


def clean(checkout: Path) -> None:
    done = subprocess.run(["make", "clean"], cwd=checkout, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (checkout / "_build").exists()


def test_clean_needs_no_environment(checkout: Path) -> None:
    clean(checkout)


def test_clean_ends_what_runs_first(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@" >>told\ntest -d _build\n')
    python.chmod(0o755)
    clean(checkout)
    assert (checkout / "told").read_text().splitlines() == [
        "-m warehouse remove-postgres",
        "-c from containers.engine import tidy; tidy()",
        "-c from terraform.localstack import tidy; tidy()",
    ]
