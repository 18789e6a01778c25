"""Every setting of the project, declared once with its default and its range.

A value given in code (a command-line option) wins over the environment, which wins over `.env`, which wins over the
default. An empty value counts as not set.
"""

import io
import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from annotated_types import Ge, Le
from dotenv.parser import parse_stream
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import UserError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ENV_FILE = PROJECT_ROOT / ".env"

Target = Literal["duckdb", "postgres"]


def _iso_day(value: object) -> object:
    """Let only YYYY-MM-DD through: pydantic alone would also read `0` as a day, in seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip())):
        return value
    raise ValueError("not a day")


Day = Annotated[date, BeforeValidator(_iso_day)]
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2100, 12, 31)

# owner and name as GitHub allows them
_GITHUB = r"https://github\.com/[A-Za-z0-9-]+/[A-Za-z0-9._-]+"
_ADDRESSES = {
    "repository_url": "an address like https://github.com/OWNER/NAME",
    "site_url": "an address that begins with https:// or http://, without ? and #",
}
# what only the pages of the book depend on: no data and no chapter is made again when it changes
BOOK_SETTINGS = tuple(_ADDRESSES)


def is_taken_by_duckdb(path: Path) -> bool:
    """Whether a file's name would be a database of DuckDB's own: it names one after the first part of the file's name.

    Such a file can be written, but dbt could not use it.
    """
    return path.name.lstrip(".").partition(".")[0].lower() in ("main", "temp", "system")


class Settings(BaseSettings):
    """The effective settings. Immutable; read them with `load_settings`, which turns mistakes into one clear line."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    target: Annotated[Target, Field(description="Engine that holds the warehouse.")] = "duckdb"
    warehouse_path: Annotated[
        Path, Field(description="The DuckDB file; a relative path starts at the project's folder.")
    ] = PROJECT_ROOT / "data" / "warehouse.duckdb"

    postgres_host: Annotated[
        str | None, Field(description="Postgres server. Without one, the project starts a server of its own.")
    ] = None
    postgres_port: Annotated[int, Field(ge=1, le=65_535, description="Port of the Postgres server.")] = 5432
    postgres_user: Annotated[str | None, Field(description="User of the Postgres server.")] = None
    postgres_password: Annotated[SecretStr | None, Field(description="Password of that user.")] = None
    postgres_db: Annotated[str | None, Field(description="Database on the Postgres server.")] = None

    number_accounts_to_create: Annotated[
        int, Field(ge=1, le=100_000, description="Stores and sales channels of the mock shop.")
    ] = 100
    number_contacts_to_create: Annotated[
        int,
        Field(ge=1, le=1_000_000_000, description="Customers of the 156 weeks from START_DATE; more come later."),
    ] = 10_000
    number_products_to_create: Annotated[
        int, Field(ge=1, le=1_000_000, description="Products in the mock shop's catalogue.")
    ] = 1_000
    world: Annotated[
        str, Field(min_length=1, description="How customers behave: a world's name, or the path of a YAML file.")
    ] = "seasonal"
    seed: Annotated[int, Field(ge=0, le=2**63 - 1, description="Seed of the simulation.")] = 42
    start_date: Annotated[Day, Field(ge=FIRST_DAY, le=LAST_DAY, description="First day of the mock data (UTC).")] = (
        date(2023, 1, 1)
    )
    as_of_date: Annotated[
        Day, Field(ge=FIRST_DAY, le=LAST_DAY, description="Last day of the mock data (UTC); not before START_DATE.")
    ] = date(2025, 12, 31)

    repository_url: Annotated[
        str,
        Field(
            pattern=rf"^({_GITHUB})?$",
            description="The book's repository on GitHub: its pages then lead to Binder, Codespaces and their source.",
        ),
    ] = ""
    site_url: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s\"'<>?#]+)?$",
            description="Where the book is published: its pages then name their address and a picture to share.",
        ),
    ] = ""

    @field_validator("warehouse_path")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            home_resolved = value.expanduser()
        except RuntimeError:
            raise ValueError("no such home folder") from None
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(value)):
            raise ValueError("an address of another machine")
        if is_taken_by_duckdb(home_resolved):
            raise ValueError("a name that DuckDB has taken")
        return PROJECT_ROOT / home_resolved

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.as_of_date < self.start_date:
            raise PydanticCustomError(
                "consistency",
                f"AS_OF_DATE is {self.as_of_date}, before START_DATE {self.start_date}: "
                f"it must be a day from {self.start_date} to {LAST_DAY}",
            )
        required = ("postgres_user", "postgres_password", "postgres_db")
        missing = [name.upper() for name in required if not getattr(self, name)]
        if self.target == "postgres" and self.postgres_host and missing:
            raise PydanticCustomError(
                "consistency",
                f"POSTGRES_HOST is set, but not {', '.join(missing)}: set every POSTGRES_ value, "
                "or leave POSTGRES_HOST empty to use the project's own server",
            )
        return self

    def environment(self) -> dict[str, str]:
        """The settings as environment variables, for a program that the project starts. Holds the password."""
        return {name.upper(): _plain(value) for name, value in self if value is not None}

    def shown(self) -> dict[str, str]:
        """The settings as text for a person: the password masked, what is not set empty."""
        return {name.upper(): "" if value is None else str(value) for name, value in self}


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def allowed(name: str) -> str:
    """What a setting may be, in words: `allowed("seed")` is "a whole number from 0 to 9223372036854775807"."""
    field = Settings.model_fields[name]
    if name == "target":
        return "one of " + ", ".join(get_args(Target))
    if name in _ADDRESSES:
        return _ADDRESSES[name]
    low = next((m.ge for m in field.metadata if isinstance(m, Ge)), None)
    high = next((m.le for m in field.metadata if isinstance(m, Le)), None)
    if low is None or high is None:
        return (
            "a path on this machine, its home folder known, its name not main, temp or system"
            if field.annotation is Path
            else "text"
        )
    kind = "a day (YYYY-MM-DD)" if isinstance(low, date) else "a whole number"
    return f"{kind} from {low} to {high}"


