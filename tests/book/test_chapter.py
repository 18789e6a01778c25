"""A cell that is folded in the book is folded in JupyterLab, VS Code and Colab."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from book.chapter import jupyter_metadata


@pytest.mark.parametrize(
    ("tags", "folded"),
    [
        ([], {}),
        (["exercise"], {}),
        (["hide-input"], {"cellView": "form", "jupyter": {"source_hidden": True}}),
        (["remove-input"], {"cellView": "form", "jupyter": {"source_hidden": True}}),
        (["exercise", "hide-cell"], {"cellView": "form", "jupyter": {"outputs_hidden": True, "source_hidden": True}}),
    ],
)
def test_tags_fold(tags: list[str], folded: dict[str, object]) -> None:
    assert jupyter_metadata(tags) == folded
    nbformat.validate(new_notebook(cells=[new_code_cell("1", metadata={"tags": tags, **jupyter_metadata(tags)})]))
