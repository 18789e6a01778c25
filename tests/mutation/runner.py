"""Applies every break to the parsed dbt project and runs the tests around the broken model.

The project is parsed once. A break changes the model's SQL in the parsed project only: no file is touched, and the
warehouse is a small one of its own, looked at in mid-month so that months that are not over occur.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

from .breaks import Break

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DBT = PROJECT_ROOT / "dbt"
CONTACTS, AS_OF = 300, "2025-11-20"


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
    """The dbt project, parsed, with its warehouse built in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = self._invoke(dbtRunner(), "parse").result
        self._run("run")
        # a test that is red already would turn every break red
        if red := [
            result.node.name for result in self._run("test", "--select", "marts.kpis") if result.status != "pass"
        ]:
            raise RuntimeError(f"red before anything is broken: {', '.join(red)}")

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
        places = ["--project-dir", DBT, "--profiles-dir", DBT, "--target-path", self.folder / "target"]
        quiet = [
            "--no-write-json",
            "--log-level",
            "none",
            "--log-level-file",
            "none",
            "--log-path",
            self.folder / "logs",
        ]
        outcome: Any = runner.invoke([*command, *map(str, places), "--target", "duckdb", *map(str, quiet)])
        if outcome.exception is not None:
            raise RuntimeError(f"dbt {' '.join(command)}: {outcome.exception}")
        if command[0] == "run" and not outcome.success:
            messages = [str(result.message) for result in outcome.result if result.status == "error"]
            raise RuntimeError(f"dbt {' '.join(command)}: {messages}")
        return outcome


def _refused(result: Any) -> bool:
    """Whether the contract turned the model down, which is a test of its own: NULL where a column must not be."""
    return "Constraint Error" in str(result.message)


@contextmanager
def project(folder: Path) -> Iterator[Project]:
    """The dbt project over a small mock CRM, both in `folder`."""
    names = {"WAREHOUSE_PATH": str(folder / "warehouse.duckdb"), "AS_OF_DATE": AS_OF}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        command = [sys.executable, "-m", "mock_data", "generate", "--contacts", str(CONTACTS), "--accounts", "10"]
        more = ["--products", "50", "--as-of", AS_OF, "--seed", "42", "--start", "2023-01-01"]
        to = ["--to", f"duckdb:{names['WAREHOUSE_PATH']}"]
        done = subprocess.run([*command, *more, *to], cwd=PROJECT_ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"mock_data generate: {done.stderr.strip()}")
        yield Project(folder)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def outcomes(folder: Path, breaks: Iterable[Break]) -> Iterator[Outcome]:
    """The outcome of each break, one after the other."""
    with project(folder) as parsed:
        for broken in breaks:
            yield parsed.outcome(broken)
