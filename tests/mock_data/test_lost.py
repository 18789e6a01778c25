"""A connection that is lost, and places that are damaged: one line each, never a success that is none."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import psycopg
import pytest

from mock_data import generate as generator
from mock_data.content_hash import content_hash
from mock_data.generate import generate
from mock_data.sinks import open_sink, read_tables
from mock_data.sinks import postgres as sink
from mock_data.world import World
from warehouse.connect import postgres_dsn
from warehouse.errors import UserError
from warehouse.scratch import scratch_database
from warehouse.settings import Settings, load_settings

DAY = np.datetime64("2023-06-30")
LOST = "the connection to Postgres was lost"


def world(contacts: int = 60) -> World:
    settings = load_settings(
        env_file=None, number_contacts_to_create=contacts, number_accounts_to_create=3, number_products_to_create=10
    )
    return World.from_settings(settings)


@pytest.fixture(scope="module")
def database(server: Settings) -> Iterator[Settings]:
    with scratch_database(server) as settings:
        yield settings
        remove_unfinished(postgres_dsn(settings))


@pytest.fixture
def url(database: Settings) -> str:
    """A database that holds a CRM of 60 contacts."""
    address = postgres_dsn(database)
    generate(world(), DAY, address)
    return address


def remove_unfinished(address: str) -> None:
    """Remove what failed loads have left to go on from."""
    beside = open_sink(address, loader="mock_data", settings={}).waiting
    for folder in beside.parent.glob(f"{beside.name}.run-*"):
        shutil.rmtree(folder)


def end_others(url: str) -> None:
    """End every other connection to the database, as an administrator or a failing network does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def refusal(url: str, contacts: int = 70) -> str:
    with pytest.raises(UserError) as told:
        generate(world(contacts), DAY, url)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("table", ["account", "order_item", "purchaser"])
