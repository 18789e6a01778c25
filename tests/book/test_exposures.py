"""dbt's exposures name the marts that chapters and pages read, no more and no fewer."""

import json
import re
from pathlib import Path

import pytest
import yaml

from book import exposures
from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT


def test_the_exposures_are_what_chapters_and_pages_read() -> None:
    assert exposures.EXPOSURES.read_text(encoding="utf-8") == exposures.render(), "run `python -m book.exposures`"


def test_each_leads_to_a_page_of_the_book() -> None:
    for exposure in exposures.exposures():
        page = exposure["url"].removeprefix("../").removesuffix(".html")
        source = "book/index.md" if page == "index" else page
        assert any((PROJECT_ROOT / f"{source}{ending}").is_file() for ending in ("", ".md", ".ipynb")), page


def test_every_mart_that_has_kpis_ends_in_the_dictionary() -> None:
    found = {exposure["name"]: exposure["depends_on"] for exposure in exposures.exposures()}
    for path in (PROJECT_ROOT / "dbt" / "models" / "marts" / "kpis").glob("*.yml"):
        if "semantic_models" in yaml.safe_load(path.read_text(encoding="utf-8")):
            assert f"ref('{path.stem}')" in found["page_kpi_dictionary"]


def test_no_module_of_the_book_reads_marts_for_a_page_that_is_not_listed() -> None:
    listed = {name for _, names in exposures.READERS.values() for name in names}
    reading = {
        path.relative_to(PROJECT_ROOT).as_posix()
        for path in (PROJECT_ROOT / "book").glob("*.py")
        if re.search(r"\b(from|join)\s+marts\.[a-z]", path.read_text(encoding="utf-8"))
    }
    assert reading == {name for name in listed if name.startswith("book/")}


def test_a_new_query_is_a_new_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cell(kind: str, source: str) -> dict[str, object]:
        return {"cell_type": kind, "source": [source]}

    cells = [
        cell("markdown", "What to install, where the chapter is read alone"),
        cell("markdown", "# Who buys\n\nThe table marts.rfm is only spoken of."),
        cell("code", "%%sql\nselect * from marts.fct_orders join marts.dim_contacts using (contact_id)"),
        cell("code", 'book.marts.x; rows = query("select 1 from marts.fct_orders")'),
    ]
    (tmp_path / "12_who_buys.ipynb").write_text(json.dumps({"cells": cells}))
    monkeypatch.setattr(exposures, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(exposures, "READERS", {})
    with pytest.raises(UserError, match=r"12_who_buys.ipynb reads marts\.x, which no model"):
        exposures.exposures()
    cells[3] = cell("code", 'rows = query("select 1 from marts.fct_orders")')
    (tmp_path / "12_who_buys.ipynb").write_text(json.dumps({"cells": cells}))
    (only,) = exposures.exposures()
    assert (only["label"], only["url"]) == ("Chapter 12: Who buys", "../notebooks/12_who_buys.html")
    assert only["depends_on"] == ["ref('dim_contacts')", "ref('fct_orders')"]
