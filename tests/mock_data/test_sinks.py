"""Every sink holds the same content, replaces it whole or not at all, and never touches what is not ours."""

import errno
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pytest
from pydantic import SecretStr

from mock_data import pieces, sinks
from mock_data.content_hash import content_hash
from mock_data.generate import generate
from mock_data.schema import TABLES
from mock_data.sinks import manifest_at, open_sink, read_tables
from mock_data.sinks.duckdb import connect
from mock_data.world import end_of
from warehouse.connect import postgres_dsn
from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT, Settings

from .worlds import default_world

SMALL = default_world(seed=7, accounts=4, contacts=80, products=30)
OTHER = default_world(seed=8, accounts=4, contacts=90, products=30)
DAY = np.datetime64("2024-06-30")
SEVERAL = default_world(seed=9, accounts=4, contacts=20_000, products=30)  # shards, each with few rows as of the day
FIRST_DAYS = np.datetime64("2023-01-20")


@pytest.fixture(params=["duckdb", "parquet", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place of each kind."""
    if request.param != "postgres":
        return f"{request.param}:{tmp_path / 'crm'}"
    url = postgres_dsn(request.getfixturevalue("postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop schema if exists crm, truth, staging, foreign_ cascade")
    return url


def hash_at(address: str) -> str:
    return content_hash(read_tables(address))


def test_what_is_written_is_what_is_read(address):
    result = generate(SMALL, DAY, address)
    assert hash_at(address) == result.content_hash
    tables = {}
    for key, batch in read_tables(address):
        tables[key] = tables.get(key, 0) + len(batch)
    assert sum(tables.values()) == result.rows


def test_loading_again_changes_nothing_and_loading_another_world_replaces_all(address):
    first = generate(SMALL, DAY, address)
    assert generate(SMALL, DAY, address) == first
    assert hash_at(address) == first.content_hash
    other = generate(OTHER, DAY, address)
    assert hash_at(address) == other.content_hash != first.content_hash


def test_an_exception_in_the_middle_leaves_the_old_load_whole(address, monkeypatch):
    monkeypatch.setattr(sinks, "_AT_ONCE", 0)  # nothing is held back
    first = generate(SMALL, DAY, address)
    with pytest.raises(RuntimeError), open_sink(address, loader="mock_data", settings={}) as sink:
        sink.write("crm.account", _account())
        raise RuntimeError("in the middle")
    assert hash_at(address) == first.content_hash


def _account() -> pa.RecordBatch:
    from mock_data.simulation import tables_of_shard

    return tables_of_shard(SMALL, DAY, -1)["crm.account"]


@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_killed_load_leaves_the_old_one_whole(address, with_signal):
    first = generate(SMALL, DAY, address)
    script = f"""
import sys, time, numpy as np
from mock_data import sinks
from mock_data.sinks import open_sink
from mock_data.simulation import tables_of_shard
from tests.mock_data.worlds import default_world
world = default_world(seed=9, accounts=4, contacts=500, products=30)
sinks._AT_ONCE = 0  # nothing is held back
with open_sink({address!r}, loader="mock_data", settings={{}}) as sink:
    for shard in (-1, 0):
        for key, batch in tables_of_shard(world, np.datetime64("2025-01-01"), shard).items():
            sink.write(key, batch)
    print("half way", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "half way\n"
        os.kill(child.pid, with_signal)
        assert child.wait(timeout=30) != 0
    assert hash_at(address) == first.content_hash
    assert generate(OTHER, DAY, address).content_hash == hash_at(address)


def kill_a_worker(done: int, total: int) -> None:
    if done == 2:
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)


def press_ctrl_c(done: int, total: int) -> None:
    if done == 2:
        raise KeyboardInterrupt


def test_a_run_that_is_interrupted_leaves_the_old_load_and_the_same_command_carries_on(address, tmp_path, monkeypatch):
    first = generate(SMALL, DAY, address)
    with pytest.raises(KeyboardInterrupt):
        generate(SEVERAL, FIRST_DAYS, address, progress=press_ctrl_c)
    assert hash_at(address) == first.content_hash

    made: list[int] = []

    def in_turn(task, numbers, workers):
        made.extend(numbers)
        return real(task, numbers, workers)

    real = pieces.in_turn
    monkeypatch.setattr(pieces, "in_turn", in_turn)
    result = generate(SEVERAL, FIRST_DAYS, address)
    assert made == [2, 3]
    assert result == generate(SEVERAL, FIRST_DAYS, f"parquet:{tmp_path / 'at once'}")
    assert hash_at(address) == result.content_hash
    assert not hidden_runs(address, tmp_path)


def test_a_worker_that_dies_stops_the_run_and_the_same_command_carries_on(tmp_path):
    to = f"parquet:{tmp_path / 'crm'}"
    first = generate(SMALL, DAY, to)
    says = r"made shard -?\d of 3 died \(signal 9\): nothing was changed; the same command carries on"
    with pytest.raises(UserError, match=says):
        generate(SEVERAL, FIRST_DAYS, to, workers=2, progress=kill_a_worker)
    assert not multiprocessing.active_children()
    assert hash_at(to) == first.content_hash
    (waiting,) = hidden_runs(to, tmp_path)
    assert 0 < len(list(waiting.glob("*.json"))) < len(pieces.pieces(SEVERAL.shards(end_of(FIRST_DAYS))))
    seen: list[tuple[int, int]] = []
    assert generate(SEVERAL, FIRST_DAYS, to, progress=lambda *at: seen.append(at)).content_hash == hash_at(to)
    shards = SEVERAL.shards(end_of(FIRST_DAYS)) + 1
    assert seen[-1] == (shards, shards)


def hidden_runs(address: str, tmp_path: Path) -> list[Path]:
    """What runs have left behind beside `address`."""
    beside = open_sink(address, loader="mock_data", settings={}).waiting
    return list(beside.parent.glob(f"{beside.name}.run-*"))


def test_two_runs_of_the_same_at_once_are_refused(tmp_path):
    to = f"parquet:{tmp_path / 'crm'}"
    with pytest.raises(UserError, match="another run is making the same"):
        generate(SEVERAL, FIRST_DAYS, to, progress=lambda done, total: generate(SEVERAL, FIRST_DAYS, to))
    assert generate(SEVERAL, FIRST_DAYS, to).content_hash == hash_at(to)


def test_a_run_of_other_settings_takes_nothing_from_one_that_was_stopped(tmp_path):
    to = f"parquet:{tmp_path / 'crm'}"
    with pytest.raises(KeyboardInterrupt):
        generate(SEVERAL, FIRST_DAYS, to, progress=press_ctrl_c)
    other = generate(SEVERAL, FIRST_DAYS + 1, to)
    assert (
        other.content_hash == hash_at(to) == generate(SEVERAL, FIRST_DAYS + 1, f"parquet:{tmp_path / 'b'}").content_hash
    )
    assert not hidden_runs(to, tmp_path)


@pytest.mark.parametrize("kind", ["duckdb", "parquet"])
def test_a_world_that_the_disk_cannot_hold_is_refused_before_it_is_made(kind, tmp_path):
    to = f"{kind}:{tmp_path / 'crm'}"
    first = generate(SMALL, DAY, to)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match=r"needs about [\d,.]+ GB on the disk of .* where [\d,.]+ GB are free"):
        generate(default_world(contacts=1_000_000_000), DAY, to)
    assert sorted(tmp_path.iterdir()) == before
    assert hash_at(to) == first.content_hash


def test_a_disk_that_fills_is_one_line_and_leaves_the_old_load(tmp_path, monkeypatch):
    to = f"parquet:{tmp_path / 'crm'}"
    first = generate(SMALL, DAY, to)
    write = pieces.TableFiles.write

    def fill(self, table_key, data):
        if self.number == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, table_key, data)

    with monkeypatch.context() as patch:
        patch.setattr(pieces.TableFiles, "write", fill)
        with pytest.raises(UserError, match=r"the disk of .* is full: nothing was changed; .* carries on"):
            generate(SEVERAL, FIRST_DAYS, to)
    assert hash_at(to) == first.content_hash
    assert generate(SEVERAL, FIRST_DAYS, to).content_hash == hash_at(to)


