"""Whatever is typed: a mistake is one line and a status that is not 0, soon, and changes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT, load_settings

from .command_line import CommandLine, Ran

TINY = ["--contacts=1", "--accounts=1", "--products=1"]
LOG = "customer,date,amount\nanna,2024-02-29,10.00\nben,never,1.00\n"
COLUMNS = ["--customer=customer", "--date=date", "--amount=amount"]
FILL = "--to=duckdb:new.duckdb"


@pytest.fixture(scope="module")
def command_line() -> Iterator[CommandLine]:
    with CommandLine() as commands:
        yield commands


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `here` with one of every kind of path in it, and things of the user around it."""
    folder = tmp_path_factory.mktemp("misuse")
    fill(folder)
    return folder


def fill(folder: Path) -> None:
    """Make the sandbox anew."""
    shutil.rmtree(folder, ignore_errors=True)
    here = folder / "here"
    here.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    (here / "log.csv").write_text(LOG)
    (here / "notes").write_text("my notes\n")
    (here / "notes.yml").write_text("seasonality: plenty\n")
    (here / "empty").touch()
    (here / "full").mkdir()
    (here / "full" / "mine.txt").write_text("mine")
    (here / "hollow").mkdir()
    (here / "link to file").symlink_to("notes")
    (here / "link to folder").symlink_to("full")
    (here / "link to nothing in it").symlink_to("hollow")
    (here / "loop").symlink_to("loop")
    (here / "loop.yml").symlink_to("loop.yml")
    (here / "zero.yml").symlink_to("/dev/zero")
    os.mkfifo(here / "pipe")
    os.mkfifo(here / "pipe.yml")


# paths at which nothing of ours is, and nothing can be made
NOT_A_PLACE = [
    "notes", "empty", "notes/x", "full", "full/", "link to file", "link to folder", "link to nothing in it", "loop",
    "loop/x", "pipe", "/dev/null", "/dev/zero", "/dev/full", "/", "//", ".", "..", "../..", "", " ",
    "n" * 300, "n" * 300 + "/x", "n/" * 3000, "é" * 130, "s3://bucket/x", "https://example.com/x", "file:///x",
    "~nobody-at-all/x", ":memory:", "\udcff", "/proc/x",
]  # fmt: skip
NOT_A_FOLDER = NOT_A_PLACE
NOT_A_DATABASE = [*NOT_A_PLACE, "hollow", "hollow/"]
# paths at which there is nothing to read
NOTHING_THERE = [
    *NOT_A_PLACE,
    "none",
    "none/",
    "hollow",
    "名前",
    "[a-z]*?",
    "-",
    "notes\nnotes/x",
    "x'; drop schema crm; --",
]
NOT_AN_ADDRESS = [
    "", " ", "duckdb", "duckdb:", "duckdb://", "parquet:", "nowhere", "mysql://me:secret@host/db", "postgresql:x",
    "postgresql://", "postgresql:///", "postgresql://u:se%cret@h/d", "postgresql://me:secret@[::1/db",
    "postgresql://me:secret@127.0.0.1:1/db", "postgresql://127.0.0.1:99999/db", "é:x", "duckdb\n:x", ":x",
]  # fmt: skip
NOT_A_LOG = [*NOTHING_THERE, "notes"]
NOT_A_REPORT = [
    "notes", "empty", "notes/x", "full", "link to file", "link to folder", "loop", "loop/x", "pipe", "/dev/null", "/",
    ".", "..", "", "n" * 300, "n/" * 3000, "s3://bucket/x", "~nobody-at-all/x", "\udcff", "/proc/x", "log.csv",
    "new.duckdb", "./new.duckdb", "../here/new.duckdb", "new.duckdb.wal", "new.duckdb/x",
]  # fmt: skip
NOT_A_WORLD = [
    *NOTHING_THERE,
    "notes.yml",
    "pipe.yml",
    "loop.yml",
    "zero.yml",
    "none.yml",
    "n" * 300 + ".yml",
    "full.yml/",
]

