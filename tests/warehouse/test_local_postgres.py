"""The project's own Postgres: it starts, keeps its data, is shared, stops with its last user and survives kill -9."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from warehouse import local_postgres as module
from warehouse.connect import postgres_dsn
from warehouse.errors import UserError
from warehouse.local_postgres import local_postgres, remove
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

pytestmark = pytest.mark.postgres
SETTINGS = load_settings(env_file=None, target="postgres", postgres_host=None)
USER_OF_THE_SERVER = """
import sys
from pathlib import Path
from warehouse.local_postgres import local_postgres
from warehouse.settings import load_settings
with local_postgres(load_settings(env_file=None, target="postgres"), Path(sys.argv[1])) as settings:
    print(settings.postgres_port, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One data directory for the whole file. As root this also covers the case of a folder closed to the server."""
    path = tmp_path_factory.mktemp("server") / "postgres"
    yield path
    remove(path)
    assert not path.exists()


def home(folder: Path) -> Path:
    note = folder / "home"
    return Path(note.read_text().strip()) if note.exists() else folder


def pid(folder: Path) -> int | None:
    return module._server_pid(home(folder) / "cluster")


def query(settings: Settings, text: str) -> list[tuple[object, ...]]:
    with psycopg.connect(postgres_dsn(settings), autocommit=True) as connection:
        cursor = connection.execute(text)
        return cursor.fetchall() if cursor.description else []


def other_process(folder: Path) -> subprocess.Popen[str]:
    """Another program that uses the server until it gets a line; returns once it has the server."""
    other = subprocess.Popen(
        [sys.executable, "-c", USER_OF_THE_SERVER, str(folder)],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline().strip().isdigit()
    return other


def wait_until(condition: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    pytest.fail("it did not happen in time")


def test_starts_with_the_promised_settings_and_stops(folder: Path) -> None:
    with local_postgres(SETTINGS, folder) as settings:
        assert pid(folder) is not None
        assert query(settings, "select current_setting('TimeZone'), current_setting('server_encoding')") == [
            ("UTC", "UTF8")
        ]
        assert query(settings, "select datcollate from pg_database where datname = current_database()") == [("C",)]
        assert query(settings, "select inet_server_addr()::text") == [("127.0.0.1/32",)]
        methods = query(settings, "select distinct auth_method from pg_hba_file_rules")
        assert methods == [("scram-sha-256",)]
    assert pid(folder) is None


def test_data_stays_and_the_password_is_kept_to_its_owner(folder: Path) -> None:
    with local_postgres(SETTINGS, folder) as settings:
        query(settings, "create table if not exists kept as select 1 as n")
    with local_postgres(SETTINGS, folder) as settings:
        assert query(settings, "select n from kept") == [(1,)]
        assert settings.postgres_password is not None
        assert len(settings.postgres_password.get_secret_value()) >= 24
        with pytest.raises(psycopg.OperationalError):
            query(settings.model_copy(update={"postgres_password": None}), "select 1")
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600


def test_two_users_share_and_the_last_one_out_stops_it(folder: Path) -> None:
    other = other_process(folder)
    try:
        running = pid(folder)
        with local_postgres(SETTINGS, folder):
            assert pid(folder) == running
            with pytest.raises(UserError, match="in use"):
                remove(folder)
        assert pid(folder) == running, "the other program still uses it"
    finally:
        other.communicate("\n", timeout=30)
    assert other.returncode == 0
    assert pid(folder) is None


def test_a_killed_user_leaves_no_server_behind(folder: Path) -> None:
    other = other_process(folder)
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    wait_until(lambda: pid(folder) is None)
    other.communicate()


def test_a_killed_server_is_recovered(folder: Path) -> None:
    with local_postgres(SETTINGS, folder) as settings:
        query(settings, "create table if not exists committed as select 7 as n")
        running = pid(folder)
        assert running is not None
        os.kill(running, signal.SIGKILL)
        wait_until(lambda: pid(folder) is None)
    assert (home(folder) / "cluster" / "postmaster.pid").exists(), "the stale file is what this test is about"
    with local_postgres(SETTINGS, folder) as settings:
        assert query(settings, "select n from committed") == [(7,)]


def test_a_pid_that_another_program_has_now_is_left_alone(folder: Path) -> None:
    with local_postgres(SETTINGS, folder):
        lines = (home(folder) / "cluster" / "postmaster.pid").read_text().splitlines()
    lines[0] = str(os.getpid())
    (home(folder) / "cluster" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    with local_postgres(SETTINGS, folder) as settings:
        assert query(settings, "select 1") == [(1,)]
    assert pid(folder) is None


def test_an_unfinished_data_directory_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with local_postgres(SETTINGS, folder):
        pass
    (home(folder) / "cluster").rename(home(folder) / "cluster.new")
    try:
        with local_postgres(SETTINGS, folder) as settings:
            assert query(settings, "select 1") == [(1,)]
    finally:
        remove(folder)


def test_it_is_removed_right_after_a_session(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    for _ in range(3):
        with local_postgres(SETTINGS, folder):
            pass
        assert remove(folder)
        assert not list(tmp_path.iterdir())
    assert not remove(folder)


def test_it_is_removed_while_others_look_after_it(tmp_path: Path) -> None:
    """Watchers and users take their turn at any moment, also while the folder is being deleted."""
    folder = tmp_path / "postgres"
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            with suppress(module._Gone), module._only_one(folder):
                module._stop_unless_used(folder, folder / "cluster")

    with ThreadPoolExecutor(3) as pool:
        lookers = [pool.submit(look) for _ in range(3)]
        try:
            for _ in range(20):
                (folder / "cluster" / "base").mkdir(parents=True)
                for n in range(50):
                    (folder / "cluster" / "base" / str(n)).touch()
                assert remove(folder)
                assert not list(tmp_path.iterdir())
        finally:
            done.set()
    for looker in lookers:
        looker.result()


def test_what_cannot_be_deleted_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise OSError(39, "Directory not empty", str(path))

    folder = tmp_path / "postgres"
    folder.mkdir()
    monkeypatch.setattr(module, "_place", lambda folder: module._Place(folder, folder, {}))
    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(UserError, match=r"cannot delete the project's Postgres: .*Directory not empty"):
        remove(folder)


def test_another_major_version_is_refused(folder: Path) -> None:
    version = home(folder) / "cluster" / "PG_VERSION"
    before = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(UserError, match="made by Postgres 9"), local_postgres(SETTINGS, folder):
            pass
    finally:
        version.write_text(before)


def test_a_configured_server_is_used_as_it_is(folder: Path) -> None:
    configured = SETTINGS.model_copy(update={"postgres_host": "db.example"})
    with module.serving(configured, folder) as settings:
        assert settings is configured
    with module.serving(SETTINGS.model_copy(update={"target": "duckdb"}), folder) as settings:
        assert settings.postgres_host is None
