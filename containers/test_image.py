"""``make test-image``: builds every image on a stand-in base, and runs each without network on a read-only root.

Outside `tests/`, since it needs root, Debian's container tools and several minutes. The images are built while the
tests of those that are finished run.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import yaml
from psycopg import sql

from tools import program
from warehouse.connect import postgres_dsn
from warehouse.local_postgres import serving
from warehouse.scratch import scratch_database
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

from .engine import build, inspect, install_programs, podman, podman_command, registry_access, run, run_options, tidy
from .stand_in import base_image

TARGETS = ("pipeline", "notebooks", "book")
MEGABYTES = {"pipeline": 500, "notebooks": 900}
SMALL = {"NUMBER_CONTACTS_TO_CREATE": "500", "NUMBER_ACCOUNTS_TO_CREATE": "20", "NUMBER_PRODUCTS_TO_CREATE": "50"}
UID = 1000
POSTGRES = "on Postgres"

TIMES: dict[str, float] = {}
SIZES: dict[str, int] = {}


def image(target: str) -> str:
    return f"localhost/demo_consulting:{target}"


@contextmanager
def timing(what: str) -> Iterator[None]:
    begin = time.monotonic()
    yield
    TIMES[what] = time.monotonic() - begin


@pytest.fixture(scope="session")
def builds() -> Iterator[dict[str, Future[Any]]]:
    """Every image, being built beside the tests of those that are there; and what is run on Postgres."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    install_programs()
    with timing("stand-in base"):
        base = base_image()
    SIZES["stand-in base"] = inspect(base)["Size"]
    registry_access()
    with timing("build what they share"):
        build("packages", "localhost/demo_consulting:packages", base)
    builds: dict[str, Future[Any]] = {}

    def one(target: str) -> None:
        if target == "book":
            builds["notebooks"].result()
        with timing(f"build {target}"):
            build(target, image(target), base)

    pool = ThreadPoolExecutor(3)
    try:
        for target in TARGETS[:2]:
            builds[target] = pool.submit(one, target)
        builds[POSTGRES] = pool.submit(run_on_postgres, builds)
        builds["book"] = pool.submit(one, "book")
        yield builds
    finally:
        pool.shutdown(cancel_futures=True)
        tidy()


@pytest.fixture(scope="session")
def built(builds: dict[str, Future[Any]]) -> Callable[[str], str]:
    """Waits for a target, and gives the name of its image."""

    def wait(target: str) -> str:
        builds[target].result()
        SIZES[target] = inspect(image(target))["Size"]
        return image(target)

    return wait


@pytest.fixture(scope="session", autouse=True)
def report(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print what was measured, once, at the end."""
    yield
    lines = ["", "", "On a stand-in base (Debian and this machine's Python), not on the official image:"]
    for name, size in SIZES.items():
        above = size - SIZES["stand-in base"]
        lines.append(f"  {name:40}{size / 1e6:8.0f} MB" + (f"  ({above / 1e6:.0f} above the base)" if above else ""))
    lines += [f"  {name:40}{seconds:8.1f} s" for name, seconds in TIMES.items()]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(lines))


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="test-image-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def data_folder(folder: Path, name: str, owner: int = UID) -> Path:
    """An empty folder for /app/data that belongs to the image's user."""
    path = folder / name
    path.mkdir()
    os.chown(path, owner, owner)
    return path


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, f"ended with {done.returncode}:\n{done.stdout[-6000:]}{done.stderr[-3000:]}"
    return done.stdout


def outside_hash(folder: Path, **settings: str) -> str:
    """The content hash of the same world made outside any container."""
    place = f"duckdb:{folder / 'outside.duckdb'}"
    names = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in names} | settings
    command = [sys.executable, "-m", "mock_data"]
    for arguments in (["generate", "--to", place], ["hash", place]):
        done = subprocess.run(
            [*command, *arguments], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False
        )
        ok(done)
    (folder / "outside.duckdb").unlink()
    return done.stdout.strip()


