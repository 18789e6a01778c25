"""Every dbt model with its columns and its SQL as plain pages, made from dbt's manifest: they need no JavaScript.

The pages of the book link here and to the same model in the dbt docs.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from docutils import nodes

from warehouse.errors import UserError

DBT_DOCS_PAGE = "dbt/index.html"
CRM_PAGE = "book/crm_schema.html"
# the page that has the models of each folder of `dbt/models/`, and of the seeds
PAGES = {
    "staging": "models_staging",
    "intermediate": "models_intermediate",
    "marts/core": "models_core",
    "marts/kpis": "models_kpis",
    "seeds": "models_intermediate",
}


@dataclass(frozen=True)
class Relation:
    """A table or view that dbt builds (a model, a seed) or reads (a source)."""

    node: dict[str, Any]

    @property
    def name(self) -> str:
        """Schema and name, as a query has them."""
        return f"{self.node['schema']}.{self.node.get('alias') or self.node['name']}"

    @property
    def is_source(self) -> bool:
        return bool(self.node["resource_type"] == "source")

    @cached_property
    def page(self) -> str:
        """Its reference page, without a suffix.

        Raises:
            UserError: its folder has no page.
        """
        folders = "/".join(self.node["path"].split("/")[:-1]) if self.node["resource_type"] == "model" else "seeds"
        for folder, page in PAGES.items():
            if f"{folders}/".startswith(f"{folder}/"):
                return page
        raise UserError(f"dbt/models/{folders} has no page in the book: name one in book/models_reference.py")

    @property
    def anchor(self) -> str:
        """The id of its section, as Sphinx makes it of the heading."""
        return nodes.make_id(self.node["name"])

    @property
    def reference(self) -> str:
        """Where it is described, from the site's root."""
        return f"{CRM_PAGE}#{self.anchor}" if self.is_source else f"book/{self.page}.html#{self.anchor}"

    @property
    def dbt(self) -> str:
        """Its page in the dbt docs, from the site's root."""
        return f"{DBT_DOCS_PAGE}#!/{self.node['resource_type']}/{self.node['unique_id']}"


def read_relations(manifest: Path) -> dict[str, Relation]:
    """Every relation of the dbt project by its name in a query, as `marts.fct_orders`, in alphabetical order."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    built = [node for node in content["nodes"].values() if node["resource_type"] in ("model", "seed")]
    relations = (Relation(node) for node in [*built, *content["sources"].values()])
    return {relation.name: relation for relation in sorted(relations, key=lambda relation: relation.name)}


def queried(code: str, relations: dict[str, Relation]) -> list[Relation]:
    """The relations that a chapter's code names, each once, those of the last layer first."""
    named = set(re.findall(r"\b([a-z]\w*\.[a-z]\w*)\b", code))
    found = [relation for name, relation in relations.items() if name in named]
    order = ["marts", "intermediate", "staging"]
    return sorted(found, key=lambda r: (order.index(s) if (s := r.node["schema"]) in order else len(order), r.name))


def reference_pages(relations: dict[str, Relation]) -> dict[str, str]:
    """Markdown for each of the pages: a section a model, with its columns and its SQL folded."""
    built = [relation for relation in relations.values() if not relation.is_source]
    return {
        page: "\n\n".join(_section(relation) for relation in built if relation.page == page) + "\n"
        for page in sorted(set(PAGES.values()))
    }


def overview(relations: dict[str, Relation]) -> str:
    """Markdown: a list of all models, each with the first sentence of its description."""
    built = [relation for relation in relations.values() if not relation.is_source]
    schemas = sorted({relation.node["schema"] for relation in built}, reverse=True)
    return "\n\n".join(f"## {schema}\n\n" + "\n".join(_lines(built, schema)) for schema in schemas) + "\n"


def _lines(built: list[Relation], schema: str) -> Iterator[str]:
    for relation in built:
        if relation.node["schema"] == schema:
            name, said = relation.node["name"], first_sentence(relation.node["description"])
            yield f'- <a href="{relation.page}.html#{relation.anchor}"><code>{name}</code></a>: {said}'


def first_sentence(text: str) -> str:
    """The first sentence of a description, on one line."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", " ".join(text.split()), maxsplit=1)[0]


def _section(relation: Relation) -> str:
    node = relation.node
    columns = "\n".join(
        f"<dt><code>{html.escape(column['name'])}</code> {html.escape(column.get('data_type') or '')}</dt>"
        f"<dd>{_prose(column['description'])}</dd>"
        for column in node["columns"].values()
    )
    described = f'<dl class="columns">\n{columns}\n</dl>' if columns else ""
    count = len(node["columns"])
    parts = [
        f"## {node['name']}",
        " ".join(node["description"].split()),
        f'<a href="../{relation.dbt}">Neighbours and tests in the dbt docs</a>',
        f"<details><summary>{count} column{'s' * (count != 1)}</summary>\n{described}\n</details>" if columns else "",
        f"<details><summary>SQL: <code>dbt/{html.escape(node['original_file_path'])}</code></summary>\n\n"
        f"~~~~sql+jinja\n{node['raw_code'].strip()}\n~~~~\n\n</details>"
        if node["resource_type"] == "model"
        else f"Its rows are a file: `dbt/{node['original_file_path']}`.",
    ]
    return "\n\n".join(part for part in parts if part)


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(" ".join(text.split()), quote=False))
