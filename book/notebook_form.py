"""How a cell looks outside the book: what its tags mean in JupyterLab, VS Code and Colab."""

from __future__ import annotations

from collections.abc import Collection


def jupyter_metadata(tags: Collection[str]) -> dict[str, object]:
    """The metadata, beside its `tags`, that folds a cell as the book does.

    `hide-input` hides the code, `hide-cell` its outputs too. JupyterLab, Notebook and VS Code read `jupyter` (nbformat,
    "Cell metadata"), Colab reads `cellView`, which hides the code only.
    """
    if "hide-cell" in tags:
        return {"cellView": "form", "jupyter": {"outputs_hidden": True, "source_hidden": True}}
    if "hide-input" in tags:
        return {"cellView": "form", "jupyter": {"source_hidden": True}}
    return {}
