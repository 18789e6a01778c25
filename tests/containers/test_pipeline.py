"""What a container says at the end of its default command: only advice that is right where it runs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_ROOT

POSTGRES = {"TARGET": "postgres", "POSTGRES_DB": "d", "POSTGRES_HOST": "h", "POSTGRES_PORT": "5"}


@pytest.mark.parametrize(
    ("settings", "chapters", "ready", "advised"),
    [
        ({}, True, "data/warehouse.duckdb", True),
        ({"TARGET": "duckdb", "WAREHOUSE_PATH": "there.duckdb"}, True, "there.duckdb", True),
        ({"TARGET": "duckdb"}, False, "data/warehouse.duckdb", False),
        (POSTGRES, True, "database d at h:5.", False),
        (POSTGRES, False, "database d at h:5.", False),
    ],
    ids=["default image", "a path of one's own", "slim image", "default image on Postgres", "slim image on Postgres"],
)
def test_a_volume_is_advised_only_where_the_chapters_and_the_file_are(
    settings: dict[str, str], chapters: bool, ready: str, advised: bool, tmp_path: Path
) -> None:
    for folder in ("containers", "dbt", "bin", *(["notebooks"] if chapters else [])):
        (tmp_path / folder).mkdir()
    script = shutil.copy(PROJECT_ROOT / "containers" / "pipeline.sh", tmp_path / "containers")
    for program in ("python", "dbt"):
        (tmp_path / "bin" / program).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / program).chmod(0o755)
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", **settings}
    done = subprocess.run(["sh", script], env=environment, capture_output=True, text=True, check=True)
    assert f"The warehouse is ready: {ready}\n" in done.stdout and "Schemas: crm" in done.stdout
    assert ("docker run" in done.stdout) == advised
    assert done.stderr == ""
