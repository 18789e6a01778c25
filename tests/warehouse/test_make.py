"""`make` redoes what has changed and nothing else, on either engine, in a folder of any name."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_ROOT

STAGES = ("generated", "models", "parsed", "tested", "chapters", "book")


@pytest.fixture(params=["duckdb", "postgres"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A made project: the Makefile, one file of each kind, and every stamp, each newer than what it depends on."""
    folder, engine = tmp_path / "a project's folder", request.param
    stamps = folder / "_build" / "stamps"
    made = [
        *(folder / name for name in ("requirements.lock", "pyproject.toml", "_config.yml", "_toc.yml", "README.md")),
        *(folder / name for name in ("warehouse/settings.py", "mock_data/a.py", "dbt/models/a.sql", "book/a.py")),
        *(folder / ".venv" / name for name in ("packages", "installed")),
        *(stamps / name for name in ("target", "addresses", f"settings.{engine}", f"data.{engine}")),
        *(stamps / f"{stage}.{engine}" for stage in STAGES[:4]),
        *(stamps / stage for stage in STAGES[4:]),
        folder / "_build" / "html" / "index.html",
    ]
    for time, file in enumerate(made):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        os.utime(file, (time + 1_000_000, time + 1_000_000))
    shutil.copy(PROJECT_ROOT / "Makefile", folder)
    return folder, engine


def redone(project: tuple[Path, str]) -> list[str]:
    """The stages that `make demo` would go through."""
    folder, engine = project
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--dry-run", f"ENGINE={engine}", "site"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    stamps = [line.rsplit("/", 1)[1] for line in done.stdout.splitlines() if line.startswith("touch _build/stamps/")]
    return [stamp.removesuffix(f".{engine}") for stamp in stamps]


def test_nothing_is_redone_where_nothing_changed(project: tuple[Path, str]) -> None:
    assert redone(project) == []


@pytest.mark.parametrize(
    ("changed", "first"),
    [
        ("mock_data/a.py", "generated"),
        ("_build/stamps/settings.{engine}", "generated"),
        ("_build/stamps/data.{engine}", "models"),
        # the other engine answered last
        ("_build/stamps/target", "chapters"),
        ("dbt/models/a.sql", "models"),
        ("book/a.py", "chapters"),
        ("README.md", "book"),
        ("_build/stamps/addresses", "book"),
    ],
)
def test_a_change_redoes_what_depends_on_it(project: tuple[Path, str], changed: str, first: str) -> None:
    folder, engine = project
    (folder / changed.format(engine=engine)).touch()
    # dbt reads its project anew where the project itself changed, whatever the data
    unread = set() if changed.startswith("dbt/") else {"parsed"}
    assert redone(project) == [stage for stage in STAGES[STAGES.index(first) :] if stage not in unread]


def test_deleted_data_is_made_again(project: tuple[Path, str]) -> None:
    folder, engine = project
    (folder / "_build" / "stamps" / f"data.{engine}").unlink()
    assert redone(project) == [stage for stage in STAGES if stage != "parsed"]


def test_install_works_in_a_folder_of_any_name(project: tuple[Path, str]) -> None:
    folder, _ = project
    python, uv = folder / ".venv" / "bin" / "python", folder / ".venv" / "bin" / "uv"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nexit 0\n")
    uv.write_text('#!/bin/sh\necho "$VIRTUAL_ENV" >"${0%/*}/seen"\n')
    for program in (python, uv):
        program.chmod(0o755)
    (folder / "requirements.lock").touch()
    subprocess.run(["make", "packages"], cwd=folder, capture_output=True, text=True, check=True)
    assert (python.parent / "seen").read_text() == f"{folder / '.venv'}\n"
