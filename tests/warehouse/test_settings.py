"""Settings: which source wins, which values are refused and in what words, and that no message holds the password."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers import compose
from warehouse.errors import UserError
from warehouse.settings import FIRST_DAY, LAST_DAY, PROJECT_ROOT, Settings, allowed, load_settings

INTEGERS = {
    "number_accounts_to_create": (1, 100_000),
    "number_contacts_to_create": (1, 1_000_000_000),
    "number_products_to_create": (1, 1_000_000),
    "postgres_port": (1, 65_535),
    "seed": (0, 2**63 - 1),
}


@pytest.fixture(autouse=True, scope="module")
def no_setting_in_the_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        yield


def refusal(**overrides: object) -> str:
    """The line that `load_settings` refuses these values with."""
    with pytest.raises(UserError) as caught:
        load_settings(env_file=None, **overrides)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_command_line_over_environment_over_file_over_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert load_settings(env_file=file).seed == 42
    file.write_text("SEED=1\nSTART_DATE=2024-02-29\n")
    assert load_settings(env_file=file).seed == 1
    monkeypatch.setenv("SEED", "2")
    assert load_settings(env_file=file).seed == 2
    assert load_settings(env_file=file, seed=3).seed == 3
    assert load_settings(env_file=file, seed=None).seed == 2
    assert load_settings(env_file=file).start_date == date(2024, 2, 29)


def test_empty_values_count_as_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("".join(f"{name.upper()}=\n" for name in Settings.model_fields))
    assert load_settings(env_file=file) == load_settings(env_file=None)
    monkeypatch.setenv("SEED", "")
    file.write_text("SEED=5\n")
    assert load_settings(env_file=file).seed == 5


def test_sample_file_holds_every_setting_at_its_default() -> None:
    sample = PROJECT_ROOT / ".env.sample"
    named = re.findall(r"^([A-Z_]+)=", sample.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)
    assert load_settings(env_file=sample) == load_settings(env_file=None)


@pytest.mark.parametrize(("name", "low", "high"), [(n, *r) for n, r in INTEGERS.items()])
def test_whole_numbers_at_and_beyond_their_ends(name: str, low: int, high: int) -> None:
    for inside in (low, high):
        assert getattr(load_settings(env_file=None, **{name: str(inside)}), name) == inside
    for outside in (low - 1, high + 1):
        line = refusal(**{name: str(outside)})
        assert line.startswith(f"{name.upper()} is '{outside}': it must be a whole number from {low} to {high} ")


@given(name=st.sampled_from(sorted(INTEGERS)), text=st.text(alphabet="0123456789abcé-.e_ \t", min_size=1, max_size=30))
def test_any_text_is_a_number_in_range_or_refused_by_name(name: str, text: str) -> None:
    low, high = INTEGERS[name]
    try:
        value = getattr(load_settings(env_file=None, **{name: text}), name)
    except UserError as error:
        assert str(error).startswith(f"{name.upper()} is {text!r}: it must be {allowed(name)}")
    else:
        assert low <= value <= high


@given(st.dates())
def test_days_outside_the_range_are_refused(day: date) -> None:
    if FIRST_DAY <= day <= LAST_DAY:
        assert load_settings(env_file=None, start_date=str(day), as_of_date=LAST_DAY).start_date == day
    else:
        assert f"from {FIRST_DAY} to {LAST_DAY}" in refusal(as_of_date=str(day), start_date=FIRST_DAY)


@pytest.mark.parametrize("text", ["0", "2025", "1700000000", "31.12.2025", "2025-02-29", "2025-12-31T00:00", "today"])
def test_only_whole_days_in_one_form(text: str) -> None:
    assert refusal(as_of_date=text).startswith(f"AS_OF_DATE is {text!r}: it must be a day (YYYY-MM-DD) from")


@given(st.dates(FIRST_DAY + timedelta(days=1), LAST_DAY), st.integers(1, 40_000))
def test_as_of_before_the_start_is_refused(start: date, days: int) -> None:
    as_of = max(FIRST_DAY, start - timedelta(days=days))
    line = refusal(start_date=start, as_of_date=as_of)
    assert line.startswith(f"AS_OF_DATE is {as_of}, before START_DATE {start}")
    assert load_settings(env_file=None, start_date=start, as_of_date=start).as_of_date == start


def test_unknown_target_is_refused() -> None:
    assert refusal(target="oracle").startswith("TARGET is 'oracle': it must be one of duckdb, postgres")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("repository_url", "https://github.com/owner"),
        ("repository_url", "https://github.com/owner/name/tree/main"),
        ("repository_url", "git@github.com:owner/name.git"),
        ("repository_url", "https://example.org/owner/name"),
        ("repository_url", "https://github.com/owner/name\n"),
        ("site_url", "book.example"),
        ("site_url", 'https://book.example/"><script>'),
        ("site_url", "javascript:alert(1)"),
    ],
)
def test_an_address_that_a_page_could_not_use_is_refused(name: str, value: str) -> None:
    assert f"{name.upper()} is {value!r}: it must be {allowed(name)}" in refusal(**{name: value})


def test_addresses_of_the_book_are_taken_as_they_are() -> None:
    given = {"repository_url": "https://github.com/Some-one/a_book.v2", "site_url": "http://127.0.0.1:8000/book/"}
    settings = load_settings(env_file=None, **given)
    assert {name: getattr(settings, name) for name in given} == given


def test_two_mistakes_are_both_named() -> None:
    line = refusal(seed=-1, number_contacts_to_create=0)
    assert "SEED is -1" in line and "NUMBER_CONTACTS_TO_CREATE is 0" in line


@pytest.mark.parametrize("missing", ["postgres_user", "postgres_password", "postgres_db"])
def test_each_missing_postgres_value_is_named(missing: str) -> None:
    values = {"postgres_user": "u", "postgres_password": "p", "postgres_db": "d"}
    del values[missing]
    line = refusal(target="postgres", postgres_host="db.example", **values)
    assert missing.upper() in line
    assert not any(name.upper() in line for name in values)
    load_settings(env_file=None, target="duckdb", postgres_host="db.example", **values)


TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="'\\"), min_size=1
)


@given(TEXTS.filter(str.strip))
def test_a_quoted_value_of_the_file_is_literal(value: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ".env"
        file.write_text(f"POSTGRES_PASSWORD='{value}'\nOTHER=x\n", encoding="utf-8")
        settings = load_settings(env_file=file)
    assert settings.environment()["POSTGRES_PASSWORD"] == value


@pytest.mark.parametrize("value", ["k${HOME}9$x", "${SEED:-1}", "$$", "a#b", "50%{x}"])
@pytest.mark.parametrize("quote", ["'", '"', ""])
def test_nothing_is_put_in_for_a_dollar(value: str, quote: str, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"SEED=7\nPOSTGRES_PASSWORD={quote}{value}{quote}\n")
    settings = load_settings(env_file=file)
    assert (settings.seed, settings.environment()["POSTGRES_PASSWORD"]) == (7, value)


@pytest.mark.parametrize(
    ("junk", "line"),
    [
        ("SEED: 7", 1),
        ("# a comment\n\nSEED 7", 3),
        ("SEED", 1),
        ("SEED=7\nPOSTGRES_PASSWORD='a-secret\nTARGET=duckdb", 2),
        ('WORLD="steady', 1),
        ("OTHER=1\n\n\n  POSTGRES_PASSWORD a-secret", 4),
        ("=a-secret", 1),
        ("PASSWORD=a-secret\0b", 1),
        ("<<<<<<< HEAD\nSEED=a-secret", 1),
    ],
)
def test_junk_in_the_file_is_one_line_without_a_value(junk: str, line: int, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(junk)
    with pytest.raises(UserError) as told:
        load_settings(env_file=file)
    assert str(told.value).startswith(f"{file}, line {line}, is not NAME=value")
    assert "\n" not in str(told.value) and "a-secret" not in str(told.value)


@given(name=st.sampled_from(sorted(Settings.model_fields)), data=st.data())
def test_a_slip_in_a_name_is_refused_with_the_setting_that_was_meant(name: str, data: st.DataObject) -> None:
    """One letter more, one less, another one, or two swapped."""
    wanted = name.upper()
    at = data.draw(st.integers(0, len(wanted) - 2))
    letter = data.draw(st.sampled_from("ABCXYZ_"))
    slip = data.draw(
        st.sampled_from(
            [
                wanted[:at] + letter + wanted[at:],
                wanted[:at] + wanted[at + 1 :],
                wanted[:at] + letter + wanted[at + 1 :],
                wanted[:at] + wanted[at + 1] + wanted[at] + wanted[at + 2 :],
            ]
        ).filter(lambda text: text != wanted)
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ".env"
        file.write_text(f"# settings\n{slip}=a-secret\n")
        with pytest.raises(UserError, match=f"line 2: there is no setting {slip}; did you mean {wanted}\\?$"):
            load_settings(env_file=file)


def test_other_programs_names_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    others = [*compose.PORTS, "COMPOSE_PROJECT_NAME", "AWS_PROFILE", "TZ", "PATH", "PGSSLMODE", "DBT_THREADS"]
    file.write_text("".join(f"{name}=9\n" for name in others if name != "POSTGRES_PORT"))
    monkeypatch.setenv("SEDE", "9")  # the environment is every program's
    assert load_settings(env_file=file) == load_settings(env_file=None)
    for harmless in (
        "",
        "\n\n",
        "# only\n  # comments",
        "export SEED=42\n",
        "\ufeffSEED=42",
        "SEED = 42",
        "SEED=42\r\n",
    ):
        file.write_bytes(harmless.encode())
        assert load_settings(env_file=file).seed == 42
    (tmp_path / "folder").mkdir()  # a virtual environment, say
    os.mkfifo(tmp_path / "pipe")
    assert load_settings(env_file=tmp_path / "folder").seed == 42
    with pytest.raises(UserError, match="is no file but a pipe"):
        load_settings(env_file=tmp_path / "pipe")


def test_a_file_that_is_not_text_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"SEED=\xff\xfe\n")
    with pytest.raises(UserError, match="UTF-8"):
        load_settings(env_file=file)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=6, max_size=40).filter(str.strip))
def test_the_password_is_in_no_message(secret: str) -> None:
    secret = f"<{secret}>"
    settings = load_settings(env_file=None, postgres_password=secret)
    assert secret not in repr(settings) + str(settings) + str(settings.shown())
    assert settings.environment()["POSTGRES_PASSWORD"] == secret
    for wrong in ({"seed": -1}, {"as_of_date": "1990-01-01"}, {"target": "postgres", "postgres_host": "h"}):
        assert secret not in refusal(postgres_password=secret, **wrong)


def test_relative_warehouse_path_starts_at_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(env_file=None, warehouse_path="x/y.duckdb").warehouse_path == PROJECT_ROOT / "x" / "y.duckdb"
    assert load_settings(env_file=None).warehouse_path == PROJECT_ROOT / "data" / "warehouse.duckdb"


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("warehouse.settings", "duckdb numpy pandas pyarrow sqlalchemy psycopg typer rich"),
        ("warehouse.local_postgres", "pydantic pydantic_settings duckdb psycopg typer"),
    ],
)
def test_imports_stay_light(module: str, heavy: str) -> None:
    code = f"import sys, {module}; print(sorted(set(sys.modules) & set({heavy.split()!r})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
