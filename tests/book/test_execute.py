"""Running chapters: copies only, only those that changed, and one clear line for a cell that fails."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from book.execute import KERNELSPEC, execute, normalise
from tests.conftest import default_settings
from warehouse.errors import UserError

SETTINGS = default_settings()


def write(path: Path, *cells: str) -> Path:
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": KERNELSPEC})
    nbformat.write(notebook, path)
    return path


def test_a_copy_is_made_once_and_again_when_its_source_changes(tmp_path: Path) -> None:
    source, out = write(tmp_path / "a.ipynb", "1 + 1"), tmp_path / "out"
    stored = source.read_bytes()
    assert execute([source], out, SETTINGS) == [source]
    assert source.read_bytes() == stored
    assert nbformat.read(out / "a.ipynb", 4).cells[1].outputs[0].data["text/plain"] == "2"
    assert execute([source], out, SETTINGS) == []
    write(source, "1 + 2")
    assert execute([source], out, SETTINGS) == [source]
    assert nbformat.read(out / "a.ipynb", 4).cells[1].outputs[0].data["text/plain"] == "3"


@pytest.mark.parametrize(
    ("failing", "says"),
    [
        ("raise ValueError('no such\\nmonth')", "ValueError: no such"),
        ("sold = 1\nassert sold > 2  # more than ever", "AssertionError: assert sold > 2  # more than ever"),
    ],
)
def test_a_failing_cell_is_named_in_one_line_and_leaves_no_copy(tmp_path: Path, failing: str, says: str) -> None:
    source = write(tmp_path / "b.ipynb", "1", failing, "3")
    notebook = nbformat.read(source, 4)
    notebook.cells[2].execution_count = 3  # as stored by an earlier run that came further
    nbformat.write(notebook, source)
    with pytest.raises(UserError, match=rf"^b\.ipynb, code cell 2: {says}$"):
        execute([source], tmp_path / "out", SETTINGS)
    assert not (tmp_path / "out" / "b.ipynb").exists()


def test_normalising_keeps_outputs_and_drops_what_varies() -> None:
    cell = new_code_cell("1", execution_count=1, metadata={"execution": {"iopub.status.busy": "now"}, "tags": ["x"]})
    notebook = new_notebook(cells=[cell], metadata={"language_info": {"name": "python", "version": "3.12.1"}, "x": 1})
    clean = normalise(notebook)
    assert clean.cells[0].metadata == {"tags": ["x"]}
    assert clean.cells[0].execution_count == 1
    assert clean.metadata.keys() == {"kernelspec", "language_info"}
    assert clean.metadata.language_info == {"name": "python"}


def test_a_claim_that_fails_in_another_world_says_so(tmp_path: Path) -> None:
    source = write(tmp_path / "c.ipynb", "assert 1 > 2")
    with pytest.raises(UserError, match=r"^c\.ipynb, code cell 1: AssertionError: assert 1 > 2$"):
        execute([source], tmp_path / "out", SETTINGS)
    with pytest.raises(UserError, match="a claim about the default world, which this is not"):
        execute([source], tmp_path / "out", default_settings(seed=7))
