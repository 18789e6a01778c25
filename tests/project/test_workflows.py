"""The hosted workflows run what everybody can run: each step is one command that is here, too."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from warehouse.settings import PROJECT_ROOT

FILES = sorted((PROJECT_ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS: dict[str, dict[Any, Any]] = {file.stem: yaml.safe_load(file.read_text()) for file in FILES}
STEPS = [
    (f"{name}: {job}", step)
    for name, workflow in WORKFLOWS.items()
    for job, declared in workflow["jobs"].items()
    for step in declared["steps"]
]
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE))


def test_there_are_three() -> None:
    assert set(WORKFLOWS) == {"test", "publish", "nightly"}


@pytest.mark.parametrize(("where", "command"), [(where, step["run"]) for where, step in STEPS if "run" in step])
def test_a_step_is_one_command_that_exists(where: str, command: str) -> None:
    program, *arguments = command.split()
    assert "\n" not in command.strip() and "${{" not in command
    if program == "make":
        assert set(arguments) <= TARGETS
    else:
        assert program == "docker"


def test_every_workflow_takes_the_same_actions() -> None:
    commits = defaultdict(set)
    for file in FILES:
        for action, commit, version in re.findall(
            r"uses: (\S+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$", file.read_text(), re.M
        ):
            commits[action].add((commit, version))
    assert all(len(found) == 1 for found in commits.values())
    assert sum("uses" in step for _, step in STEPS) == sum(file.read_text().count("uses: ") for file in FILES)
    assert {step["uses"].partition("@")[0] for _, step in STEPS if "uses" in step} == set(commits)


def test_no_step_keeps_the_repositorys_credentials() -> None:
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts and all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_the_test_workflow_crosses_every_python_with_every_engine() -> None:
    job = WORKFLOWS["test"]["jobs"]["engine"]
    assert job["strategy"]["matrix"] == {"python": ["3.11", "3.12", "3.13"], "target": ["duckdb", "postgres"]}
    # without PYTHON make would take the newest Python of the machine, whatever the matrix says
    assert job["env"] == {"PYTHON": "python${{ matrix.python }}", "TARGET": "${{ matrix.target }}"}


def test_the_checks_of_git_are_those_of_the_test_workflow() -> None:
    hooks = yaml.safe_load((PROJECT_ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    checks = [step["run"] for step in WORKFLOWS["test"]["jobs"]["checks"]["steps"] if "run" in step]
    assert [hook["entry"] for hook in hooks] == checks
    assert all(hook["language"] == "system" and hook["always_run"] for hook in hooks)


def test_what_a_change_needs_is_in_ci_too() -> None:
    ci = (PROJECT_ROOT / ".ci" / "run").read_text()
    assert "make check-project" in ci or "make run-workflows" in ci


def test_dependabot_watches_the_actions() -> None:
    updates = yaml.safe_load(Path(PROJECT_ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    assert "github-actions" in {update["package-ecosystem"] for update in updates}
