"""Whatever is typed: a mistake is one line and a status that is not 0, soon, and changes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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

words = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=30)


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
@settings(deadline=None)
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
@settings(deadline=None)
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
