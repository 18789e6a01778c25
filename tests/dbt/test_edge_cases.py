"""Every numbered edge case has its tests, and every test that bears a number is listed under it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

DBT = Path(__file__).resolve().parents[2] / "dbt"
CASES: dict[int, dict[str, Any]] = yaml.safe_load((DBT / "edge_cases.yml").read_text(encoding="utf-8"))["cases"]
# Postgres cuts the name of the temporary relation that a unit test runs in
LONGEST_NAME = 63


def _names(document: Any) -> Iterator[str]:
    """Every `name:` below `data_tests`, `tests` or `unit_tests`, at any depth."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in ("data_tests", "tests", "unit_tests") and isinstance(value, list):
                for entry in value:
                    yield from _test_name(entry)
            yield from _names(value)
    elif isinstance(document, list):
        for entry in document:
            yield from _names(entry)


def _test_name(entry: Any) -> Iterator[str]:
    if isinstance(entry, dict):
        if isinstance(entry.get("name"), str):
            yield entry["name"]
        for body in entry.values():
            if isinstance(body, dict) and isinstance(body.get("name"), str):
                yield body["name"]


def declared_tests() -> list[str]:
    """Names of every test given a name in YAML, and of every SQL file in dbt/tests."""
    files = [*DBT.glob("models/**/*.yml"), *DBT.glob("tests/**/*.yml")]
    names = [name for file in files for name in _names(yaml.safe_load(file.read_text(encoding="utf-8")))]
    return names + [file.stem for file in DBT.glob("tests/*.sql")]


NAMES = declared_tests()


def test_all_24_cases_are_listed() -> None:
    assert sorted(CASES) == list(range(1, 25))


@pytest.mark.parametrize("number", sorted(CASES))
def test_a_case_has_tests_or_says_what_it_waits_for(number: int) -> None:
    case = CASES[number]
    assert case["what"]
    tests = case.get("tests") or []
    assert bool(tests) != bool(case.get("later")), f"case {number} needs tests, or a reason why later"
    missing = set(tests) - set(NAMES)
    assert not missing, f"case {number} lists tests that do not exist: {sorted(missing)}"
    misnamed = [name for name in tests if not name.startswith(f"edge_{number:02d}_")]
    assert not misnamed, f"case {number}: named after another number: {misnamed}"


def test_every_numbered_test_is_listed() -> None:
    listed = {name for case in CASES.values() for name in case.get("tests") or []}
    numbered = {name for name in NAMES if re.match(r"edge_\d\d_", name)}
    assert numbered == listed & numbered, f"not in edge_cases.yml: {sorted(numbered - listed)}"


def test_names_fit_every_engine() -> None:
    assert [name for name in NAMES if name.startswith("edge_") and len(name) > LONGEST_NAME] == []
