"""The results that are kept are complete, of the versions that are pinned, and the book's page shows all of them."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.loading import compete
from benchmarks.measure import RESULTS
from benchmarks.peers import HERE, OURS, PEERS, versions
from benchmarks.peers.orm import ITEMS, ORDERS, Base
from benchmarks.scaling import START_UP, exponent
from book.benchmark_tables import fragments
from warehouse.errors import UserError

KEPT: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))


def test_every_generator_has_its_row_of_the_pinned_version() -> None:
    rows = KEPT["peers"]["generators"]
    assert [row["name"] for row in rows] == [generator.name for generator in (OURS, *PEERS)]
    for row, generator in zip(rows, (OURS, *PEERS), strict=True):
        assert row["versions"] == {name: versions()[name] for name in generator.packages}, "run benchmarks.peers again"
        assert row["rows"] > 0
        assert row["live_cells"] > row["rows"]


def test_ratios_are_ours_over_theirs() -> None:
    ours, *peers = KEPT["peers"]["generators"]
    assert ours["cells_ahead"] == ours["bytes_ahead"] == {"median": 1, "min": 1, "max": 1}
    for row in peers:
        ratio = ours["cells_per_cpu_second"]["median"] / row["cells_per_cpu_second"]["median"]
        assert row["cells_ahead"]["min"] * 0.7 < ratio < row["cells_ahead"]["max"] * 1.4


def test_several_sizes_and_numbers_of_workers_were_measured() -> None:
    runs = {(run["contacts"], run["workers"]) for run in KEPT["scaling"]["runs"]}
    sizes, workers = ({run[i] for run in runs} for i in (0, 1))
    assert len(sizes) > 1
    assert len(workers) > 1
    assert len(runs) == len(sizes) * len(workers)


def test_both_engines_were_loaded() -> None:
    assert {load["engine"] for load in KEPT["loading"]["loads"]} == {"DuckDB", "Postgres"}


def test_no_date_and_no_place_of_a_machine_is_kept() -> None:
    assert not re.search(r"20\d\d-\d\d|/home|/tmp|/root", RESULTS.read_text(encoding="utf-8"))


def test_the_page_shows_every_row() -> None:
    made = fragments()
    page = (RESULTS.parents[1] / "book" / "benchmarks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"generated/benchmarks_(\w+)\.md", page)) == set(made) == set(KEPT)
    ours, *peers = KEPT["peers"]["generators"]
    in_chart_and_rates = 2
    assert made["peers"].count(f"<tr><td>{ours['name']}</td>") == in_chart_and_rates
    for row in peers:
        assert made["peers"].count(f"<tr><td>{row['name']}</td>") == in_chart_and_rates + 1
        assert f"<td>{row['makes']}; {row['writes']}</td></tr>" in made["peers"]
    assert made["scaling"].count("<tr>") == 1 + len(KEPT["scaling"]["runs"])
    assert made["loading"].count("<tr>") == 1 + len(KEPT["loading"]["loads"])


@pytest.mark.parametrize("missing", sorted(KEPT))
def test_a_section_that_was_not_measured_is_named(missing: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({k: v for k, v in KEPT.items() if k != missing}))
    with pytest.raises(UserError, match=f"benchmarks.{missing}"):
        fragments(tmp_path / "results.json")


@pytest.mark.parametrize("power", [0.5, 1, 1.3])
def test_the_exponent_is_that_of_the_growth(power: float) -> None:
    times = {size: 3 * size**power for size in (START_UP, 2 * START_UP, 10 * START_UP)}
    assert math.isclose(exponent({1: 1e9, **times}) or 0, power)  # a small size changes nothing
    assert exponent({1: 1.0, START_UP: 2.0}) is None


def test_loads_take_turns_and_ours_comes_first() -> None:
    calls: list[str] = []
    names = [("A", "ours"), ("A", "bare"), ("B", "ours")]
    loads = [(e, n, lambda e=e, n=n: calls.append(e + n)) for e, n in names]  # type: ignore[misc]
    found = compete(loads, rows=1, rounds=2, between=lambda: calls.append("room"))
    once = ["room", "Aours", "room", "Abare", "room", "Bours"]
    assert calls == once * 2
    assert [row["our_share"]["median"] for row in found if row["name"] == "ours"] == [1, 1]


def test_the_recipe_and_the_loop_ask_for_the_same_rows() -> None:
    contact = yaml.safe_load((HERE / "recipe.yml").read_text(encoding="utf-8"))[1]
    (order,) = contact["friends"]
    (item,) = order["friends"]
    assert (order["count"], item["count"]) == (ORDERS, ITEMS)
    for asked in (contact, order, item):
        table = Base.metadata.tables[snake(asked["object"])]
        assert {snake(field) for field in asked["fields"]} | {"id"} == set(table.columns.keys())


def snake(name: str) -> str:
    """`Product2Id` as `product_2_id`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-z])(?=\d)", "_", name).lower()
