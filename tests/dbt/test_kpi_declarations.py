"""KPI declarations hold together: every doc block, column and numbered edge case that one names is there."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from book.kpis import QUESTIONS

DBT = Path(__file__).resolve().parents[2] / "dbt"
KPIS = DBT / "models" / "marts" / "kpis"
KEYS = {"question", "column", "unit", "grain", "formula", "synonyms", "edge_cases", "chapter", "shown"}
UNITS = {
    "count",
    "money",
    "share",
    "hours",
    "days",
    "weeks",
    "months",
    "date",
    "month",
    "rank",
    "score",
    "flag",
    "name",
}

DOCUMENTS: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(KPIS.glob("*.yml"))
}
MODELS: dict[str, dict[str, Any]] = {name: document["models"][0] for name, document in DOCUMENTS.items()}
METRICS = [(model, metric) for model, document in DOCUMENTS.items() for metric in document.get("metrics", [])]
BLOCKS = dict(
    re.findall(r"{% docs (kpi_\w+) %}\n(.*?){% enddocs %}", (KPIS / "_kpis__docs.md").read_text(encoding="utf-8"), re.S)
)
# Every KPI that the handbook has; a name that goes is missed here.
NAMES = {
    "Above this contact's own average",
    "Age of a deal",
    "Amount won",
    "Attrition rate",
    "Average deal",
    "Average order value (AOV)",
    "Average purchase per contact",
    "Average purchase per contact and store",
    "Blended CAC",
    "CAC",
    "CAC of a channel",
    "Case backlog",
    "Cases opened",
    "Cohort retention",
    "Contacts won",
    "Continuous purchases fall-off",
    "Distinct stores per contact",
    "Expected amount",
    "First purchase above this contact's own average",
    "First store",
    "First-order rate",
    "Frequency score",
    "Gross revenue",
    "Hours to close",
    "Inter-purchase time",
    "Lapsed, window",
    "Latest purchase relative to initial",
    "Lead conversion rate",
    "Lead-to-customer rate",
    "Lead-to-customer rate within the window",
    "Leads",
    "Margin a contact",
    "Monetary score",
    "Net revenue",
    "New contacts",
    "Next purchase date",
    "Open pipeline",
    "Orders",
    "Orders per contact",
    "Payback month",
    "Payback of a channel",
    "Prior-week interval",
    "Purchase rank",
    "Purchasers by birth decade",
    "Purchasing contacts",
    "RFM segment",
    "Recency score",
    "Refunds",
    "Repeat rate within w days",
    "Repurchase after a case",
    "Response rate",
    "Return rate",
    "Return rate for a reason",
    "Sales cycle",
    "Time to close",
    "Whole weeks since the first purchase",
    "Whole weeks since the previous purchase",
    "Win rate",
    "Win rate by amount",
    "Win rate by stage reached, owner and type",
}


each_kpi = pytest.mark.parametrize(("model", "metric"), METRICS, ids=[metric["label"] for _, metric in METRICS])


def quoted_blocks(text: str) -> list[str]:
    return re.findall(r"doc\('(kpi_\w+)'\)", text)


def test_each_model_is_described_in_a_file_of_its_name() -> None:
    assert set(MODELS) == {path.stem for path in KPIS.glob("*.sql")}
    assert all(name == declared["name"] for name, declared in MODELS.items())


@each_kpi
def test_a_kpi_is_declared_in_full(model: str, metric: dict[str, Any]) -> None:
    """A metric beside its mart, whose description and that of the mart's column are one doc block."""
    kpi = metric["config"]["meta"]
    assert set(kpi) - {"mart"} == KEYS
    assert kpi["question"] in QUESTIONS
    assert kpi["unit"] in UNITS
    assert kpi["grain"] and kpi["formula"]
    # a comma, a semicolon or a mark would part them in the book's index
    assert all(re.fullmatch(r"[^,;!]+", word) for word in kpi["synonyms"])
    assert {"value", "as"} <= set(kpi["shown"]) <= {"value", "as", "by", "where"}
    assert (DBT.parent / "notebooks" / f"{kpi['chapter']}.ipynb").is_file()
    assert kpi.get("mart", model) == model, "declared in the file of its mart"
    (column,) = [column for column in MODELS[model]["columns"] if column["name"] == kpi["column"]]
    assert metric["description"] == f"{{{{ doc('kpi_{metric['name']}') }}}}"
    assert quoted_blocks(column["description"]) == [f"kpi_{metric['name']}"]


@each_kpi
def test_its_edge_cases_are_held_somewhere(model: str, metric: dict[str, Any]) -> None:
    cases = yaml.safe_load((DBT / "edge_cases.yml").read_text(encoding="utf-8"))["cases"]
    assert all(cases[number].get("tests") for number in metric["config"]["meta"]["edge_cases"])


def test_no_kpi_is_lost_and_none_has_the_name_of_another() -> None:
    assert sorted(metric["label"] for _, metric in METRICS) == sorted(NAMES)


def test_no_word_leads_to_two_kpis() -> None:
    """Search puts the KPI first that has the word for a name or a synonym."""
    words = [
        word.casefold() for _, metric in METRICS for word in {metric["label"], *metric["config"]["meta"]["synonyms"]}
    ]
    assert sorted(words) == sorted(set(words))


def test_what_people_call_things_leads_somewhere() -> None:
    """To a KPI, or to the section of the dictionary that says which there are none of yet."""
    page = (DBT.parent / "book" / "kpi_dictionary.md").read_text(encoding="utf-8")
    (index,) = re.findall(r"```\{index\} (.*)", page)
    words = {entry.strip().removeprefix("! ") for entry in index.split(",")}
    synonyms = {word.casefold() for _, metric in METRICS for word in metric["config"]["meta"]["synonyms"]}
    assert not words & synonyms, "what is there now is not still to come"
    wanted = "churn retention ltv clv mrr arr arpu aov nrr grr repurchase"
    assert set(wanted.split()) <= words | synonyms


def test_every_definition_belongs_to_a_kpi() -> None:
    assert {f"kpi_{metric['name']}" for _, metric in METRICS} == set(BLOCKS)
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


@each_kpi
def test_the_chapter_that_a_kpi_names_reads_its_model(model: str, metric: dict[str, Any]) -> None:
    chapter = (DBT.parent / "notebooks" / f"{metric['config']['meta']['chapter']}.ipynb").read_text(encoding="utf-8")
    # what is declared for the day is shown by the month
    assert re.search(rf"marts\.{model.replace('_daily', '_(daily|monthly)')}\b", chapter)
