"""KPI declarations hold together: every doc block, column and numbered edge case that one names is there."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

DBT = Path(__file__).resolve().parents[2] / "dbt"
KPIS = DBT / "models" / "marts" / "kpis"
KEYS = {"name", "unit", "grain", "formula", "edge_cases", "chapter"}
UNITS = {"count", "money", "share", "hours", "days", "weeks", "months", "date", "rank", "score", "flag", "name"}

MODELS: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0] for path in sorted(KPIS.glob("*.yml"))
}
COLUMNS = [(model, column) for model, declared in MODELS.items() for column in declared["columns"]]
DECLARED = [
    (model, column, column["config"]["meta"]["kpi"])
    for model, column in COLUMNS
    if "kpi" in column.get("config", {}).get("meta", {})
]
BLOCKS = dict(
    re.findall(r"{% docs (kpi_\w+) %}\n(.*?){% enddocs %}", (KPIS / "_kpis__docs.md").read_text(encoding="utf-8"), re.S)
)


def quoted_blocks(text: str) -> list[str]:
    return re.findall(r"doc\('(kpi_\w+)'\)", text)


def test_each_model_is_described_in_a_file_of_its_name() -> None:
    assert set(MODELS) == {path.stem for path in KPIS.glob("*.sql")}
    assert all(name == declared["name"] for name, declared in MODELS.items())


@pytest.mark.parametrize(("model", "column", "kpi"), DECLARED, ids=[kpi["name"] for _, _, kpi in DECLARED])
def test_a_kpi_is_declared_in_full(model: str, column: dict[str, Any], kpi: dict[str, Any]) -> None:
    assert set(kpi) == KEYS
    assert kpi["unit"] in UNITS
    assert kpi["grain"] and kpi["formula"]
    assert re.fullmatch(r"\d\d_\w+", kpi["chapter"])
    blocks = quoted_blocks(column["description"])
    assert len(blocks) == 1, f"{model}.{column['name']} takes its description from one doc block"
    assert blocks[0] in BLOCKS


@pytest.mark.parametrize(("model", "column", "kpi"), DECLARED, ids=[kpi["name"] for _, _, kpi in DECLARED])
def test_its_edge_cases_are_held_somewhere(model: str, column: dict[str, Any], kpi: dict[str, Any]) -> None:
    cases = yaml.safe_load((DBT / "edge_cases.yml").read_text(encoding="utf-8"))["cases"]
    assert all(cases[number].get("tests") for number in kpi["edge_cases"])


def test_kpis_have_names_of_their_own() -> None:
    names = [kpi["name"] for _, _, kpi in DECLARED]
    assert len(names) == len(set(names))


def test_every_definition_belongs_to_a_kpi() -> None:
    used = {block for _, column, _ in DECLARED for block in quoted_blocks(column["description"])}
    assert used == set(BLOCKS)
    assert all(text.strip() for text in BLOCKS.values())


def test_the_segments_in_words_are_those_of_the_seed() -> None:
    """The table in the definition and the rules in the seed give the same ranges, in the same order."""
    with (DBT / "seeds" / "rfm_segment_rules.csv").open(encoding="utf-8", newline="") as file:
        rules = [
            (row["segment"], *(int(row[name]) for name in ("recency_from", "recency_to", "value_from", "value_to")))
            for row in csv.DictReader(file)
        ]

    def scores(cell: str) -> tuple[int, int]:
        first, last = cell[0], cell[-1]
        return int(first), int(last)

    table = [
        (name, *scores(recency), *scores(value))
        for name, recency, value in re.findall(
            r"^\| ([A-Z][\w ]+?) \| (\d(?:–\d)?) \| (\d(?:–\d)?) \|", BLOCKS["kpi_rfm_segment"], re.M
        )
    ]
    assert len(rules) == 11
    assert table == rules


@pytest.mark.parametrize(("model", "column", "kpi"), DECLARED, ids=[kpi["name"] for _, _, kpi in DECLARED])
def test_the_chapter_that_a_kpi_names_reads_its_model(model: str, column: dict[str, Any], kpi: dict[str, Any]) -> None:
    chapter = (DBT.parent / "notebooks" / f"{kpi['chapter']}.ipynb").read_text(encoding="utf-8")
    # what is declared for the day is shown by the month
    assert re.search(rf"marts\.{model.replace('_daily', '_(daily|monthly)')}\b", chapter)
