"""The one way in which tests run dbt: a command, where it runs, and what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import environment_of
from warehouse.settings import PROJECT_ROOT, Settings


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
        """The results that are neither success nor pass."""
        return {name: status for name, status in self.results.items() if status not in ("success", "pass")}


def dbt(settings: Settings, artifacts: Path, *command: str, **environment: str) -> DbtRun:
    """Run dbt on the warehouse that `settings` name; dbt's artifacts and logs go to the folder `artifacts`.

    Args:
        command: as after `dbt` on a command line: "build", "--select", "rfm".
        environment: more variables for the run, such as TZ.
    """
    results = artifacts / "run_results.json"
    results.unlink(missing_ok=True)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), *command],
        cwd=PROJECT_ROOT / "dbt",
        env=environment_of(
            settings, DBT_TARGET_PATH=str(artifacts), DBT_LOG_PATH=str(artifacts / "logs"), **environment
        ),
        capture_output=True,
        text=True,
    )
    ran = json.loads(results.read_text(encoding="utf-8"))["results"] if results.exists() else []
    statuses = {entry["unique_id"].split(".")[2]: entry["status"] for entry in ran}
    return DbtRun(done.returncode, statuses, " ".join((done.stdout + done.stderr).split()))
