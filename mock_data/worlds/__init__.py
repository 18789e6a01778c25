"""Named worlds: one YAML each, which says how the world differs from the defaults in behaviour/parameters.py.

A file holds a `description` and any fields of :class:`~mock_data.behaviour.parameters.Behaviour`. To add a world, add a
file: it is known by its name at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from warehouse.errors import UserError

from ..behaviour.acquisition import calendar
from ..behaviour.parameters import Behaviour

FOLDER = Path(__file__).parent
_SUFFIXES = (".yml", ".yaml")
_LARGEST = 50_000  # bytes of a file: a hundred times what our own have


def names() -> list[str]:
    """Every world that has a file here."""
    return sorted(file.stem for file in FOLDER.glob("*.yml"))


def describe(name: str) -> str:
    """What a world is for, in its own words."""
    return " ".join(str(_read(_file(name)).get("description", "")).split())


@lru_cache(maxsize=16)
def load(name: str) -> Behaviour:
    """The behaviour of the world called `name`, or of a YAML file elsewhere (a path that ends in .yml or .yaml).

    Raises:
        UserError: there is no such world, or its file holds a key or a value that cannot be; in one line.
    """
    file = _file(name)
    content = {key: value for key, value in _read(file).items() if key != "description"}
    try:
        behaviour = TypeAdapter(Behaviour).validate_python(content)
        calendar(behaviour)
    except ValidationError as error:
        raise UserError(f"{_shown(file)}: {'; '.join(_lines(error.errors(include_url=False)))}") from None
    except OverflowError as error:
        raise UserError(f"{_shown(file)}: {error}") from None
    return behaviour


# --- one thing switched off ------------------------------------------------------------------------------------------

# what is not there without it, and the fields that say so
SWITCHES: dict[str, tuple[str, Callable[[Behaviour], dict[str, Any]]]] = {
    "campaigns": (
        "those whom campaigns alone brought stay away",
        lambda b: {"campaigns": tuple(replace(c, runs=False) for c in b.campaigns)},
    ),
    "mailings": ("nobody is written to", lambda b: {"mailings": tuple(replace(m, runs=False) for m in b.mailings)}),
    "promotions": ("nothing is sold at a promotion", lambda b: {"promotions": ()}),
    "cases": ("no case drives a customer away", lambda b: {"service": replace(b.service, leaves_after_case=0.0)}),
    "season": ("the year is flat", lambda b: {"seasonality": 0.0}),
    "growth": ("as many arrive at the end as at the start", lambda b: {"yearly_growth": 0.0}),
    "lapse_wave": ("nobody leaves in the wave", lambda b: {"lapse_wave": None}),
    "price_rise": ("prices stay as they are", lambda b: {"price_rise": None}),
}


def without(behaviour: Behaviour, switch: str) -> Behaviour:
    """The same behaviour with one thing switched off; every other draw stays where it is.

    Args:
        switch: one of ``SWITCHES``, or the name of one campaign, mailing or promotion.

    Raises:
        UserError: there is nothing of that name, or it is off already.
    """
    b = behaviour
    named = [thing.name for things in (b.campaigns, b.mailings, b.promotions) for thing in things]
    if switch in SWITCHES:
        _, change = SWITCHES[switch]
        off = replace(b, **change(b))
    elif switch in named:
        off = replace(
            b,
            campaigns=tuple(replace(c, runs=c.runs and c.name != switch) for c in b.campaigns),
            mailings=tuple(replace(m, runs=m.runs and m.name != switch) for m in b.mailings),
            promotions=tuple(p for p in b.promotions if p.name != switch),
        )
    else:
        raise UserError(f"there is no {switch!r} to switch off: use one of {', '.join([*SWITCHES, *named])}")
    if off == behaviour:
        raise UserError(
            f"{switch!r} is off in this world already: choose another world, or another thing to switch off"
        )
    return off


# --- reading a file --------------------------------------------------------------------------------------------------


def _file(name: str) -> Path:
    if name in names():
        return FOLDER / f"{name}.yml"
    file = Path(name)
    if file.suffix in _SUFFIXES:
        return file
    raise UserError(f"there is no world {name!r}: use one of {', '.join(names())}, or the path of a .yml file")


def _read(file: Path) -> dict[Any, Any]:
    try:
        if not file.is_file() and not file.is_dir() and file.stat():
            raise UserError(f"world {file} is a pipe or a device: give a file")
        if file.stat().st_size > _LARGEST:
            raise UserError(f"{_shown(file)} has {file.stat().st_size:,} bytes: a world has at most {_LARGEST:,}")
        content = yaml.load(file.read_text(encoding="utf-8"), _OneOfEachKey)  # nosec B506
    except OSError as error:
        raise UserError(f"world {file} cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise UserError(f"{_shown(file)} cannot be read as YAML: {line}{error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{_shown(file)} cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise UserError(f"{_shown(file)} must hold keys and values, such as `seasonality: 0.5`")
    return content


class _OneOfEachKey(yaml.SafeLoader):
    """YAML in which no key may stand twice: of two, the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, times in Counter(key for key in keys if isinstance(key, str)).items():
            if times > 1:
                raise yaml.constructor.ConstructorError(problem=f"{key} is there twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _shown(file: Path) -> str:
    return f"world {file.stem} ({file.name})" if file.parent == FOLDER else f"world {file}"


# --- what is wrong, where, and what is allowed -----------------------------------------------------------------------


def _lines(errors: Sequence[Any]) -> list[str]:
    """The first few mistakes; not that a list is too short once its elements are refused."""
    inside = {error["loc"][:-k] for error in errors for k in range(1, len(error["loc"]) + 1)}
    first = islice((e for e in errors if e["type"] != "too_short" or e["loc"] not in inside), 3)
    return [_line(error) for error in first]


def _line(error: Any) -> str:
    loc, value = error["loc"], error["input"]
    where = ".".join(str(part) for part in loc)
    match error["type"]:
        case "unexpected_keyword_argument" | "invalid_key":
            return f"unknown key {where}: allowed are {', '.join(_keys(_hint(loc[:-1])))}"
        case "missing":
            return f"{where} is missing: it must be {_allowed(_hint(loc))}"
        case "value_error":
            return str(error["ctx"]["error"])
    try:
        holds = f"is {value!r}" if isinstance(value, str | int | float) or value is None else "cannot be that"
    except ValueError:  # Python writes no integer of more than a few thousand digits
        holds = "is far too large"
    return f"{where} {holds}: it must be {_allowed(_hint(loc))}"


def _hint(path: Sequence[str | int]) -> Any:
    """The type declared at a place in the behaviour, such as ``("price_rise", "week")``."""
    here: Any = Behaviour
    for part in path:
        inner = _dataclass_in(here)
        here = inner if isinstance(part, int) else get_type_hints(inner, include_extras=True)[part]
    return without_none(here)


def _allowed(hint: Any) -> str:
    """What a value of a declared type may be, in words."""
    inner = _dataclass_in(hint)
    if inner is not None:
        what = "a list, each element with" if get_origin(_bare(hint)) is tuple else "made of"
        return f"{what} the keys {', '.join(_keys(hint))}"
    kind = _bare(hint)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if kind is bool:
        return "true or false"
    if kind is str:
        return "text of 1 to 80 characters"
    number = "a whole number" if kind is int else "a number"
    limits = [limit for part in get_args(hint)[1:] if isinstance(part, FieldInfo) for limit in part.metadata]
    low = next(m for m in limits if isinstance(m, Ge | Gt))
    high = next(m for m in limits if isinstance(m, Le | Lt))
    if isinstance(low, Ge) and isinstance(high, Le):
        return f"{number} from {low.ge:.10g} to {high.le:.10g}"
    least = f"at least {low.ge:.10g}" if isinstance(low, Ge) else f"more than {low.gt:.10g}"
    most = f"at most {high.le:.10g}" if isinstance(high, Le) else f"less than {high.lt:.10g}"
    return f"{number}, {least} and {most}"


def _keys(hint: Any) -> list[str]:
    return [field.name for field in fields(_dataclass_in(hint))]


def without_none(hint: Any) -> Any:
    """What a hint such as ``Share | None`` allows besides None."""
    parts = get_args(hint)
    return next(part for part in parts if part is not NoneType) if NoneType in parts else hint


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _dataclass_in(hint: Any) -> Any:
    """The dataclass that a hint such as ``tuple[Plan, ...]`` or ``PriceRise | None`` speaks of; None where none is."""
    if is_dataclass(hint):
        return hint
    return next((found for part in get_args(hint) if (found := _dataclass_in(part))), None)