NOT_A_DAY = ["", "0", "yesterday", "2024-02-30", "2024-13-01", "2024-1-1", "1969-12-31", "2101-01-01", "٢٠٢٤-٠١-٠١",
             "9" * 5000]  # fmt: skip
NOT_A_NUMBER = ["", "0x10", "many", "1.5", "1e3", "-1", "9" * 30, "9" * 5000, "nan", "\udcff"]
NOT_AN_ENCODING = ["", "klingon", "undefined", "idna", "rot13", "base64", "zlib", "hex", "mbcs", "../x", "é", "a\nb",
                   "aliases", "utf-16", "x" * 5000]  # fmt: skip

# what a shell can hand over: text, or bytes that are none
words = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
    st.binary(max_size=30).map(lambda some: os.fsdecode(some.replace(b"\0", b""))),
)


def one_of(values: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


def places(kinds: tuple[tuple[str, list[str]], ...]) -> st.SearchStrategy[str]:
    return st.one_of(one_of(NOT_AN_ADDRESS), *(one_of([f"{kind}:{path}" for path in paths]) for kind, paths in kinds))


TO = places((("duckdb", NOT_A_DATABASE), ("parquet", NOT_A_FOLDER)))
AT = places((("duckdb", NOTHING_THERE), ("parquet", NOTHING_THERE)))
NUMBERS, ODD_DAYS = one_of(NOT_A_NUMBER), one_of(NOT_A_DAY)
DAYS = st.one_of(ODD_DAYS, st.just("2022-12-31"))  # the day before the first
WORLDS = one_of(NOT_A_WORLD)
# no name of a world, column, fault or encoding is as long as this
NO_NAME = st.one_of(one_of(["", " ", "\udcff", "no such thing", "a" * 5000]), words.map("no such thing {}".format))

# every command: what it needs to run, and for each option (None: the argument) values that cannot be
COMMANDS: dict[str, tuple[list[str], dict[str | None, st.SearchStrategy[str]]]] = {
    "generate": (
        [*TINY, FILL],
        {
            "--contacts": st.one_of(NUMBERS, st.just("0")),
            "--accounts": st.one_of(NUMBERS, st.just("0")),
            "--products": st.one_of(NUMBERS, st.just("0")),
            "--seed": NUMBERS,
            "--start": st.one_of(ODD_DAYS, st.just("2026-01-01")),
            "--as-of": DAYS,
            "--world": WORLDS,
            "--without": NO_NAME,
            "--to": TO,
            "--workers": st.one_of(NUMBERS, st.just("257")),
            "--faults": st.one_of(NO_NAME, one_of(["all,", "orphan=", "orphan=2", "orphan=nan", "orphan=-0.1", "=1"])),
        },
    ),
    "advance": (["--to=2024-01-01", "--at=duckdb:none.duckdb"], {"--to": DAYS, "--at": AT}),
    "hash": ([], {None: AT}),
    "uplift": (
        ["--contacts=1"],
        {None: NO_NAME, "--contacts": NUMBERS, "--seed": NUMBERS, "--as-of": DAYS, "--world": WORLDS},
    ),
    "import-transactions": (
        [*COLUMNS, FILL],
        {
            None: one_of(NOT_A_LOG),
            "--customer": NO_NAME,
            "--date": NO_NAME,
            "--amount": NO_NAME,
            "--quantity": NO_NAME,
            "--to": TO,
            "--as-of": ODD_DAYS,
            "--date-format": st.one_of(one_of(["", "%", "%Y", "%d/%m/%y", "%Y-%m-%d %Q", "%Y%m%d" * 500]), NO_NAME),
            "--decimal": st.one_of(NO_NAME, one_of([";", "..", "٫"])),
            "--format": NO_NAME,
            "--encoding": one_of(NOT_AN_ENCODING),
            "--report": one_of(NOT_A_REPORT),
        },
    ),
    "faults": ([], {"--none": words}),
    "worlds": ([], {"--none": words}),
    "no-such-command": ([], {None: words}),
}
ARGUMENT = {"uplift": "cases", "import-transactions": "log.csv"}  # where a good one is needed
SETTINGS = {
    "SEED": NUMBERS.filter(bool),
    "NUMBER_CONTACTS_TO_CREATE": NUMBERS.filter(bool),
    "START_DATE": ODD_DAYS.filter(bool),
    "AS_OF_DATE": DAYS.filter(bool),
    "WORLD": WORLDS.filter(bool),
    "TARGET": NO_NAME.filter(bool),
    "WAREHOUSE_PATH": one_of([p for p in NOT_A_DATABASE if p and p[:1] in "/.~s" and p not in ("//",)]),
}


@st.composite
def mistakes(draw: st.DrawFn) -> tuple[list[str], dict[str, str]]:
    """A command with one value that cannot be, and the environment it runs in."""
    name = draw(st.sampled_from(sorted(COMMANDS)))
    needed, options = COMMANDS[name]
    wrong = draw(st.sampled_from(sorted(options, key=str)))
    value = draw(options[wrong])
    arguments = [name, *(a for a in needed if not a.startswith(f"{wrong}="))]
    if wrong is not None:
        apart = draw(st.booleans()) and not value.startswith("-")
        arguments += [wrong, value] if apart else [f"{wrong}={value}"]
    argument = value if wrong is None else ARGUMENT.get(name)
    return arguments + ([] if argument is None else ["--", argument]), {}


@st.composite
def wrong_settings(draw: st.DrawFn) -> tuple[list[str], dict[str, str]]:
    """A good command under one setting that cannot be."""
    name = draw(st.sampled_from(sorted(SETTINGS)))
    environment = {"NUMBER_CONTACTS_TO_CREATE": "1", name: draw(SETTINGS[name])}
    return ["generate", *([] if name in ("WAREHOUSE_PATH", "TARGET") else [FILL])], environment


def snapshot(folder: Path) -> dict[str, tuple[int, str]]:
    """Everything in a folder: its kind and rights, and what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode, content = path.lstat().st_mode, ""
        if stat.S_ISLNK(mode):
            content = os.readlink(path)
        elif stat.S_ISREG(mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(folder))] = (mode, content)
    return found


def check_refused(ran: Ran) -> None:
    """One line, a status that says so, no traceback, no secret, in time."""
    assert ran.status is not None, "it took too long"
    assert ran.status not in (0, -11, -6), ran
    assert ran.stderr.startswith("error: "), ran
    assert ran.stderr.count("\n") == 1, ran
    assert "Traceback" not in ran.stdout + ran.stderr, ran
    assert "cret" not in ran.stderr, ran
    assert len(ran.stderr) < 3000, ran


@given(asked=st.one_of(mistakes(), wrong_settings()))
@examples(100)
def test_a_value_that_cannot_be_is_one_line_and_changes_nothing(command_line, sandbox, asked):
    arguments, environment = asked
    before = snapshot(sandbox)
    ran = command_line.run(arguments, sandbox / "here", environment)
    after = snapshot(sandbox)
    if after != before:
        fill(sandbox)
    check_refused(ran)
    assert after == before


@given(
    name=st.sampled_from(sorted(COMMANDS)),
    wild=st.lists(st.one_of(words, st.sampled_from([*TINY, *COLUMNS, FILL, "log.csv", "--help", "--", "-", "="]))),
)
@examples(100)
def test_whatever_is_typed_there_is_no_traceback(command_line, sandbox, name, wild):
    before = snapshot(sandbox)
    # what is given last holds: the world stays small, and its place here
    small = [*TINY, FILL] if name == "generate" else []
    ran = command_line.run([name, *small, *wild], sandbox / "here", {"WAREHOUSE_PATH": str(sandbox / "here" / "w")})
    if after := snapshot(sandbox) != before:
        fill(sandbox)
    if ran.status:
        check_refused(ran)
        assert not after


# --- what was found, each a kind of its own --------------------------------------------------------------------------

IMPORT = ["import-transactions", "log.csv", *COLUMNS]
FOUND = {
    "an empty place": ([*IMPORT, "--to="], "--to is empty"),
    "an empty place, apart": (["generate", *TINY, "--to", ""], "--to is empty"),
    "an empty place to read": (["hash", ""], "an argument is empty"),
    "an empty place to carry on": (["advance", "--to=2024-01-01", "--at", " "], "--at is empty"),
    "an empty world": (["generate", "--world="], "--world is empty"),
    "an empty day": (["uplift", "cases", "--as-of", ""], "--as-of is empty"),
    "an empty list of faults": (["generate", *TINY, FILL, "--faults="], "--faults is empty"),
    "a place with an empty path": (["generate", *TINY, "--to=duckdb:"], "cannot write to duckdb"),
    "a server with nothing else": (["generate", *TINY, "--to=postgresql://"], "names no database"),
    "the root": (["generate", *TINY, "--to=duckdb:/"], "names no file or folder of its own"),
    "the root, for a log": ([*IMPORT, "--to=duckdb:/"], "names no file or folder of its own"),
    "this folder": (["generate", *TINY, "--to=parquet:."], "names no file or folder of its own"),
    "the folder above": (["generate", *TINY, "--to=parquet:.."], "names no file or folder of its own"),
    "a long name": (["generate", *TINY, f"--to=duckdb:{'n' * 300}"], "has 300 bytes: it may have"),
    "a name with room for itself only": (["generate", *TINY, f"--to=parquet:{'é' * 120}"], "has 240 bytes"),
    "another machine": (["generate", *TINY, "--to=duckdb:s3://bucket/x"], "is not a path on this machine"),
    "memory": (["generate", *TINY, "--to=duckdb::memory:"], "is not a path on this machine"),
    "nobody's home": (["hash", "parquet:~nobody-at-all/x"], "home folder of ~nobody-at-all is not known"),
    "a pipe for a database": (["generate", *TINY, "--to=duckdb:pipe"], "a folder, a pipe or a device"),
    "a loop": (["generate", *TINY, "--to=parquet:loop"], "is a link that this project did not make"),
    "a pipe for a log": (["import-transactions", "pipe", *COLUMNS], "save it to a file first"),
    "a device for a log": (["import-transactions", "/dev/zero", *COLUMNS], "save it to a file first"),
    "a pipe for a world": (["generate", "--world=pipe.yml"], "is a pipe or a device"),
    "a device for a world": (["generate", "--world=zero.yml"], "is a pipe or a device"),
    "an encoding that is none": ([*IMPORT, FILL, "--encoding=undefined"], "no such encoding"),
    "an encoding of hosts": ([*IMPORT, FILL, "--encoding=punycode"], "no such encoding"),
    "a day that is almost one": ([*IMPORT, FILL, "--as-of=2024-1-1"], "--as-of 2024-1-1: it must be a day"),
    "a report over a file of the user": ([*IMPORT, FILL, "--report=notes"], "is no report of refused rows"),
    "a report over an empty file": ([*IMPORT, FILL, "--report=empty"], "is no report of refused rows"),
    "a report over a device": ([*IMPORT, FILL, "--report=/dev/null"], "is no report of refused rows"),
    "a report over a link": ([*IMPORT, FILL, "--report=link to folder"], "is no report of refused rows"),
    "a report where the warehouse goes": ([*IMPORT, FILL, "--report=./new.duckdb"], "is where duckdb:new.duckdb is"),
    "a report inside it": ([*IMPORT, "--to=parquet:new", "--report=new/refused.csv"], "is where parquet:new is"),
    "a report in the warehouse's log": ([*IMPORT, FILL, "--report=new.duckdb.wal"], "is where duckdb:new.duckdb is"),
    "a value of a hundred thousand letters": (["generate", "--world", "x" * 100_000], "…"),
}


@pytest.mark.parametrize("kind", FOUND)
def test_found(command_line, sandbox, kind):
    arguments, says = FOUND[kind]
    before = snapshot(sandbox)
    ran = command_line.run(arguments, sandbox / "here", {"WAREHOUSE_PATH": str(sandbox / "here" / "w.duckdb")})
    check_refused(ran)
    assert says in ran.stderr
    assert snapshot(sandbox) == before


def test_the_report_never_replaces_the_warehouse_that_is_there(command_line, tmp_path):
    (tmp_path / "log.csv").write_text(LOG)
    command = [*IMPORT, "--to=duckdb:w.duckdb"]
    assert command_line.run(command, tmp_path).status == 0
    before = snapshot(tmp_path)
    for again in ([*command, "--report=w.duckdb"], [*IMPORT, "--to=duckdb:x.duckdb", "--report=w.duckdb"]):
        check_refused(command_line.run(again, tmp_path))
        assert snapshot(tmp_path) == before
    ran = command_line.run(command, tmp_path)  # its own report is replaced
    assert (ran.status, snapshot(tmp_path)) == (0, before)


def test_a_report_keeps_to_the_rights_that_new_files_have(command_line, tmp_path):
    (tmp_path / "log.csv").write_text(LOG)
    assert command_line.run([*IMPORT, "--to=duckdb:w.duckdb"], tmp_path).status == 0
    (tmp_path / "new").touch()
    assert (tmp_path / "w.refused.csv").stat().st_mode == (tmp_path / "new").stat().st_mode


@pytest.mark.parametrize(
    ("amounts", "says"),
    [
        (["9999999999999999.99"], None),
        (["9999999999999999.99", "0.01"], "the amounts add up to more than"),
        (["9999999999999999.99"] * 12, "the amounts add up to more than"),
        (["10000000000000000.00", "1.00"], None),  # one row is refused
    ],
)
def test_amounts_near_the_end_of_what_a_warehouse_holds(command_line, tmp_path, amounts, says):
    (tmp_path / "log.csv").write_text("customer,date,amount\n" + "".join(f"a,2024-01-01,{a}\n" for a in amounts))
    ran = command_line.run([*IMPORT, "--to=duckdb:w.duckdb", "--report=r.csv"], tmp_path)
    if says is None:
        assert (ran.status, ran.stderr) == (0, ""), ran
    else:
        check_refused(ran)
        assert says in ran.stderr
        assert not (tmp_path / "w.duckdb").exists()


WORLD_FILES = {
    "many keys": "".join(f"k{i}: 1\n" for i in range(4_000)),
    "one key, many times": "seasonality: 0.1\n" * 2_000,
    "megabytes": "description: " + "x" * 5_000_000,
    "a value as long as a file may be": "seasonality: " + "x" * 49_000,
    "an integer that cannot be written": "seasonality: 0x" + "f" * 40_000,
    "an integer to the base of sixty": "seasonality: " + "1:" * 20_000 + "1",
    "many mistakes": "campaigns: [" + "1," * 20_000 + "]",
    "the same many times over": "campaigns: &a [1,1,1,1,1,1,1,1]\nmailings: [" + "*a," * 9_000 + "]",
    "too deep": "campaigns: " + "[" * 20_000,
    "itself": "campaigns: &a [*a]",
}


@pytest.mark.parametrize("kind", WORLD_FILES)
def test_a_world_that_is_too_much_is_one_line(command_line, tmp_path, kind):
    (tmp_path / "w.yml").write_text(WORLD_FILES[kind])
    check_refused(command_line.run(["generate", *TINY, FILL, "--world=w.yml"], tmp_path))
    assert os.listdir(tmp_path) == ["w.yml"]


@pytest.mark.parametrize("value", ["~nobody-at-all/x.duckdb", "s3://bucket/x.duckdb", "https://example.com/x.duckdb"])
def test_a_setting_of_a_path_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setenv("WAREHOUSE_PATH", value)
    with pytest.raises(UserError, match=r"^WAREHOUSE_PATH is '.*': it must be a path on this machine"):
        load_settings(env_file=None)


# --- as a user does it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("import-transactions <(cat log.csv) --customer customer --date date --amount amount", "save it to a file"),
        ('generate --contacts 1 --to "$NOT_SET"', "--to is empty"),
        ("generate --contacts 1 --to duckdb:pipe", "a folder, a pipe or a device"),
    ],
)
def test_typed_into_a_shell(sandbox, command, says):
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m mock_data {command}"],
        cwd=sandbox / "here",
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "WAREHOUSE_PATH": str(sandbox / "here" / "w.duckdb")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    check_refused(Ran(done.returncode, done.stdout, done.stderr))
    assert says in done.stderr
