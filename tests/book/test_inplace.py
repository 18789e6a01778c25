"""Nothing is replaced that was not made here: neither stored chapters by another world's, nor a user's notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from book import execute
from book.execute import KERNELSPEC, main, refuse_other_world
from mock_data.generate import LOADER
from mock_data.sinks import open_sink
from mock_data.world import World
from tests.conftest import default_settings
from warehouse.errors import UserError
from warehouse.settings import Settings


@pytest.fixture
def holding(tmp_path: Path) -> Settings:
    """The default settings, with a warehouse that says it holds their world."""
    return put(default_settings(seed=42), default_settings(seed=42), tmp_path)


def put(asked: Settings, held: Settings, folder: Path, loader: str = LOADER) -> Settings:
    """`asked` with a warehouse, in that folder, that says it holds the world of `held`."""
    world = World.from_settings(held).as_dict() | {"as_of": str(held.as_of_date)}
    file = folder / "warehouse.duckdb"
    with open_sink(f"duckdb:{file}", loader=loader, settings=world):
        pass
    return asked.model_copy(update={"warehouse_path": file})


def test_the_default_world_may_be_stored(holding: Settings) -> None:
    refuse_other_world(holding)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number_contacts_to_create", 9_999),
        ("number_accounts_to_create", 3),
        ("number_products_to_create", 20),
        ("world", "steady"),
        ("seed", 7),
        ("start_date", "2023-01-02"),
        ("as_of_date", "2025-06-30"),
    ],
)
def test_settings_of_another_world_are_refused(tmp_path: Path, name: str, value: object) -> None:
    other = default_settings(**{"seed": 42, name: value})
    with pytest.raises(UserError, match=f"{name.upper()}={value} is another: nothing was run"):
        refuse_other_world(put(other, other, tmp_path))


def test_a_warehouse_of_another_world_is_refused(tmp_path: Path) -> None:
    usual = default_settings(seed=42)
    with pytest.raises(UserError, match="does not hold it"):
        refuse_other_world(usual.model_copy(update={"warehouse_path": tmp_path / "none.duckdb"}))
    with pytest.raises(UserError, match="does not hold it"):
        refuse_other_world(put(usual, default_settings(seed=5), tmp_path))


def test_the_command_refuses_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = tmp_path / "notebooks" / "a.ipynb"
    stored.parent.mkdir()
    nbformat.write(new_notebook(cells=[new_code_cell("1 + 1")], metadata={"kernelspec": KERNELSPEC}), stored)
    before = stored.read_bytes()
    monkeypatch.setattr(execute, "NOTEBOOKS", stored.parent)
    monkeypatch.setenv("SEED", "7")
    monkeypatch.setenv("TARGET", "duckdb")
    with pytest.raises(UserError, match=r"^the stored chapters show the default world, and SEED=7 is another"):
        main(["--inplace"])
    assert stored.read_bytes() == before


def test_copies_replace_and_remove_copies_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, sources = tmp_path / "out", tmp_path / "notebooks"
    sources.mkdir()
    out.mkdir()
    text = json.dumps(new_notebook(cells=[], metadata={"kernelspec": KERNELSPEC}))
    for name in ("a", "b"):
        (sources / f"{name}.ipynb").write_text(text)
    kept = {"letter.txt": "mine", "server.key": "secret", "old.ipynb": "{}", "old.key": "not a fingerprint"}
    for name, content in kept.items():
        (out / name).write_text(content)
    monkeypatch.setattr(execute, "NOTEBOOKS", sources)
    monkeypatch.setenv("TARGET", "duckdb")
    assert main(["--out", str(out)]) == 0
    (sources / "b.ipynb").unlink()
    assert main(["--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == sorted([*kept, "a.ipynb", "a.key"])
    assert {name: (out / name).read_text() for name in kept} == kept

    (sources / "old.ipynb").write_text(text)
    for place in (out, sources):
        with pytest.raises(UserError, match="is no copy that was made here: nothing was run"):
            main(["--out", str(place)])
    assert (out / "old.ipynb").read_text() == "{}"
    assert (sources / "old.ipynb").read_text() == text
