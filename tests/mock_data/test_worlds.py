"""Named worlds: each can be simulated, every number in them has a range, and a mistake in one is one clear line."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import given
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from mock_data import worlds
from mock_data.behaviour.parameters import Behaviour, LapseWave, PriceRise
from mock_data.encoding import encode
from mock_data.world import end_of
from tests.examples import examples
from warehouse.errors import UserError

from .test_cli import SMALL, mock_data
from .worlds import default_world, run


def refusal(folder: Path, text: str) -> str:
    """The line that a world of this YAML is refused with, without the folder."""
    file = folder / "mine.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        worlds.load(str(file))
    worlds.load.cache_clear()
    line = str(caught.value)
    assert "\n" not in line and line.startswith(f"world {file}")
    return line.removeprefix(f"world {file}").removeprefix(": ").strip()


@pytest.mark.parametrize("name", worlds.names())
def test_every_world_says_what_it_is_for_and_can_be_simulated(name):
    assert len(worlds.describe(name)) > 40
    world = default_world(contacts=60, accounts=6, products=20, behaviour=worlds.load(name))
    until = end_of(world.start + 900)
    assert {rows.table for rows in run(world, until) if encode(rows, until).num_rows} >= {"crm.order", "crm.lead"}


def test_the_five_worlds_are_there_and_differ():
    assert set(worlds.names()) >= {"steady", "growth", "seasonal", "lapse-wave", "price-rise"}
    assert len({worlds.load(name) for name in worlds.names()}) == len(worlds.names())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("retention: 1.2", "unknown key retention: allowed are purchases, spend, "),
        ("purchases: {r: 1, beta: 2}", "unknown key purchases.beta: allowed are r, alpha, a, b"),
        ("price_rise: {weak: 3, week: 3, percent: 3}", "unknown key price_rise.weak: allowed are week, percent, "),
        ("1: 2", "unknown key 1: allowed are purchases"),
        ("never_buys: 1.5", "never_buys is 1.5: it must be a number from 0 to 1"),
        ("never_buys: .nan", "never_buys is nan: it must be a number from 0 to 1"),
        ("never_buys: often", "never_buys is 'often': it must be a number from 0 to 1"),
        ("never_buys: [1]", "never_buys cannot be that: it must be a number from 0 to 1"),
        ("purchases: {r: 0}", "purchases.r is 0: it must be a number, more than 0 and at most 1000000"),
        ("channel_quality: 1", "channel_quality is 1: it must be a number, at least 0 and less than 1"),
        ("purchases:", "purchases is None: it must be made of the keys r, alpha, a, b"),
        (
            "lapse_wave: {week: 1.5, weeks: 1, leaves: 0.1}",
            "lapse_wave.week is 1.5: it must be a whole number from 0 to",
        ),
        ("subscriptions: {converts: 1.2}", "subscriptions.converts is 1.2: it must be a number from 0 to 1"),
        (
            "subscriptions: {plans: [{name: A, billing_period: monthly, share: 1, alpha: 1, beta: 3}]}",
            "subscriptions.plans.0.unit_price is missing: it must be a number, more than 0 and at most 100000",
        ),
        (
            "subscriptions: {plans: []}",
            "subscriptions.plans cannot be that: it must be a list, each element with the keys",
        ),
        (
            "opening_hours: [{channel: store, opens: 9, closes: 18}, {channel: online, opens: 0, closes: 24}]",
            "opening_hours must name every one of store, online, mall: mall is missing",
        ),
        (
            "opening_hours: [{channel: store, opens: 18, closes: 9}, {channel: online, opens: 0, closes: 24}, "
            "{channel: mall, opens: 9, closes: 20}]",
            "opening_hours: store opens at 18 and closes at 9: it must be open for an hour at least",
        ),
        ("opening_hours: [{channel: kiosk, opens: 9, closes: 18}]", "opening_hours.0.channel is 'kiosk': it must be"),
        ("sales_tax: [{state: NY, percent: 4}]", "sales_tax must name every one of AZ, CA, CO, "),
        ("sales_tax: [{state: NY, percent: 400}]", "sales_tax.0.percent is 400: it must be a number from 0 to 25"),
        ("campaigns: 3", "campaigns is 3: it must be a list, each element with the keys name, type, "),
        (
            "campaigns: [{name: A, type: Event, source: Web, week: 1, weeks: 2, share: 1, cost_per_lead: 1, "
            "responds: 2}]",
            "campaigns.0.responds is 2: it must be a number from 0 to 1",
        ),
        (
            "campaigns: [{name: A, type: Event, source: Web, week: 1, weeks: 2, share: 1, cost_per_lead: 1, "
            "responds: often}]",
            "campaigns.0.responds is 'often': it must be a number from 0 to 1",
        ),
        ("subscriptions: {erased: -0.1}", "subscriptions.erased is -0.1: it must be a number from 0 to 1"),
        ("channels: [{source: TV, share: 1}]", "channels.0.source is 'TV': it must be one of Web, Store, "),
        ("channels: [{source: Web, share: 0.5}]", "the shares of the channels must add up to 1"),
        ("channels: [{source: Store, share: 1}]", "campaign 'Winter Search' brings Web, which is no channel"),
        (
            "mailings: [{name: A, week: 1, every: 4, reach: 1, fixed_cost: 1, runs: 7}]",
            "mailings.0.runs is 7: it must be true or false",
        ),
        (
            "promotions: [{name: '', week: 1, days: 3, lift: 2, discount: 3}]",
            "promotions.0.name is '': it must be text of 1 to 80 characters",
        ),
        (
            "seasonality: 1\nyearly_growth: 0\nseasonality: 0",
            "cannot be read as YAML: line 1: seasonality is there twice",
        ),
        ("a: [", "cannot be read as YAML: line 1: "),
        ("a: !!python/object:os.system x", "cannot be read as YAML: line 1: "),
        ("- 1", "must hold keys and values, such as"),
        ("", "must hold keys and values, such as"),
        (
            "mailings:\n"
            + "".join(f" - {{name: M{i}, week: 0, every: 4, reach: 1, fixed_cost: 1}}\n" for i in range(4)),
            "580 campaign runs in ten years: 512 are possible",
        ),
    ],
)
def test_a_mistake_in_a_world_is_one_line_that_names_it(tmp_path, text, says):
    assert refusal(tmp_path, text).startswith(says)


@examples(200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["r", "plans", "name", "week", "share", "x"]) | st.integers(), inner)
        ),
    ),
    st.sampled_from([f.name for f in fields(Behaviour)]),
)
def test_whatever_a_world_holds_it_loads_or_is_refused_in_one_line(tmp_path_factory, value, key):
    import yaml

    file = tmp_path_factory.mktemp("world") / "mine.yml"
    file.write_text(yaml.safe_dump({key: value}), encoding="utf-8")
    try:
        assert isinstance(worlds.load(str(file)), Behaviour)
    except UserError as error:
        assert "\n" not in str(error) and str(file) in str(error)


def numbers(part: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Every number of a behaviour: where it is, and the limits declared for it."""
    for field in fields(part):
        value, hint = getattr(part, field.name), get_type_hints(type(part), include_extras=True)[field.name]
        inner = value[0] if isinstance(value, tuple) and value else value
        if is_dataclass(inner):
            yield from numbers(inner, (*path, field.name))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            limits = get_args(worlds.without_none(hint))[1:]
            yield (*path, field.name), [m for p in limits if isinstance(p, FieldInfo) for m in p.metadata]