def test_worker_processes_do_not_matter(tmp_path):
    one, two = (generate(SEVERAL, FIRST_DAYS, f"parquet:{tmp_path / str(n)}", workers=n) for n in (1, 2))
    assert one == two
    files = [sorted((tmp_path / n).resolve().rglob("*.parquet")) for n in ("1", "2")]
    assert len(files[0]) == len(files[1]) > len(TABLES)
    for left, right in zip(*files, strict=True):
        assert left.read_bytes() == right.read_bytes(), left.relative_to(tmp_path)


def test_every_declared_table_is_there_even_without_rows(address):
    generate(SMALL, DAY, address)
    if address.startswith("duckdb"):
        with connect(Path(address.removeprefix("duckdb:"))) as connection:
            found = {
                f"{s}.{t}"
                for s, t in connection.execute(
                    "select table_schema, table_name from information_schema.tables where table_catalog = 'warehouse'"
                ).fetchall()
            }
    elif address.startswith("parquet"):
        folder = Path(address.removeprefix("parquet:"))
        found = {f"{p.parent.parent.name}.{p.parent.name}" for p in folder.resolve().rglob("*.parquet")} | {
            "crm.load_manifest"
        }
    else:
        with psycopg.connect(address) as connection:
            rows = connection.execute(
                "select table_schema, table_name from information_schema.tables where table_schema in ('crm', 'truth')"
            )
            found = {f"{s}.{t}" for s, t in rows}
    assert found == {*TABLES, "crm.load_manifest"}