def inside_hash(name: str, **how: Any) -> str:
    return ok(run(name, "python", "-m", "mock_data", "hash", **how)).strip()


def counts(file: Path) -> dict[str, int]:
    """Rows of every mart in a DuckDB file that one of the images made."""
    with duckdb.connect(str(file), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        ).fetchall()
        return {name: _one(connection.execute(f"select count(*) from marts.{name}").fetchone()) for (name,) in names}


def _one(row: tuple[Any, ...] | None) -> int:
    assert row is not None
    return int(row[0])


FETCH = """
import json, sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Accept-Encoding": "gzip"})
try:
    answer = urllib.request.urlopen(request, timeout=5)
except urllib.error.HTTPError as error:
    answer = error
print(json.dumps([answer.status, {name.lower(): value for name, value in answer.headers.items()}, len(answer.read())]))
"""


def fetch(container: str, url: str) -> subprocess.CompletedProcess[str]:
    """Ask a server from inside its container, which has no other network: status, headers and size, as JSON."""
    return podman("exec", container, "python", "-c", FETCH, url)


def status(container: str, url: str) -> int:
    return int(json.loads(ok(fetch(container, url)))[0])


@contextmanager
def server(name: str, *command: str, url: str, data: Path | None = None) -> Iterator[str]:
    """A container whose server answers at `url`, and its name; stopped the way `docker stop` does it."""
    container = f"test-image-{os.getpid()}-server"
    ok(podman("run", "--detach", "--name", container, *run_options(data), name, *command))
    try:
        deadline = time.monotonic() + 60
        while fetch(container, url).returncode:
            assert time.monotonic() < deadline, podman("logs", container).stderr
            time.sleep(0.2)
        yield container
    finally:
        begin = time.monotonic()
        ok(podman("stop", "--time", "20", container))
        assert time.monotonic() - begin < 10, "it did not stop when told to"


