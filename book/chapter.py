"""What a chapter's file holds beyond what its author writes, and what the book leaves out of it.

A chapter reads the same in Jupyter as in the book, without any extension: prose is plain Markdown. A number in it
stands as `<span data-say="share">23.4%</span>`; a cell computes it with `say("share", percent(x))`, and `finish` puts
what was said into the spans, so the text cannot disagree with the code.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from typing import Any

import nbformat
from nbformat import NotebookNode

from warehouse.errors import UserError

QUOTE = re.compile(r'<span data-say="(?P<name>[\w-]+)">(?P<text>[^<]*)</span>')
YOUR_TURN = "# Your turn"
# tags: left out of the book; everything else is shown
JUPYTER_ONLY = "jupyter-only"
FIRST_CELL = """\
> **To run this notebook** you need the handbook's code and its warehouse. In a copy of the repository, `make install`
> installs the packages, `make demo` mocks the CRM and builds the warehouse, and `make lab` opens Jupyter. The numbers
> in the text are those of the run that was stored; what the cells print is yours.
"""


def finish(notebook: NotebookNode) -> None:
    """Fill what the cells said into the prose of an executed notebook, in place, and put its first cell first.

    Raises:
        UserError: the prose quotes a name that no cell says.
    """
    said = said_by(notebook)

    def fill(quote: re.Match[str]) -> str:
        if quote["name"] not in said:
            raise UserError(f'the text quotes "{quote["name"]}", which no cell says')
        # two dollar signs in a paragraph would make a formula of all that stands between them
        text = html.escape(said[quote["name"]], quote=False).replace("$", r"\$")
        return f'<span data-say="{quote["name"]}">{text}</span>'

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = QUOTE.sub(fill, cell.source)
    first = nbformat.v4.new_markdown_cell(FIRST_CELL.strip(), id="run-this", metadata={"tags": [JUPYTER_ONLY]})
    notebook.cells = [first, *(cell for cell in notebook.cells if cell.get("id") != first.id)]


def for_book(notebook: NotebookNode) -> NotebookNode:
    """A copy without what only Jupyter is to show: the first cell, the reader's empty cells, the lines of `say`."""
    copy: NotebookNode = nbformat.from_dict(notebook)
    copy.cells = [
        cell
        for cell in copy.cells
        if JUPYTER_ONLY not in cell.metadata.get("tags", []) and cell.source.strip() != YOUR_TURN
    ]
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _name(output) is None]
    return copy


def jupyter_metadata(tags: Collection[str]) -> dict[str, object]:
    """The metadata, beside its `tags`, that folds a cell as the book does.

    `hide-input` and `remove-input` hide the code, `hide-cell` its outputs too. JupyterLab, Notebook and VS Code read
    `jupyter` (nbformat, "Cell metadata"), Colab reads `cellView`, which hides the code only.
    """
    if "hide-cell" in tags:
        return {"cellView": "form", "jupyter": {"outputs_hidden": True, "source_hidden": True}}
    if {"hide-input", "remove-input"} & set(tags):
        return {"cellView": "form", "jupyter": {"source_hidden": True}}
    return {}


def said_by(notebook: NotebookNode) -> dict[str, str]:
    """What the cells of an executed notebook said: name → text."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return {name: output.metadata["say"]["text"] for output in outputs if (name := _name(output)) is not None}


def _name(output: Any) -> str | None:
    said: dict[str, str] = output.get("metadata", {}).get("say", {})
    return said.get("name")