# --- what is not ours ------------------------------------------------------------------------------------------------


def put_foreign_table(address: str, schema: str) -> None:
    statements = [f"create schema if not exists {schema}", f"create table {schema}.theirs as select 1 as precious"]
    if address.startswith("duckdb"):
        with connect(Path(address.removeprefix("duckdb:"))) as connection:
            for statement in statements:
                connection.execute(statement)
    else:
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


def precious(address: str, schema: str) -> list[tuple[int]]:
    query = f"select precious from {schema}.theirs"
    if address.startswith("duckdb"):
        with connect(Path(address.removeprefix("duckdb:"))) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(address) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("schema", ["crm", "truth", "staging"])
def test_other_peoples_tables_are_refused_and_kept(address, schema):
    if address.startswith("parquet"):
        folder = Path(address.removeprefix("parquet:")) / schema
        folder.mkdir(parents=True)
        (folder / "theirs").write_text("precious")
    else:
        put_foreign_table(address, schema)
    with pytest.raises(UserError, match=rf"{schema}[./]theirs.*nothing was touched"):
        generate(SMALL, DAY, address)
    if address.startswith("parquet"):
        assert (folder / "theirs").read_text() == "precious"
    else:
        assert precious(address, schema) == [(1,)]


# a folder is replaced whole, by its own link only, and has no schemas: these two are for databases
@pytest.mark.parametrize("address", ["duckdb", "postgres"], indirect=True)
def test_a_stranger_among_our_tables_is_refused_too(address):
    first = generate(SMALL, DAY, address)
    put_foreign_table(address, "crm")
    with pytest.raises(UserError, match=r"crm\.theirs"):
        generate(OTHER, DAY, address)
    assert precious(address, "crm") == [(1,)]
    assert hash_at(address) == first.content_hash


@pytest.mark.parametrize("address", ["duckdb", "postgres"], indirect=True)
def test_tables_in_other_schemas_are_left_alone(address):
    put_foreign_table(address, "foreign_")
    generate(SMALL, DAY, address)
    assert precious(address, "foreign_") == [(1,)]


def test_a_crm_of_another_loader_is_refused(address):
    with open_sink(address, loader="import-transactions", settings={}) as sink:
        sink.write("crm.account", _account())
    with pytest.raises(UserError, match="filled by import-transactions"):
        generate(SMALL, DAY, address)