EVERYTHING = replace(
    Behaviour(),
    campaigns=tuple(replace(campaign, responds=0.5) for campaign in Behaviour().campaigns),
    lapse_wave=LapseWave(10, 2, 0.1),
    price_rise=PriceRise(10, 5),
)
NUMBERS = list(numbers(EVERYTHING))


def nested(part: Any, path: tuple[str, ...], value: float) -> Any:
    """The same behaviour with one number replaced, as a YAML file would have it."""
    held = getattr(part, path[0])
    if len(path) == 1:
        new: Any = value
    elif isinstance(held, tuple):
        new = (nested(held[0], path[1:], value), *held[1:])
    else:
        new = nested(held, path[1:], value)
    plain = {f.name: getattr(part, f.name) for f in fields(part)}
    return plain | {path[0]: new}


def test_every_number_has_a_lower_and_an_upper_limit():
    assert len(NUMBERS) > 70 and ("campaigns", "responds") in [path for path, _ in NUMBERS]
    for path, limits in NUMBERS:
        assert any(isinstance(m, Ge | Gt) for m in limits) and any(isinstance(m, Le | Lt) for m in limits), path


@pytest.mark.parametrize(("path", "limits"), NUMBERS, ids=lambda part: ".".join(map(str, part)) if part else "")
def test_no_number_beyond_its_limits_is_accepted(path, limits):
    low = next(m.ge if isinstance(m, Ge) else m.gt for m in limits if isinstance(m, Ge | Gt))
    high = next(m.le if isinstance(m, Le) else m.lt for m in limits if isinstance(m, Le | Lt))
    for beyond in (low - 1, high + 1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=path[-1]):
            Behaviour(**nested(EVERYTHING, path, beyond))


