"""Applies every break to the parsed dbt project and runs the tests around the broken model.

The project is parsed once. A break changes the model's SQL in the parsed project only: no file is touched, and the
warehouse is a copy of a small one, looked at in mid-month so that months that are not over occur.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

from tests.conftest import build_world, default_settings
from tests.dbt_process import PROJECT, parsed_folder
from tests.running import dbt
from warehouse.settings import Settings

from .breaks import Break

# what the tests around the broken models read
KPIS = "marts.kpis"


@dataclass(frozen=True)
class Outcome:
    """What a break led to: the first test that failed, or an error that kept the tests from judging it."""

    broken: Break
    red: str = ""
    error: str = ""
    seconds: float = 0.0

    @property
    def caught(self) -> bool:
        return bool(self.red) and not self.error


class Project:
    """The dbt project, parsed, with a warehouse in which nothing is broken yet; its own files go to `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = self._invoke(dbtRunner(), "parse").result

    def outcome(self, broken: Break) -> Outcome:
        """Break the model, run its tests and those of the models around it up to the first failure, and mend it."""
        begin = time.monotonic()
        node = self.manifest.nodes[f"model.menswear.{broken.model}"]
        sound = node.raw_code
        node.raw_code = broken.apply(sound)
        try:
            # the model's unit tests, the model, its data tests; then what reads it
            results = self._run("build", "--select", f"{broken.model}+1", "--fail-fast")
        finally:
            node.raw_code = sound
        failed = [result for result in results if result.status == "fail"]
        errors = [result for result in results if result.status == "error" and not _refused(result)]
        refused = [result for result in results if result.status == "error" and _refused(result)]
        if any(result.node.resource_type == "model" and result.status in ("success", "error") for result in results):
            self._run("run", "--select", f"{broken.model}+1")
        return Outcome(
            broken,
            red=next((result.node.name for result in (*failed, *refused)), ""),
            error=next((" ".join(str(result.message).split()) for result in errors), ""),
            seconds=time.monotonic() - begin,
        )

    def _run(self, *command: str) -> list[Any]:
        """Run dbt on the parsed project; the results of its models and tests, without the hooks'."""
        results = self._invoke(dbtRunner(manifest=self.manifest), *command).result
        return [result for result in results if result.node.resource_type != "operation"]

    def _invoke(self, runner: dbtRunner, *command: str) -> Any:
        """Run dbt in this process; RuntimeError where it cannot run at all, or a plain `run` fails."""
        places = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", self.folder / "target"]
        parsed = ["--partial-parse-file-path", parsed_folder("duckdb") / "partial_parse.msgpack"]
        quiet = [
            "--no-write-json",
            "--log-level",
            "none",
            "--log-level-file",
            "none",
            "--log-path",
            self.folder / "logs",
        ]
        outcome: Any = runner.invoke([*command, *map(str, [*places, *parsed, "--target", "duckdb", *quiet])])
        if outcome.exception is not None:
            raise RuntimeError(f"dbt {' '.join(command)}: {outcome.exception}")
        if command[0] == "run" and not outcome.success:
            messages = [str(result.message) for result in outcome.result if result.status == "error"]
            raise RuntimeError(f"dbt {' '.join(command)}: {messages}")
        return outcome


def _refused(result: Any) -> bool:
    """Whether the contract turned the model down, which is a test of its own: NULL where a column must not be."""
    return "Constraint Error" in str(result.message)


def small_world(folder: Path) -> Settings:
    """Settings of the small world in `folder`."""
    sizes = {"number_contacts_to_create": 300, "number_accounts_to_create": 10, "number_products_to_create": 50}
    path = folder / "warehouse.duckdb"
    return default_settings(target="duckdb", warehouse_path=path, as_of_date="2025-11-20", seed=42, **sizes)


def prepare(folder: Path) -> None:
    """Make a small mock CRM in `folder` with all models, and see that no test is red.

    A test that is red already would turn every break red.
    """
    settings = small_world(folder)
    build_world(settings, folder / "dbt")
    judged = dbt(settings, folder / "dbt", "test", "--quiet", "--select", f"{KPIS},test_type:unit")
    if judged.status:
        raise RuntimeError(f"red before anything is broken: {judged.not_passed()} {judged.printed[-2000:]}")


@contextmanager
def project(base: Path, folder: Path) -> Iterator[Project]:
    """The dbt project over a copy, in `folder`, of what `prepare` made in `base`."""
    settings = small_world(folder)
    # with the log of what is not yet in the file, as long as the dbt that wrote it is open
    for file in base.glob("warehouse.duckdb*"):
        shutil.copy(file, settings.warehouse_path.with_name(file.name))
    before = dict(os.environ)
    os.environ.update(settings.environment())
    try:
        yield Project(folder)
    finally:
        os.environ.clear()
        os.environ.update(before)


def outcomes(base: Path, folder: Path, breaks: Iterable[Break]) -> Iterator[Outcome]:
    """The outcome of each break, one after the other; see `project`."""
    with project(base, folder) as parsed:
        for broken in breaks:
            yield parsed.outcome(broken)
