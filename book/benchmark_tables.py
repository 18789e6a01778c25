"""The benchmarks page's tables and the sentences with numbers, made from what `benchmarks/` measured last.

The measuring is not part of the build: `python -m benchmarks.peers`, `.scaling` and `.loading` each write a section of
`benchmarks/results.json`, which is kept in the repository.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from benchmarks.measure import RESULTS
from warehouse.errors import UserError

from .charts import show
from .frames import Table
from .numbers import count, decimal, percent

Section = Mapping[str, Any]


def fragments(file: Path = RESULTS) -> dict[str, str]:
    """The page's generated pieces: "peers", "scaling" and "loading" to Markdown.

    Raises:
        UserError: a section has not been measured.
    """
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    makers: dict[str, Callable[[Section], str]] = {"peers": _peers, "scaling": _scaling, "loading": _loading}
    if missing := [name for name in makers if name not in results]:
        raise UserError(f"{file.name} has no section {missing[0]}: run `python -m benchmarks.{missing[0]}`")
    return {name: f"{make(results[name])}\n\n{_machine(results[name])}\n" for name, make in makers.items()}


def _peers(section: Section) -> str:
    ours, *peers = section["generators"]
    ratios = [
        (
            row["name"],
            _times(row["cells_ahead"]),
            # bytes of another format are other bytes
            _times(row["bytes_ahead"]) if row["writes"] == ours["writes"] else "",
            f"{row['makes']}; {row['writes']}",
        )
        for row in peers
    ]
    rates = [
        (
            row["name"],
            _significant(row["cells_per_cpu_second"]["median"]),
            _significant(row["rows_per_cpu_second"]["median"]),
            _significant(row["bytes_per_cpu_second"]["median"] / 1e6),
            _significant(row["cells_per_second"]["median"]),
            decimal(row["wall_seconds"]["median"]),
            count(row["peak_megabytes"]["median"]),
        )
        for row in (ours, *peers)
    ]
    cells, made = ours["cells_per_second"], ours["rows_per_second"]
    return (
        f"With {_many(section['cores'], 'core')} and {count(section['contacts'])} contacts, this project writes "
        f"**{_significant(cells['median'])} live cells and {_significant(made['median'])} rows a second** by the clock "
        f"({_significant(cells['min'])} to {_significant(cells['max'])} cells), start included. Medians of "
        f"{_many(section['rounds'], 'round')}; in brackets the smallest and the largest ratio of a round.\n\n"
        + _speeds([ours, *peers])
        + "\n\n"
        + _table(("Generator", "Ours, in cells", "Ours, in bytes", "What it makes"), ratios, text=(0, 3))
        + "\n\nThe rates behind the ratios, for each second of a core; the last three columns are by the clock, on "
        + f"{_many(section['cores'], 'core')} where the generator can use them.\n\n"
        + _table(
            ("Generator", "Live cells/s", "Rows/s", "MB/s", "Live cells/s by the clock", "Seconds", "Peak MB"),
            rates,
            text=(0,),
        )
        + "\n\nVersions: "
        + ", ".join(f"{name} {version}" for name, version in sorted(_versions(peers).items()))
        + "."
    )


def _speeds(generators: list[Mapping[str, Any]]) -> str:
    """Live cells a second of a core, one point a generator, as a figure."""
    named = [(row["name"], row["cells_per_cpu_second"]["median"]) for row in generators]
    data = pd.DataFrame(named, columns=["generator", "live cells a second of a core"])
    powers_of_ten = alt.Axis(format="~s", grid=True, values=[10**n for n in range(3, 10)])
    chart = (
        alt.Chart(data)
        .mark_point(size=140)
        .encode(
            x=alt.X("live cells a second of a core:Q", scale=alt.Scale(type="log"), axis=powers_of_ten),
            y=alt.Y("generator:N", sort=None, title=None),
            color=alt.condition(
                alt.datum.generator == generators[0]["name"], alt.value("@accent"), alt.value("@series1")
            ),
        )
    )
    words = ", ".join(f"{name} {_significant(cells)}" for name, cells in named)
    return show(
        chart,
        alt=f"One point a generator on a logarithmic scale of live cells a second of a core: {words}.",
        caption="Live cells a second of a core, medians; each step of the scale is ten times the one before.",
        data=data,
    ).html()


def _versions(peers: list[Mapping[str, Any]]) -> dict[str, str]:
    return {name: version for row in peers for name, version in row["versions"].items()}


def _scaling(section: Section) -> str:
    runs = section["runs"]
    rows = [
        (
            count(run["contacts"]),
            str(run["workers"]),
            count(run["rows"]),
            decimal(run["wall_seconds"]["median"]),
            _significant(run["rows_per_second"]["median"]),
            _significant(run["cells_per_second"]["median"]),
            count(run["peak_process_megabytes"]["median"]),
            decimal(run["speed_up"]["median"], 2),
        )
        for run in runs
    ]
    heads = (
        "Contacts",
        "Workers",
        "Rows",
        "Seconds",
        "Rows/s",
        "Live cells/s",
        "Peak MB",
        "Speed-up",
    )
    said = []
    for workers, power in section["time_exponent"].items():
        large = [r for r in runs if r["workers"] == int(workers) and r["contacts"] >= section["exponent_from_contacts"]]
        few, many = large[0], large[-1]
        growth = many["peak_process_megabytes"]["median"] / few["peak_process_megabytes"]["median"] - 1
        said.append(
            f"With {_many(int(workers), 'worker')}, from {count(few['contacts'])} contacts to "
            f"{count(many['contacts'])}, time grows with size to the power of {decimal(power, 2)}, and the largest "
            f"process's memory by {percent(growth)}."
        )
    return " ".join(said) + "\n\n" + _table(heads, rows)


def _loading(section: Section) -> str:
    rows = [
        (
            load["engine"],
            load["name"],
            _significant(load["rows_per_second"]["median"]),
            "" if load["name"] == "this project" else _share(load["our_share"]),
        )
        for load in section["loads"]
    ]
    return (
        f"{count(section['rows'])} rows of {section['columns']} columns, medians of "
        f"{_many(section['rounds'], 'round')}; in brackets the smallest and the largest share of a round.\n\n"
        + _table(("Engine", "Load", "Rows/s", "Ours reaches"), rows, text=(0, 1))
    )


def _machine(section: Section) -> str:
    machine = section["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"*Measured on {machine['cpu']}, {_many(machine['cores'], 'core')}, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}, {packages}.*"
    )


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], text: tuple[int, ...] = ()) -> str:
    """An HTML table whose columns at the positions `text` are words, the others numbers."""
    shown = tuple(rows)
    return Table(heads, heads, shown, shown, tuple(i not in text for i in range(len(heads))), len(shown)).html()


def _significant(value: float) -> str:
    """Three significant digits, large ones by the million: 0.132, 23,200, 7.65 M."""
    if value >= 1e6:
        return f"{_significant(value / 1e6)} M"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:.3g}"


def _times(ratio: Mapping[str, float]) -> str:
    return f"{_significant(ratio['median'])} × ({_significant(ratio['min'])}–{_significant(ratio['max'])})"


def _share(ratio: Mapping[str, float]) -> str:
    return f"{percent(ratio['median'], 0)} ({percent(ratio['min'], 0)}–{percent(ratio['max'], 0)})"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