# What needs no image --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("hadolint", ("Dockerfile",)),
        ("check-jsonschema", ("--builtin-schema", "vendor.compose-spec", "compose.yaml", "compose.postgres.yaml")),
    ],
)
def test_files_are_clean(tool: str, arguments: tuple[str, ...]) -> None:
    ok(subprocess.run([program(tool), *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False))


# Every image ----------------------------------------------------------------------------------------------------------


def check_image(target: str, name: str) -> None:
    """Its size and user, and that nothing of the build or of this machine is left in it."""
    told = inspect(name)
    assert told["Size"] < MEGABYTES.get(target, 500) * 1e6
    assert ok(run(name, "id", "-u")).strip() == str(UID) == told["Config"]["User"]
    history = ok(podman("history", "--no-trunc", "--format", "{{.CreatedBy}}", name))
    words = (history + json.dumps(told["Config"])).lower()
    ours = {"pip_", "uv_index", "proxy", "ssl_cert", str(PROJECT_ROOT).lower(), socket.gethostname().lower() + "."}
    assert not {word for word in ours if word in words}
    # no compiler, no cache, no package lists, no configuration of how this machine reaches the registries
    script = """
    for program in cc gcc make uv git; do command -v $program && exit 1; done
    find /var/cache/uv ~root/.cache /etc/pip.conf /etc/uv /var/lib/apt/lists -type f -size +0 2>/dev/null
    find /app \\( -name .env -o -name .git -o -name '*.duckdb' -o -name target \\) 2>/dev/null
    find /tmp -mindepth 1
    """
    # as root: its home is closed to everybody else
    assert ok(run(name, "sh", "-c", script, options=["--user", "0", *run_options()])).strip() == ""


# The pipeline ---------------------------------------------------------------------------------------------------------


def test_pipeline_image(built: Callable[[str], str]) -> None:
    check_image("pipeline", built("pipeline"))


def test_pipeline_without_network_on_a_read_only_root(built: Callable[[str], str], folder: Path) -> None:
    """The generator and the models behind one mart: every model, and the image's own command, run on Postgres."""
    name, data = built("pipeline"), data_folder(folder, "small")
    with timing("generator and one mart, 500 customers"):
        ok(run(name, "python", "-m", "mock_data", "generate", options=run_options(data), environment=SMALL))
        dbt = "cd dbt && dbt build --quiet --indirect-selection cautious --select +dim_products"
        ok(run(name, "sh", "-c", dbt, options=run_options(data), environment=SMALL))
    assert {path.stat().st_uid for path in data.rglob("*")} == {UID}
    assert inside_hash(name, options=run_options(data), environment=SMALL) == outside_hash(folder, **SMALL)
    made = counts(data / "warehouse.duckdb")
    # and the plans that customers subscribe to
    assert list(made) == ["dim_products"] and made["dim_products"] > int(SMALL["NUMBER_PRODUCTS_TO_CREATE"])


def test_any_user_may_run_it(built: Callable[[str], str], folder: Path) -> None:
    name, data = built("pipeline"), data_folder(folder, "stranger", owner=12345)
    options = ["--user", "12345:12345", *run_options(data)]
    ok(run(name, "python", "-m", "mock_data", "generate", options=options, environment=SMALL))
    assert {path.stat().st_uid for path in data.rglob("*")} == {12345}


def test_an_unnamed_volume_will_do(built: Callable[[str], str]) -> None:
    """As in `docker run -t -i --rm demo_consulting`: nothing is mounted, and /app/data can be written all the same."""
    printed = ok(run(built("pipeline"), "python", "-m", "mock_data", "generate", environment=SMALL))
    assert "rows, content" in printed


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SEED": "x"}, "SEED is 'x'"),
        ({"TARGET": "postgres"}, "set POSTGRES_HOST"),
        (
            {"TARGET": "postgres", "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1", "POSTGRES_USER": "a",
             "POSTGRES_PASSWORD": "hidden", "POSTGRES_DB": "c"},
            "cannot be reached",
        ),
    ],
    ids=["wrong setting", "no server named", "no server there"],
)  # fmt: skip
def test_mistakes_are_one_line(built: Callable[[str], str], settings: dict[str, str], said: str) -> None:
    done = run(built("pipeline"), environment=settings)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1 and len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ") and said in lines[0] and "hidden" not in lines[0]


def test_a_folder_that_cannot_be_written_is_one_line(built: Callable[[str], str], folder: Path) -> None:
    data = data_folder(folder, "locked", owner=0)
    done = run(built("pipeline"), "python", "-m", "mock_data", "generate", options=run_options(data))
    lines = [line for line in done.stderr.splitlines() if not line.startswith("simulating shards")]
    assert done.returncode == 1 and len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ") and "Permission denied" in lines[0]


# Everything, with the chapters ----------------------------------------------------------------------------------------


def test_default_image(built: Callable[[str], str]) -> None:
    check_image("notebooks", built("notebooks"))


NBVAL = (
    "python", "-m", "pytest", "-o", "addopts=", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env",
    "--nbval-cell-timeout=300",
)  # fmt: skip
CHAPTERS_ON_POSTGRES = (
    "notebooks/07_attrition_and_the_dashboard.ipynb",
    "notebooks/08_cohorts_and_repeat_purchase.ipynb",
)


@pytest.fixture(scope="session")
def default_world(built: Callable[[str], str], folder: Path) -> Path:
    """The data folder of the default command, run as `docker run -t -i --rm demo_consulting` does."""
    data = data_folder(folder, "default")
    with timing("default command, 10,000 customers"):
        printed = ok(run(built("notebooks"), options=["--tty", *run_options(data)]))
    assert "The warehouse is ready" in printed
    return data


def test_every_chapter_prints_what_is_stored(default_world: Path) -> None:
    """All but those that are compared on Postgres."""
    left_out = [f"--ignore={chapter}" for chapter in CHAPTERS_ON_POSTGRES]
    with timing("nbval on DuckDB, the other chapters"):
        ok(run(image("notebooks"), *NBVAL, *left_out, "notebooks", options=run_options(default_world)))


