"""Runs the workflows on this machine with act: ``python -m tools.run_workflows [WORKFLOW [ACT'S OPTIONS]]``.

Every `run:` step is run for real, in a copy of the checkout without what git ignores, so from a clean start. For the
actions of others, which only their host has, those in `tools/actions` stand in. Without a WORKFLOW it runs all of
`publish` and the checks of `test`; the published site is then in `_build/workflows/artifacts/github-pages`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT, Settings

from . import program

WORKFLOWS = PROJECT_ROOT / ".github" / "workflows"
STAND_INS = Path(__file__).parent / "actions"
WORK = PROJECT_ROOT / "_build" / "workflows"
DEFAULT = (("publish",), ("test", "--job", "checks"))
# act copies the checkout itself in the place of this one
CHECKOUT = "actions/checkout"
LONGEST_SECONDS = 3600


def stand_ins(workflow: Path) -> list[str]:
    """act's options that put a folder of ours in the place of each action that the workflow uses.

    Raises:
        UserError: an action has no stand-in.
    """
    options = []
    for action in sorted(set(re.findall(r"uses: (\S+)", workflow.read_text(encoding="utf-8")))):
        name = action.partition("@")[0]
        if name == CHECKOUT:
            continue
        folder = STAND_INS / name.rpartition("/")[2]
        if not (folder / "action.yml").is_file():
            raise UserError(f"{workflow.name} uses {name}, which has no stand-in: write {folder / 'action.yml'}")
        options += ["--local-repository", f"{action}={folder}"]
    return options


def event(workflow: Path) -> str:
    """The event that starts the workflow here: a push where that does, else a person."""
    # YAML 1.1 reads the key `on` as true
    return "push" if "push" in yaml.safe_load(workflow.read_text(encoding="utf-8"))[True] else "workflow_dispatch"


def environment() -> dict[str, str]:
    """This process's environment without the project's settings and make's own, which no hosted runner has."""
    settings = {name.upper() for name in Settings.model_fields}
    foreign = re.compile(r"MAKE|MFLAGS|VIRTUAL_ENV|ENGINE$|GITHUB_|PYTHON$")
    return {name: value for name, value in os.environ.items() if name not in settings and not foreign.match(name)}


def run(name: str, options: list[str]) -> None:
    """Run one workflow; `options` are act's, such as ``--job`` and ``--matrix``.

    Raises:
        UserError: there is no such workflow, it lacks a stand-in, a step failed, or it takes more than an hour.
    """
    workflow = WORKFLOWS / f"{name}.yml"
    if not workflow.is_file():
        there = ", ".join(sorted(file.stem for file in WORKFLOWS.glob("*.yml")))
        raise UserError(f"there is no workflow {name!r}: there are {there}")
    command = [program("act"), event(workflow), "--workflows", str(workflow), "--directory", str(PROJECT_ROOT)]
    command += ["--platform", "ubuntu-24.04=-self-hosted", "--action-cache-path", str(WORK / "cache")]
    command += ["--no-cache-server", "--strict", "--concurrent-jobs", "1", "--env", f"ARTIFACTS={WORK / 'artifacts'}"]
    # whatever lies in the checkout under act's default names is not for the workflow
    command += [part for kind in ("env", "secret", "var", "input") for part in (f"--{kind}-file", os.devnull)]
    WORK.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen([*command, *stand_ins(workflow), *options], env=environment())
    try:
        status = child.wait(LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        raise UserError(f"workflow {name} was stopped after {LONGEST_SECONDS} s") from None
    finally:
        child.terminate()
        child.wait()
    if status:
        raise UserError(f"workflow {name} failed, see above")


def main(arguments: list[str]) -> None:
    """Run what the command line names."""
    for name, *options in [arguments] if arguments else DEFAULT:
        run(name, options)


if __name__ == "__main__":
    run_command(main, sys.argv[1:])
