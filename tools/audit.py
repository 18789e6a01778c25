"""Holds every locked package against the published advisories: ``python -m tools.audit``.

pip-audit says "no known vulnerabilities" also where the index that it asks carries no advisories. So a package that is
known to have some is asked for first; where that one looks clean, nothing was learnt, and that is an error.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT

from . import program

# (those of the images in `containers/` hold a part of the first)
LOCKS = tuple(
    path
    for pattern in ("requirements.lock", "tools/*.lock", "benchmarks/*.txt", "terraform/requirements/*.txt")
    for path in sorted(PROJECT_ROOT.glob(pattern))
)
# its loader ran code from data (CVE-2020-14343); mended in 5.4
KNOWN_BAD = "pyyaml==5.3"


def advisories(requirements: Path) -> list[str]:
    """One line for each advisory against the packages in a requirements file.

    Raises:
        UserError: the index did not answer.
    """
    command = [program("pip-audit"), "--format", "json", "--progress-spinner", "off", "--disable-pip", "--no-deps"]
    done = subprocess.run([*command, "--requirement", str(requirements)], capture_output=True, text=True, timeout=900)
    if done.returncode not in (0, 1) or not done.stdout.strip():
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"the packages of {_shown(requirements)} could not be audited: {reason}")
    return [
        f"{package['name']} {package['version']} of {_shown(requirements)}: {found['id']}, "
        f"mended in {' or '.join(found['fix_versions']) or '-'}"
        for package in json.loads(done.stdout)["dependencies"]
        for found in package.get("vulns", [])
    ]


def audit(locks: tuple[Path, ...] = LOCKS) -> None:
    """Print what was looked at.

    Raises:
        UserError: a package has an advisory, or the advisories cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        known_bad = Path(folder) / "known-bad.txt"
        known_bad.write_text(KNOWN_BAD + "\n", encoding="utf-8")
        if not advisories(known_bad):
            raise UserError(
                f"nothing was audited: {KNOWN_BAD} has advisories and shows none, so the package index in use carries "
                "none; run it where pip asks the Python Package Index itself"
            )
    found = [line for lock in locks for line in advisories(lock)]
    if found:
        renew = "run `make lock`, or what CONTRIBUTING.md says under Packages of terraform/ and benchmarks/"
        raise UserError(f"{len(found)} advisories against locked packages: {'; '.join(found)}: {renew}")
    print(f"No advisory against the packages of {', '.join(map(_shown, locks))}.")


def _shown(path: Path) -> str:
    return str(path.relative_to(PROJECT_ROOT)) if path.is_relative_to(PROJECT_ROOT) else path.name


if __name__ == "__main__":
    run_command(audit)