def test_the_default_world_is_the_same_inside(default_world: Path, folder: Path) -> None:
    assert inside_hash(image("notebooks"), options=run_options(default_world)) == outside_hash(folder)


def run_on_postgres(builds: dict[str, Future[Any]]) -> dict[str, int]:
    """The slim image makes the warehouse on a server of this machine, chapters read it from there: its marts' rows.

    Without dbt's tests, which `make test` runs on Postgres, and the default command below inside an image.
    """
    builds["pipeline"].result()
    with serving(load_settings(target="postgres")) as own, scratch_database(own) as settings:
        environment = {name: value for name, value in settings.environment().items() if name.startswith("POSTGRES_")}
        environment |= {"TARGET": "postgres", "DBT_EXCLUDE_RESOURCE_TYPES": "test unit_test"}
        options = run_options(network="host")
        with timing("pipeline on Postgres, 10,000 customers"):
            printed = ok(run(image("pipeline"), options=options, environment=environment))
        assert f"database {settings.postgres_db}" in printed
        builds["notebooks"].result()
        with timing("nbval on Postgres, two chapters"):
            ok(run(image("notebooks"), *NBVAL, *CHAPTERS_ON_POSTGRES, options=options, environment=environment))
        with psycopg.connect(postgres_dsn(settings)) as connection:
            marts = connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts'"
            ).fetchall()
            select = sql.SQL("select count(*) from marts.{}")
            return {name: _one(connection.execute(select.format(sql.Identifier(name))).fetchone()) for (name,) in marts}


def test_against_postgres(builds: dict[str, Future[Any]], default_world: Path) -> None:
    expected = counts(default_world / "warehouse.duckdb")
    assert len(expected) > 25 and expected["order_kpis_monthly"] == 36
    assert builds[POSTGRES].result() == expected


def test_jupyter_serves_and_asks_for_its_key(built: Callable[[str], str], default_world: Path) -> None:
    here = "http://127.0.0.1:8888"
    command = compose_command("jupyter")
    with server(built("notebooks"), *command, url=f"{here}/api", data=default_world) as container:
        assert status(container, f"{here}/api/contents") == 403


def compose_command(service: str) -> list[str]:
    """What compose.yaml has a service run."""
    command: list[str] = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())["services"][service]["command"]
    return command


# The book -------------------------------------------------------------------------------------------------------------


def test_book_image(built: Callable[[str], str]) -> None:
    check_image("book", built("book"))


def test_book_is_served_and_healthy(built: Callable[[str], str]) -> None:
    name, here = built("book"), "http://127.0.0.1:8000"
    check = inspect(name)["Healthcheck"]["Test"]
    with server(name, url=here) as container:
        ok(podman("exec", container, *check[1:]))
        found, headers, size = json.loads(ok(fetch(container, here)))
        wanted = {"content-encoding": "gzip", "x-content-type-options": "nosniff", "server": "nginx"}
        assert found == 200 and wanted.items() <= headers.items() and size > 1000
        assert status(container, f"{here}/notebooks/08_cohorts_and_repeat_purchase.html") == 200
        assert status(container, f"{here}/dbt/") == 200
        assert status(container, f"{here}/no-such-page") == 404


# How soon: last, when nothing is built beside it any more -------------------------------------------------------------


def test_first_row_comes(built: Callable[[str], str], folder: Path) -> None:
    """From a container's start to the first rows of its own command: told, not judged, since other programs run too."""
    name, data = built("pipeline"), data_folder(folder, "first")
    container = f"test-image-{os.getpid()}-first"
    begin = time.monotonic()
    process = subprocess.Popen(
        podman_command("run", "--name", container, *run_options(data), name), stdout=subprocess.DEVNULL
    )
    try:
        while not any(data.rglob("*.parquet")):
            assert process.poll() is None and time.monotonic() - begin < 60
            time.sleep(0.02)
        TIMES["container start to first rows"] = time.monotonic() - begin
    finally:
        podman("rm", "--force", "--time", "5", container)
        process.wait(30)