def test_views_on_the_crm_survive_a_load_of_the_same_shape(postgres: Settings):
    url = postgres_dsn(postgres)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop schema if exists crm, truth, staging, foreign_ cascade")
        generate(SMALL, DAY, url)
        connection.execute("create schema foreign_")
        connection.execute('create view foreign_.orders as select count(*) as orders from crm."order"')
        before = connection.execute("select orders from foreign_.orders").fetchone()
        generate(OTHER, DAY, url)
        assert connection.execute("select orders from foreign_.orders").fetchone() != before


def test_a_view_of_somebody_else_on_an_older_declaration_is_not_dropped(postgres: Settings):
    url = postgres_dsn(postgres)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop schema if exists crm, truth, staging, foreign_ cascade")
        generate(SMALL, DAY, url)
        connection.execute("alter table crm.account drop column site")
        connection.execute("create schema foreign_")
        connection.execute("create view foreign_.report as select name from crm.account")
        with pytest.raises(UserError, match=r"other objects depend on it|depends on table"):
            generate(OTHER, DAY, url)
        assert connection.execute("select count(*) from foreign_.report").fetchone() == (SMALL.accounts,)


def test_a_user_who_may_not_is_told_in_one_line(postgres: Settings):
    url = postgres_dsn(postgres)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop schema if exists crm, truth, staging, foreign_ cascade")
        connection.execute("drop role if exists reader")
        connection.execute("create role reader login password 'reading-only'")
    reader = postgres_dsn(
        postgres.model_copy(update={"postgres_user": "reader", "postgres_password": SecretStr("reading-only")})
    )
    try:
        with pytest.raises(UserError, match=r"permission denied.*nothing was changed") as caught:
            generate(SMALL, DAY, reader)
        generate(SMALL, DAY, url)
        with pytest.raises(UserError, match="permission denied"):
            generate(OTHER, DAY, reader)
        with pytest.raises(UserError, match="permission denied"):
            hash_at(reader)
        with pytest.raises(UserError, match="permission denied"):
            manifest_at(reader)
        assert "reading-only" not in str(caught.value)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("drop role reader")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nowhere", "cannot write to nowhere"),
        ("mysql://me:secret@host/db", "cannot write to mysql"),
        ("postgresql:me:secret@host/db", "cannot write to postgresql"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "cannot connect to Postgres"),
        ("postgresql://nobody:se%cret@127.0.0.1:1/none", "cannot be read"),
        ("postgresql://nobody:secret@[::1/none", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_is_refused_without_its_password(address, says):
    with pytest.raises(UserError, match=says) as caught:
        generate(SMALL, DAY, address)
    assert "cret" not in str(caught.value)


def test_a_folder_whose_contents_were_deleted_is_filled_again(tmp_path):
    place = tmp_path / "crm"
    generate(SMALL, DAY, f"parquet:{place}")
    shutil.rmtree(place.resolve())
    result = generate(SMALL, DAY, f"parquet:{place}")
    assert hash_at(f"parquet:{place}") == result.content_hash


def test_a_file_put_among_ours_is_refused_and_kept(tmp_path):
    place = tmp_path / "crm"
    first = generate(SMALL, DAY, f"parquet:{place}")
    (place / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"notes\.txt.*nothing was touched"):
        generate(OTHER, DAY, f"parquet:{place}")
    assert (place / "notes.txt").read_text() == "mine"
    assert hash_at(f"parquet:{place}") == first.content_hash


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path):
    file = tmp_path / "notes.duckdb"
    file.write_text("my notes " * 100)
    with pytest.raises(UserError, match="cannot open"):
        generate(SMALL, DAY, f"duckdb:{file}")
    assert file.read_text().startswith("my notes")


def test_a_file_that_is_open_elsewhere_is_refused(tmp_path):
    file = tmp_path / "open.duckdb"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb,time; c=duckdb.connect({str(file)!r}); print('open', flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(UserError, match=r"is open in .+ \(process \d+\): close it there"):
            generate(SMALL, DAY, f"duckdb:{file}")
    finally:
        holder.kill()
        holder.wait()
