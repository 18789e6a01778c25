"""`python -m warehouse`: settings reach the command, its exit status comes back, mistakes are one line."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import environment_of
from warehouse.settings import PROJECT_ROOT, Settings, load_settings


def warehouse(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with default settings, changed by `environment`."""
    settings = load_settings(env_file=None)
    return subprocess.run(
        [sys.executable, "-m", "warehouse", *arguments],
        cwd=PROJECT_ROOT,
        env={**environment_of(settings), **environment},
        capture_output=True,
        text=True,
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    return done.stderr


def test_settings_reach_the_command() -> None:
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    done = warehouse("run", "--", "python", "-c", code, SEED="77", TARGET="duckdb")
    environment = json.loads(done.stdout)
    assert environment["SEED"] == "77"
    assert Path(environment["WAREHOUSE_PATH"]).is_absolute()
    assert {name.upper() for name in Settings.model_fields if not name.startswith("postgres")} <= environment.keys()


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137)])
def test_exit_status_is_passed_on(script: str, status: int) -> None:
    assert warehouse("run", "--", "sh", "-c", script, TARGET="duckdb").returncode == status


def test_unknown_program_and_wrong_settings_are_one_line() -> None:
    assert "no-such-program" in one_line(warehouse("run", "--", "no-such-program", TARGET="duckdb"))
    assert "AS_OF_DATE" in one_line(warehouse("run", "--", "true", AS_OF_DATE="1999-12-31"))
    assert "POSTGRES_USER" in one_line(
        warehouse("settings", TARGET="postgres", POSTGRES_HOST="h", POSTGRES_USER="", POSTGRES_PASSWORD="")
    )


def test_unreachable_postgres_is_one_line_without_the_password() -> None:
    given = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1", "POSTGRES_USER": "u", "POSTGRES_DB": "d"}
    line = one_line(warehouse("run", "--", "true", TARGET="postgres", POSTGRES_PASSWORD="a-secret", **given))
    assert "127.0.0.1:1 cannot be reached" in line and "a-secret" not in line


def test_settings_are_shown_without_the_password() -> None:
    done = warehouse("settings", POSTGRES_PASSWORD="a-secret")
    assert "SEED=42" in done.stdout and "a-secret" not in done.stdout + done.stderr


def test_stamp_changes_only_with_the_settings(tmp_path: Path) -> None:
    assert warehouse("stamp", str(tmp_path), TARGET="duckdb").stdout == "duckdb\n"
    file = tmp_path / "settings.duckdb"
    os.utime(file, (1, 1))
    warehouse("stamp", str(tmp_path), TARGET="duckdb", POSTGRES_PORT="6000")
    assert file.stat().st_mtime == 1, "another engine's setting changes nothing for this one"
    warehouse("stamp", str(tmp_path), TARGET="duckdb", SEED="43")
    assert file.stat().st_mtime > 1
    assert '"SEED": "43"' in file.read_text()
    given = {"POSTGRES_HOST": "h", "POSTGRES_USER": "u", "POSTGRES_PASSWORD": "a-secret", "POSTGRES_DB": "d"}
    assert warehouse("stamp", str(tmp_path), TARGET="postgres", **given).stdout == "postgres\n"
    assert (tmp_path / "target").read_text() == "postgres\n"
    assert "a-secret" not in (tmp_path / "settings.postgres").read_text()


def test_stamp_follows_the_data(tmp_path: Path) -> None:
    stamp, data = tmp_path / "data.duckdb", tmp_path / "a warehouse.duckdb"
    for _ in range(2):
        warehouse("stamp", str(tmp_path), TARGET="duckdb", WAREHOUSE_PATH=str(data))
        assert not stamp.exists(), "there is no data yet, or it was deleted"
        data.touch()
        os.utime(data, (5, 1_000_000_000.5))
        warehouse("stamp", str(tmp_path), TARGET="duckdb", WAREHOUSE_PATH=str(data))
        assert stamp.stat().st_mtime == 1_000_000_000.5
        data.unlink()
    configured = {"POSTGRES_HOST": "h", "POSTGRES_USER": "u", "POSTGRES_PASSWORD": "p", "POSTGRES_DB": "d"}
    stamp = tmp_path / "data.postgres"
    warehouse("stamp", str(tmp_path), TARGET="postgres", **configured)
    os.utime(stamp, (1, 1))
    warehouse("stamp", str(tmp_path), TARGET="postgres", **configured)
    assert stamp.stat().st_mtime == 1, "a configured server's data is there, and does not change by itself"


@pytest.mark.postgres
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_and_the_server(number: signal.Signals) -> None:
    settings = load_settings(env_file=None, target="postgres", postgres_host=None)
    running = subprocess.Popen(
        [sys.executable, "-m", "warehouse", "run", "--", "sh", "-c", "echo $POSTGRES_PORT; exec sleep 600"],
        cwd=PROJECT_ROOT,
        env={**environment_of(settings), "POSTGRES_HOST": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline().strip().isdigit()
    running.send_signal(number)
    running.communicate(timeout=60)
    assert running.returncode == 128 + number