def load_settings(*, env_file: Path | None = ENV_FILE, **overrides: Any) -> Settings:
    """Read the settings; `overrides` (field names, None = not given) win over the environment and `.env`.

    Raises `UserError`, in one line, naming each setting that is wrong, its value (a password's never) and its range.
    """
    unknown = overrides.keys() - Settings.model_fields.keys()
    if unknown:
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
    given = {name: value for name, value in overrides.items() if value is not None}
    set_outside = {name.lower() for name, value in os.environ.items() if value}
    in_file = {name.lower(): value for name, value in read_env_file(env_file).items() if value} if env_file else {}
    file = {name: in_file[name] for name in Settings.model_fields if name in in_file and name not in set_outside}
    try:
        return Settings(**file | given)
    except ValidationError as error:
        raise UserError("; ".join(_line(e) for e in error.errors())) from None


def read_env_file(file: Path) -> dict[str, str]:
    """The names and values of a `.env` file, `$` and all, as they are written; none where there is no file.

    A name that is nearly a setting's is a slip and is refused; any other is another program's. That holds for this file
    only, which is written for this project: the environment belongs to every program.

    Raises:
        UserError: it is no text, a line is not NAME=value, or a name is within two letters of a setting's. No value is
            in the message.
    """
    if not file.exists() or file.is_dir():  # some keep a virtual environment in a folder of this name
        return {}
    if not file.is_file():
        raise UserError(f"{file} is no file but a pipe or a device: write the settings into a file")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{file} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        where = f"{file}, line {binding.original.line + _lines_before(binding.original.string)}"
        if binding.error or (binding.key is not None and (binding.value is None or "\0" in binding.original.string)):
            raise UserError(
                f"{where}, is not NAME=value: correct it, close its quotes, or begin it with # as a comment"
            )
        if binding.key is None:  # an empty line or a comment
            continue
        if nearly := _nearly_a_setting(binding.key):
            raise UserError(f"{where}: there is no setting {binding.key}; did you mean {nearly}?")
        values[binding.key] = binding.value or ""
    return values


def _lines_before(text: str) -> int:
    """How many empty lines stand before the line that `text` is about: the parser counts them to it."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _nearly_a_setting(name: str) -> str | None:
    """The setting that `name` is a slip for, being within two letters of it; None where it is none."""
    upper = name.upper()
    settings = [setting.upper() for setting in Settings.model_fields]
    if upper in settings:
        return None
    distance, nearest = min((_edits(upper, setting), setting) for setting in settings)
    return nearest if distance <= 2 else None


def _edits(a: str, b: str) -> int:
    """How many letters have to be added, left out or replaced to get from one word to the other (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != other))
    return row[-1]


def _line(error: Any) -> str:
    if not error["loc"]:
        return str(error["msg"])
    name = str(error["loc"][0])
    value = "a value that is not shown" if "password" in name else repr(error["input"])
    where = "set it on the command line, in the environment or in .env"
    return f"{name.upper()} is {value}: it must be {allowed(name)} ({where})"
