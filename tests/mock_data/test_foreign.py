"""What is somebody else's is never removed: it is left alone, or the load is refused and says what it found."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
import pytest

from mock_data import sinks
from mock_data.advance import advance
from mock_data.content_hash import content_hash
from mock_data.generate import LOADER, generate
from mock_data.pieces import Run
from mock_data.schema import TABLES
from mock_data.schema.render import arrow_schema
from mock_data.simulation import tables_of_shard
from mock_data.sinks import manifest_at, open_sink, read_tables
from mock_data.sinks import parquet as parquet_sink
from mock_data.sinks.duckdb import connect
from mock_data.sinks.parquet import TableFiles
from warehouse.connect import postgres_dsn
from warehouse.errors import UserError

from .command_line import CommandLine
from .test_misuse import check_refused, snapshot
from .worlds import default_world

SMALL = default_world(seed=7, accounts=4, contacts=20, products=30)
DAY = np.datetime64("2024-06-30")


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    return place(request.param, request, tmp_path)


@pytest.fixture(params=["duckdb", "parquet", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place of each kind."""
    return place(request.param, request, tmp_path)


def place(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    if kind != "postgres":
        return f"{kind}:{folder / 'crm'}"
    url = postgres_dsn(request.getfixturevalue("postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop schema if exists crm, truth, staging, foreign_ cascade")
    return url


def ask(address: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in a database; the rows of the last."""
    if address.startswith("duckdb"):
        with connect(Path(address.removeprefix("duckdb:"))) as connection:
            for statement in statements:
                result = connection.execute(statement)
            return result.fetchall()
    with psycopg.connect(address, autocommit=True) as session:
        for statement in statements:
            cursor = session.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def fill(address: str, loader: str = LOADER, **settings: object) -> str:
    """Load two accounts; returns the content's hash."""
    with open_sink(address, loader=loader, settings=settings) as sink:
        sink.write("crm.account", accounts())
    return sink.content_hash


@lru_cache
def accounts() -> pa.RecordBatch:
    return tables_of_shard(SMALL, DAY, -1)["crm.account"].slice(0, 2)


def hash_at(address: str) -> str:
    return content_hash(read_tables(address))


# --- in a database ---------------------------------------------------------------------------------------------------

SEQUENCE = ("create sequence crm.numbers start 8", "select nextval('crm.numbers')::integer")
ENUM = "create type truth.size as enum ('8')"
# what makes it, and what it gives as long as it is there: 8
LEFT_ALONE = {
    "duckdb": [
        ("create macro crm.twice(x) as 2 * x", "select crm.twice(4)"),
        (ENUM, "select '8'::truth.size::varchar::integer"),
        SEQUENCE,
    ],
    "postgres": [
        (
            "create function crm.twice(x integer) returns integer language sql as 'select 2 * x'",
            "select crm.twice(4)",
        ),
        (ENUM, "select '8'::truth.size::text::integer"),
        SEQUENCE,
    ],
}


@pytest.mark.parametrize("first", ["before our first load", "after it"])
def test_what_is_no_table_is_left_alone(database: str, first: str) -> None:
    things = LEFT_ALONE["duckdb" if database.startswith("duckdb") else "postgres"]
    if first == "after it":
        fill(database)
    else:
        ask(database, "create schema crm", "create schema truth")
    ask(database, *(create for create, _ in things))
    loaded = fill(database, again=True)
    assert [ask(database, use) for _, use in things] == [[(8,)]] * len(things)
    assert hash_at(database) == loaded


@pytest.mark.parametrize("keep", [False, True], ids=["load", "advance"])
def test_a_column_added_to_our_table_is_refused_and_kept(database: str, keep: bool) -> None:
    fill(database)
    ask(database, "alter table crm.account add column region integer", "update crm.account set region = 8")
    with (
        pytest.raises(UserError, match=r"holds region on crm\.account, which .* did not make: nothing was touched"),
        open_sink(database, loader=LOADER, settings={}, keep=keep),
    ):
        pass
    assert ask(database, "select region from crm.account") == [(8,), (8,)]


def test_an_index_on_our_table_is_refused_or_kept(database: str) -> None:
    fill(database)
    ask(database, "create index by_name on crm.account (name)")
    if database.startswith("duckdb"):
        with pytest.raises(UserError, match=r"holds by_name on crm\.account"):
            fill(database)
    else:  # the table is emptied, and not made anew
        fill(database)
    catalogue = "duckdb_indexes()" if database.startswith("duckdb") else "pg_indexes"
    name = "index_name" if database.startswith("duckdb") else "indexname"
    assert ask(database, f"select {name} from {catalogue} where {name} = 'by_name'") == [("by_name",)]


@pytest.mark.parametrize(
    ("create", "name"),
    [
        ("create index by_name on crm.account (name)", "by_name"),
        ("alter table crm.account add constraint short check (length(name) < 99)", "short"),
        (
            "create trigger quiet before update on crm.account for each row execute function "
            "suppress_redundant_updates_trigger()",
            "quiet",
        ),
    ],
)
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_what_hangs_on_an_older_table_of_ours_is_refused_and_kept(database: str, create: str, name: str) -> None:
    fill(database)
    ask(database, "alter table crm.account drop column site", create)
    with pytest.raises(UserError, match=rf"holds {name} on crm\.account"):
        fill(database)
    assert ask(database, "select count(*)::integer from crm.account") == [(2,)]


def test_a_view_in_place_of_our_table_is_refused_and_kept(database: str) -> None:
    fill(database)
    columns = ", ".join(f"null as {f.name}" for f in TABLES["crm.lead"].fields)
    ask(database, "drop table crm.lead", f"create view crm.lead as select {columns}")
    with pytest.raises(UserError, match="lead"):
        fill(database)
    assert len(ask(database, "select * from crm.lead")) == 1


# --- in a folder -----------------------------------------------------------------------------------------------------


def a_file(folder: Path) -> None:
    (folder / "crm" / "account" / "mine.parquet").write_text("mine")


def a_copy(folder: Path) -> None:
    shutil.copy(folder / "crm" / "account" / "00000.parquet", folder / "crm" / "account" / "00000 (copy).parquet")


def a_file_named_as_ours_are(folder: Path) -> None:
    shutil.copy(folder / "crm" / "account" / "00000.parquet", folder / "crm" / "account" / "00007.parquet")


def an_empty_folder(folder: Path) -> None:
    (folder / "truth" / "mine").mkdir()


def a_file_in_a_folder(folder: Path) -> None:
    (folder / "crm" / "account" / "2024").mkdir()
    (folder / "crm" / "account" / "2024" / "00000.parquet").write_text("mine")


def a_link(folder: Path) -> None:
    (folder / "crm" / "account" / "00001.parquet").symlink_to("/dev/null")


def a_link_to_a_folder(folder: Path) -> None:
    (folder / "crm" / "account").rename(folder.parent / "account")
    (folder / "crm" / "account").symlink_to(folder.parent / "account")


def a_file_beside_schemas(folder: Path) -> None:
    (folder / ".notes").write_text("mine")


PUT: list[Callable[[Path], None]] = [
    a_file, a_copy, a_file_named_as_ours_are, an_empty_folder, a_file_in_a_folder, a_link,
    a_link_to_a_folder, a_file_beside_schemas,
]  # fmt: skip


@pytest.mark.parametrize("put", PUT, ids=[put.__name__ for put in PUT])
@pytest.mark.parametrize("when", ["before the load", "during it"])
def test_what_is_put_into_our_folder_is_refused_and_kept(
    tmp_path: Path, put: Callable[[Path], None], when: str
) -> None:
    folder = tmp_path / "crm"
    fill(f"parquet:{folder}")
    if when == "before the load":
        put(folder)
        before = snapshot(tmp_path)
    with (
        pytest.raises(UserError, match="which this project did not make: nothing was touched"),
        open_sink(f"parquet:{folder}", loader=LOADER, settings={}) as sink,
    ):
        sink.write("crm.account", accounts().slice(0, 1))
        if when == "during it":
            put(folder)
            before = {name: what for name, what in snapshot(tmp_path).items() if ".loading-" not in name}
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("target", ["hollow", "full", "world", "gone", "mine", ".mine.notes"])
def test_a_link_of_the_users_is_refused_and_kept(tmp_path: Path, target: str) -> None:
    (tmp_path / "hollow").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / ".mine.notes").mkdir()
    fill(f"parquet:{tmp_path / 'world'}")
    (tmp_path / "mine").symlink_to(target)
    before = snapshot(tmp_path)
    with pytest.raises(UserError, match="is a link that this project did not make"):
        fill(f"parquet:{tmp_path / 'mine'}")
    assert snapshot(tmp_path) == before
    assert hash_at(f"parquet:{tmp_path / 'world'}")


def test_a_database_behind_a_link_of_the_users_is_removed_with_a_failed_load_and_the_link_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "link").symlink_to("behind")
    with pytest.raises(RuntimeError), open_sink(f"duckdb:{tmp_path / 'link'}", loader=LOADER, settings={}):
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


@pytest.mark.parametrize("name", ["*", "[a-z]*", "'"])
@pytest.mark.parametrize("kind", ["duckdb", "parquet"])
def test_a_name_is_no_pattern(tmp_path: Path, kind: str, name: str) -> None:
    folder = tmp_path / name
    others = [folder / ".crm.loading-abcdefgh", folder / ".crm.run-0123456789abcdef", folder / f".{name}.run-notes"]
    for other in others:
        other.mkdir(parents=True)
        (other / "lock").touch()
    result = generate(SMALL, DAY, f"{kind}:{folder / name}")
    assert hash_at(f"{kind}:{folder / name}") == result.content_hash
    assert all(other.exists() for other in others)


def test_a_name_that_duckdb_cuts_is_refused(tmp_path: Path) -> None:
    for name in ("?rm", "a?access_mode=read_only", "a?/crm"):
        with pytest.raises(UserError, match="question mark"):
            fill(f"duckdb:{tmp_path / name}")
    fill(f"parquet:{tmp_path / '?rm'}")


def test_a_large_folder_of_somebody_else_is_refused_without_a_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for a in range(30):
        for b in range(30):
            (tmp_path / "large" / str(a) / str(b)).mkdir(parents=True)
            (tmp_path / "large" / str(a) / str(b) / "file").touch()
    looked: list[Path] = []
    iterdir = Path.iterdir

    def counted(self: Path) -> Iterator[Path]:
        looked.append(self)
        return iterdir(self)

    monkeypatch.setattr(Path, "iterdir", counted)
    monkeypatch.setattr(Path, "rglob", lambda *_: pytest.fail("the whole tree is read"))
    with pytest.raises(UserError, match="holds 0/0/file, which"):
        fill(f"parquet:{tmp_path / 'large'}")
    assert len(looked) == 3


# --- damaged ---------------------------------------------------------------------------------------------------------


def damage(address: str, loader: str, settings: str) -> None:
    """Put these into the manifest."""
    if address.startswith("parquet"):
        text = f'{{"loader": {loader}, "settings": {settings}}}'
        (Path(address.removeprefix("parquet:")) / "load_manifest.json").write_text(text)
    else:
        quoted = [value.strip('"').replace("\\", "").replace("'", "''") for value in (loader, settings)]
        ask(address, "update crm.load_manifest set loader = '{}', settings = '{}'".format(*quoted))


def test_a_damaged_manifest_is_one_line_and_nothing_is_touched(address: str) -> None:
    loaded = fill(address)
    for settings in ('"{"', '"[]"', '""', '"null"', '"7"', f'"{"[" * 100_000}"'):
        damage(address, '"mock_data"', settings)
        for use in (manifest_at, fill, lambda at: advance(at, DAY)):
            with pytest.raises(UserError, match=r"the manifest of the CRM in .* is damaged"):
                use(address)
    damage(address, '"mock_data"', '"{}"')
    assert hash_at(address) == loaded


def test_a_damaged_manifest_file_is_one_line(tmp_path: Path) -> None:
    fill(f"parquet:{tmp_path / 'crm'}")
    for text in ("", "{", "[]", "null", '"x"', "{}", '{"loader": 1, "settings": "{}"}', "\0\0\0"):
        (tmp_path / "crm" / "load_manifest.json").write_text(text)
        before = snapshot(tmp_path)
        for use in (manifest_at, fill, hash_at):
            with pytest.raises(UserError, match="damaged"):
                use(f"parquet:{tmp_path / 'crm'}")
        assert snapshot(tmp_path) == before


def test_a_manifest_of_other_columns_is_one_line(database: str) -> None:
    fill(database)
    ask(database, "alter table crm.load_manifest drop column settings")
    with pytest.raises(UserError, match="damaged"):
        fill(database)


@pytest.mark.parametrize(
    "change", [{"seed": None}, {"start": "soon"}, {"as_of": None}, {"behaviour": 3}, {"faults": 1}]
)
def test_a_world_that_cannot_be_carried_on_is_one_line(tmp_path: Path, change: dict[str, object]) -> None:
    at = f"duckdb:{tmp_path / 'crm'}"
    whole = SMALL.as_dict() | {"as_of": str(DAY)} | change
    fill(at, **{name: value for name, value in whole.items() if value is not None})
    with pytest.raises(UserError, match="damaged"):
        advance(at, DAY + 1)


# --- a full disk -----------------------------------------------------------------------------------------------------


class FullDisk:
    """What Arrow's writer does where the end of a file has no room."""

    def close(self) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_files_on_a_full_disk_are_one_error_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", late.append)

    def fill_disk(error: type[Exception] | None) -> None:
        with TableFiles(tmp_path, 0) as files:
            for table in ("account", "contact"):
                files.write(f"crm.{table}", arrow_schema(TABLES[f"crm.{table}"]).empty_table())
                files.writers[f"crm.{table}"].writer = FullDisk()
            if error:
                raise error

    with pytest.raises(OSError, match="No space left"):
        fill_disk(None)
    with pytest.raises(RuntimeError):  # the first error is the one that is told
        fill_disk(RuntimeError)
    gc.collect()
    assert not late


@pytest.mark.parametrize("step", ["write", "write_empty"])
def test_a_folder_on_a_full_disk_is_one_line_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    loaded = fill(f"parquet:{tmp_path / 'crm'}")
    before = snapshot(tmp_path)

    def full(*_: object) -> None:
        raise OSError("Error writing bytes to file. Detail: [errno 28] No space left on device")  # as Arrow says it

    monkeypatch.setattr(parquet_sink.TableFiles, step, full)
    with pytest.raises(UserError, match=r"^the disk of .*/crm is full: nothing was changed"):
        fill(f"parquet:{tmp_path / 'crm'}", other=1)
    assert snapshot(tmp_path) == before
    assert hash_at(f"parquet:{tmp_path / 'crm'}") == loaded


@pytest.fixture(scope="module")
def command_line() -> Iterator[CommandLine]:
    with CommandLine() as commands:
        yield commands


@pytest.mark.parametrize("kind", ["duckdb", "parquet"])
@pytest.mark.parametrize("command", ["generate", "import-transactions"])
def test_files_that_may_not_grow_are_one_line_that_names_what_waits(
    tmp_path: Path, command_line: CommandLine, command: str, kind: str
) -> None:
    (tmp_path / "log.csv").write_text("customer,date,amount\n" + "anna,2024-01-01,1.00\n" * 20_000)
    arguments = {
        "generate": ["generate", "--contacts=300", "--accounts=3", "--products=9"],
        "import-transactions": ["import-transactions", "log.csv", "--customer=customer", "--date=date",
                                "--amount=amount", "--report=refused.csv"],
    }[command]  # fmt: skip
    before = snapshot(tmp_path)
    ran = command_line.run(
        [*arguments, f"--to={kind}:new/crm"], tmp_path, largest_file=100_000 if kind == "duckdb" else 3_000
    )
    check_refused(ran)
    left = [path for path in tmp_path.rglob("*") if str(path.relative_to(tmp_path)) not in before]
    waiting = [path for path in left if path.name.startswith(".crm.run-")]
    assert all(f"new/{path.name}" in ran.stderr for path in waiting)
    for path in waiting:
        shutil.rmtree(path)
    left = [path for path in left if path.exists()]
    assert [path.name for path in left] == (["new"] if waiting else ["refused.csv"] if "import" in command else [])


def test_folders_made_for_a_load_that_fails_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise UserError("too large")

    monkeypatch.setattr(Run, "_refuse_too_large", refuse)
    with pytest.raises(UserError, match="too large"):
        generate(SMALL, DAY, f"duckdb:{tmp_path / 'a' / 'b' / 'crm'}")
    assert not list(tmp_path.iterdir())
    with pytest.raises(RuntimeError), sinks.no_new_folders(tmp_path / "a" / "b" / "crm"):
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "mine.txt").touch()
        raise RuntimeError
    assert os.listdir(tmp_path / "a") == ["mine.txt"]


def test_a_log_beside_the_database_is_put_into_it(tmp_path: Path) -> None:
    file = tmp_path / "crm"
    with open_sink(f"duckdb:{file}", loader=LOADER, settings={}) as sink:
        pass
    with duckdb.connect(str(file)) as connection:
        connection.execute("pragma disable_checkpoint_on_shutdown; create table mine as select 8 as n")
    assert Path(f"{file}.wal").exists()
    sink.settle()
    assert not Path(f"{file}.wal").exists()
    with duckdb.connect(str(file)) as connection:
        assert connection.execute("select n from mine").fetchall() == [(8,)]
