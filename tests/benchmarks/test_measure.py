"""A command is accounted for with all its children; nothing here depends on how fast the machine is."""

import sys
from pathlib import Path

import pytest

from benchmarks.measure import keep, results_in, spread, timed
from warehouse.errors import UserError

MEGABYTES, SECONDS = 150, 0.3
# a child that only waits for a child of its own, which takes memory and time
GRANDCHILD = f"""
import time
held = bytearray({MEGABYTES} * 1024 * 1024)
while time.process_time() < {SECONDS}: held[::4096] = b"x" * (len(held) // 4096)
"""
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {GRANDCHILD!r}], check=True); print('done')"


def test_what_a_grandchild_takes_is_counted(tmp_path: Path) -> None:
    run = timed([sys.executable, "-c", CHILD], tmp_path)
    assert run.said == "done\n"
    assert run.cpu >= SECONDS
    assert MEGABYTES < run.process < run.tree < 2 * MEGABYTES


def test_memory_of_the_measuring_process_is_not_counted(tmp_path: Path) -> None:
    held = b"x" * (200 * 1024 * 1024)
    assert timed([sys.executable, "-c", "import time; time.sleep(0.1)"], tmp_path).tree < len(held) / 1024**2 / 2


def test_a_command_runs_where_and_with_what_it_is_told(tmp_path: Path) -> None:
    said = timed([sys.executable, "-c", "import os; print(os.getcwd(), os.environ['A'])"], tmp_path, {"A": "b"}).said
    assert said == f"{tmp_path} b\n"


def test_a_command_that_fails_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="status 3"):
        timed([sys.executable, "-c", "import sys; print('why'); sys.exit(3)"], tmp_path)
    assert "why" in capfd.readouterr().err


def test_a_spread_has_four_digits() -> None:
    assert spread([1, 123_456, 3]) == {"median": 3, "min": 1, "max": 123_500}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "a package", "version": "1"}', '{"loads": {}}'])
def test_a_file_that_holds_no_results_is_kept(tmp_path: Path, content: str) -> None:
    file = tmp_path / "package.json"
    file.write_text(content)
    with pytest.raises(UserError, match="holds no results"):
        keep("loading", {}, file)
    assert file.read_text() == content


def test_one_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    keep("loading", {"rows": 1}, file)
    keep("peers", {"rows": 2}, file)
    keep("loading", {"rows": 3}, file)
    assert {name: section["rows"] for name, section in results_in(file).items()} == {"loading": 3, "peers": 2}
