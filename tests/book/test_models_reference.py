"""The pages that hold every model with its columns and its SQL, and the models that a page queries."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from book.models_reference import PAGES, Relation, first_sentence, overview, queried, read_relations, reference_pages
from book.paths import TOC
from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT


def node(name: str, schema: str, path: str, kind: str = "model", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "alias": name,
        "schema": schema,
        "path": path,
        "resource_type": kind,
        "unique_id": f"{kind}.menswear.{name}",
        "original_file_path": f"models/{path}",
        "description": "One row an order. More <of> it.",
        "raw_code": "select 1 -- {{ ref('x') }}",
        "columns": {"order_id": {"name": "order_id", "description": "The `id` & more.", "data_type": "varchar"}},
        **more,
    }


@pytest.fixture
def relations(tmp_path: Path) -> dict[str, Relation]:
    nodes = [
        node("fct_orders", "marts", "marts/core/fct_orders.sql"),
        node("repeat_rate", "marts", "marts/kpis/repeat_rate.sql"),
        node("stg_crm__orders", "staging", "staging/crm/stg_crm__orders.sql"),
        node("season", "intermediate", "season.csv", kind="seed"),
        node("a_test", "tests", "a.sql", kind="test"),
    ]
    source = node("order", "crm", "x", kind="source")
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"nodes": {n["unique_id"]: n for n in nodes}, "sources": {"s": source}}))
    return read_relations(manifest)


def test_every_relation_has_a_place(relations: dict[str, Relation]) -> None:
    assert {name: relation.reference for name, relation in relations.items()} == {
        "crm.order": "book/crm_schema.html#order",
        "intermediate.season": "book/models_intermediate.html#season",
        "marts.fct_orders": "book/models_core.html#fct-orders",
        "marts.repeat_rate": "book/models_kpis.html#repeat-rate",
        "staging.stg_crm__orders": "book/models_staging.html#stg-crm-orders",
    }
    assert relations["marts.fct_orders"].dbt == "dbt/index.html#!/model/model.menswear.fct_orders"


def test_a_folder_without_a_page_is_named() -> None:
    with pytest.raises(UserError, match="dbt/models/marts/finance has no page"):
        _ = Relation(node("x", "marts", "marts/finance/x.sql")).page


def test_the_project_s_folders_have_pages_in_the_book() -> None:
    folders = {
        path.parent.relative_to(PROJECT_ROOT / "dbt/models") for path in (PROJECT_ROOT / "dbt/models").rglob("*.sql")
    }
    pages = {Relation(node("x", "s", f"{folder.as_posix()}/x.sql")).page for folder in folders}
    assert pages == set(PAGES.values())
    listed = str(yaml.safe_load(TOC.read_text(encoding="utf-8")))
    assert all(f"book/{page}'" in listed for page in pages)


def test_what_a_page_queries_comes_once_the_last_layer_first(relations: dict[str, Relation]) -> None:
    code = "select * from staging.stg_crm__orders join marts.fct_orders using (x) -- marts.fct_orders crm.order a.marts"
    assert [found.name for found in queried(code, relations)] == [
        "marts.fct_orders", "staging.stg_crm__orders", "crm.order",
    ]  # fmt: skip
    assert queried("select * from marts.fct_orders_2, my.marts", relations) == []


def test_a_model_is_described_with_columns_and_sql(relations: dict[str, Relation]) -> None:
    page = reference_pages(relations)["models_core"]
    assert page.startswith("## fct_orders\n\nOne row an order. More <of> it.")
    assert "<dt><code>order_id</code> varchar</dt><dd>The <code>id</code> &amp; more.</dd>" in page
    assert "select 1 -- {{ ref('x') }}" in page
    assert "../dbt/index.html#!/model/model.menswear.fct_orders" in page
    assert 'href="models_core.html#fct-orders"><code>fct_orders</code></a>: One row an order.\n' in overview(relations)
    assert "crm.order" not in overview(relations)


@pytest.mark.parametrize(
    ("text", "first"),
    [("One. Two.", "One."), ("All", "All"), ("Up to 1.5 m. `x` is", "Up to 1.5 m."), ("a e.g. b", "a e.g. b")],
)
def test_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first