def test_a_connection_lost_during_the_load(url: str, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_hash(read_tables(url))
    batches = sink.parquet.batches

    def lose(folder: Path, declared: sink.Object) -> Iterator[object]:
        if declared.name == table:
            end_others(url)
        yield from batches(folder, declared)

    monkeypatch.setattr(sink.parquet, "batches", lose)
    assert refusal(url).startswith(LOST)
    monkeypatch.undo()
    assert content_hash(read_tables(url)) == before


def test_a_connection_lost_while_nothing_is_loaded_costs_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the check and the load no transaction is open, so that no timeout of the server's can end one."""
    make = generator.Run.make

    def slow(self: generator.Run, workers: int, size: float) -> Iterator[int]:
        with psycopg.connect(url) as connection:
            busy = connection.execute(
                "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            ).fetchone()
            assert busy == (0,)
        yield from make(self, workers, size)

    monkeypatch.setattr(generator.Run, "make", slow)
    result = generate(world(70), DAY, url)
    assert content_hash(read_tables(url)) == result.content_hash


@pytest.mark.parametrize("committed", [True, False])
def test_a_connection_lost_at_the_commit_is_asked_about(
    url: str, committed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content_hash(read_tables(url))
    commit = sink.dbapi.Connection.commit

    def lose(connection: sink.dbapi.Connection) -> None:
        if committed:
            commit(connection)
        end_others(url)
        commit(connection)
        with connection.cursor() as cursor:  # where nothing was open, a commit asks the server nothing
            cursor.execute("select 1")

    monkeypatch.setattr(sink.dbapi.Connection, "commit", lose)
    if committed:
        result = generate(world(70), DAY, url)
        assert content_hash(read_tables(url)) == result.content_hash != before
        assert capsys.readouterr().err == (
            "note: the connection to Postgres was lost after the commit: the data is in place\n"
        )
    else:
        assert refusal(url).startswith(LOST)
        assert content_hash(read_tables(url)) == before


def test_a_connection_lost_after_the_commit_is_a_success(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = sink.dbapi.Connection.commit

    def lose(connection: sink.dbapi.Connection) -> None:
        commit(connection)
        end_others(url)

    monkeypatch.setattr(sink.dbapi.Connection, "commit", lose)
    result = generate(world(70), DAY, url)
    assert content_hash(read_tables(url)) == result.content_hash
    told = capsys.readouterr().err
    assert told.startswith("note: the data is in place, but Postgres lacks its statistics") and told.count("\n") == 1


def test_a_connection_lost_while_the_crm_is_read(url: str) -> None:
    rows = read_tables(url)
    next(rows)
    end_others(url)
    with pytest.raises(UserError, match=LOST):
        list(rows)


def test_what_somebody_else_has_loaded_meanwhile_is_not_advanced(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mock_data import advance as continuation

    check = continuation._refuse_other_code

    def load_other(*arguments: object) -> None:
        check(*arguments)  # type: ignore[arg-type]
        generate(world(70), DAY, url)

    monkeypatch.setattr(continuation, "_refuse_other_code", load_other)
    with pytest.raises(UserError, match="was loaded anew meanwhile: nothing was changed"):
        continuation.advance(url, DAY + 7)
    assert len({batch.num_rows for key, batch in read_tables(url) if key == "crm.contact"}) == 1


# Places that are damaged -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.9])
def test_a_damaged_duckdb_file_is_not_called_locked(tmp_path: Path, share: float) -> None:
    file = tmp_path / "crm.duckdb"
    generate(world(), DAY, f"duckdb:{file}")
    content = bytearray(file.read_bytes())
    begin = int(len(content) * share)
    content[begin : begin + len(content) // 4] = b"block" * (len(content) // 20)
    file.write_bytes(content)
    with pytest.raises(UserError) as told:
        content_hash(read_tables(f"duckdb:{file}"))
    assert " is open in " not in str(told.value) and str(file) in str(told.value) and "\n" not in str(told.value)


def test_a_locked_duckdb_file_is_called_so(tmp_path: Path) -> None:
    import subprocess
    import sys

    file = tmp_path / "block.duckdb"
    code = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        assert f"is open in {Path(sys.executable).resolve().name} (process " in refusal(f"duckdb:{file}")
    finally:
        holder.communicate()


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def rewrite(file: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(file).slice(1), file)


@pytest.mark.parametrize("damage", [Path.unlink, truncate, rewrite])
@pytest.mark.parametrize("table", ["crm/account", "truth/purchaser"])
def test_a_damaged_folder_of_parquet_is_told_and_mended(tmp_path: Path, table: str, damage: object) -> None:
    address = f"parquet:{tmp_path / 'crm'}"
    made = generate(world(), DAY, address)
    damage(max((tmp_path / "crm" / table).glob("*.parquet"), key=lambda file: file.stat().st_size))  # type: ignore[operator]
    with pytest.raises(UserError, match=r"generate it again"):
        content_hash(read_tables(address))
    assert generate(world(), DAY, address) == made
    assert content_hash(read_tables(address)) == made.content_hash


def test_no_crm_and_half_a_crm_have_no_hash(tmp_path: Path, url: str) -> None:
    file = tmp_path / "crm.duckdb"
    duckdb.connect(str(file)).close()
    with pytest.raises(UserError, match="holds no CRM of ours"):
        content_hash(read_tables(f"duckdb:{file}"))
    file.unlink()
    generate(world(), DAY, f"duckdb:{file}")
    with duckdb.connect(str(file)) as connection:
        connection.execute("drop table crm.crm.shipment")
    with psycopg.connect(url) as server:
        server.execute("drop table truth.purchaser cascade")
    for place, table in ((f"duckdb:{file}", "shipment"), (url, "truth.purchaser")):
        with pytest.raises(UserError, match=f"lacks .*{table}"):
            content_hash(read_tables(place))


@pytest.mark.parametrize("name", ["main", "TEMP", ".system", "main.2024"])
def test_a_name_that_dbt_could_not_use_is_refused(tmp_path: Path, name: str) -> None:
    """DuckDB names its database after the file, and has databases called main, temp and system."""
    assert "a name that DuckDB has taken" in refusal(f"duckdb:{tmp_path / name}.duckdb")
    with pytest.raises(UserError, match="its name not main, temp or system"):
        load_settings(env_file=None, warehouse_path=tmp_path / f"{name}.duckdb")
    assert not list(tmp_path.iterdir())


def test_a_log_of_such_a_name_lands_beside_it() -> None:
    from mock_data.transactions.command import _warehouse_of

    assert [_warehouse_of(Path(name)).name for name in ("sales.csv", "main.csv", "Temp.tsv")] == [
        "sales.duckdb", "log-main.duckdb", "log-Temp.duckdb",
    ]  # fmt: skip
