"""The one way in which tests run dbt: a command, where it runs, and what came of it."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from warehouse.settings import PROJECT_ROOT, Settings


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    """The environment for a program that is to run with exactly these settings."""
    names = {name.upper() for name in Settings.model_fields}
    programs = str(Path(sys.executable).parent)
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return {**inherited, "PATH": programs + os.pathsep + inherited["PATH"], **settings.environment(), **more}


@dataclass(frozen=True)
class DbtRun:
    """What a dbt command did.

    Attributes:
        status: dbt's exit status; 0 where all went well.
        results: name of each model and test that ran → success, pass, fail, error, skipped or warn.
        printed: what dbt said on standard output, white space folded.
    """

    status: int
    results: dict[str, str]
    printed: str

    def not_passed(self) -> dict[str, str]:
        """The results that are neither success nor pass; there is nothing to run of an exposure."""
        return {name: status for name, status in self.results.items() if status not in ("success", "pass", "no-op")}


def dbt(settings: Settings, artifacts: Path, *command: str, write_json: bool = False, **environment: str) -> DbtRun:
    """Run dbt on the warehouse that `settings` name; its files go to the folder `artifacts`.

    Args:
        command: as after `dbt` on a command line: "build", "--select", "rfm".
        write_json: leave dbt's artifacts there too, which takes it two seconds.
        environment: more variables for the run, such as TZ.
    """
    artifacts.mkdir(parents=True, exist_ok=True)
    output = artifacts / "output.txt"
    places = {"DBT_TARGET_PATH": str(artifacts), "DBT_LOG_PATH": str(artifacts / "logs")}
    requests, answers = _process()
    command = (*command, *(() if write_json else ("--no-write-json",)))
    request = command, environment_of(settings, **places, **environment), str(output)
    print(json.dumps(request), file=requests, flush=True)
    status, results = json.loads(answers.readline())
    return DbtRun(status, results, " ".join(output.read_text(encoding="utf-8").split()))


@cache
def _process() -> tuple[IO[str], IO[str]]:
    """The pipes to this test session's dbt, which ends with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.dbt_process"],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    atexit.register(process.stdin.close)
    return process.stdin, process.stdout