# --- switches --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", worlds.SWITCHES)
def test_every_switch_turns_its_own_thing_off_and_no_other(switch):
    off = worlds.without(EVERYTHING, switch)
    (changed,) = (f.name for f in fields(Behaviour) if getattr(off, f.name) != getattr(EVERYTHING, f.name))
    expected = {"cases": "service", "season": "seasonality", "growth": "yearly_growth"}
    assert changed == expected.get(switch, switch)
    with pytest.raises(UserError, match="off in this world already"):
        worlds.without(off, switch)


def test_one_campaign_mailing_or_promotion_can_be_switched_off_by_name():
    for kind in ("campaigns", "mailings", "promotions"):
        name = getattr(EVERYTHING, kind)[0].name
        before, after = (getattr(b, kind) for b in (EVERYTHING, worlds.without(EVERYTHING, name)))
        if kind == "promotions":
            assert after == before[1:]
        else:
            assert [c.runs for c in after] == [False] + [True] * (len(before) - 1)
    with pytest.raises(UserError, match=r"there is no 'Summer' to switch off: use one of campaigns, .*, Summer Search"):
        worlds.without(EVERYTHING, "Summer")


# --- the command line ------------------------------------------------------------------------------------------------


def test_worlds_are_listed_with_what_they_are_for():
    listed = mock_data("worlds").stdout
    for name in worlds.names():
        assert f"{name:<12}{worlds.describe(name)}\n" in listed


def test_generate_makes_the_world_it_is_told_without_what_it_is_told(tmp_path):
    def made(*arguments: str, **environment: str) -> str:
        done = mock_data("generate", *SMALL, *arguments, "--to", f"parquet:{tmp_path / 'a'}", **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    seasonal, steady = made(), made("--world", "steady")
    assert seasonal != steady
    assert made(WORLD="steady") == steady and made("--world", "seasonal", WORLD="steady") == seasonal
    mine = tmp_path / "mine.yml"
    mine.write_text((worlds.FOLDER / "steady.yml").read_text(encoding="utf-8"), encoding="utf-8")
    assert made("--world", str(mine)) == steady
    assert made("--without", "season", "--without", "growth") not in (seasonal, made("--without", "season"))


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["generate", "--world", "flat"], "there is no world 'flat': use one of growth, lapse-wave, "),
        (["generate", "--world", "none.yml"], "world none.yml cannot be read: No such file"),
        (["generate", "--without", "gravity"], "there is no 'gravity' to switch off: use one of campaigns, "),
        (["generate", "--world", "steady", "--without", "promotions"], "'promotions' is off in this world already"),
        (["uplift", "gravity"], "there is no 'gravity' to switch off"),
        (["uplift", "cases", "--world", "flat"], "there is no world 'flat'"),
    ],
)
def test_a_world_or_a_switch_that_is_not_there_is_one_line_and_touches_nothing(tmp_path, command, says):
    to = ["--to", f"duckdb:{tmp_path / 'a.duckdb'}"] if command[0] == "generate" else []
    done = mock_data(*command, *to)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {says}") and len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_world_too_busy_for_the_record_numbers_is_one_line(tmp_path):
    file = tmp_path / "busy.yml"
    file.write_text("purchases: {r: 1000000, b: 1000000}\n")
    done = mock_data("uplift", "cases", "--world", str(file), "--contacts", "40")
    assert done.returncode == 1
    assert done.stderr.startswith("error: this world is too busy: a customer reached ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_uplift_prints_the_paired_run(tmp_path):
    done = mock_data("uplift", "campaigns", "--contacts", "400")
    assert done.returncode == 0, done.stderr
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["with", "without", "true", "uplift", "last", "touch"]
    for line in lines:
        with_it, without_it, difference = (int(figure.replace(",", "")) for figure in line.split()[-4:-1])
        assert abs(with_it - without_it - difference) <= 1  # money is shown to the whole unit
        assert np.sign(difference) >= 0
