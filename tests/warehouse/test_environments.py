"""The lock fits what pyproject.toml asks for, and conda, Docker and the workflows build the same thing from it."""

import re
import tomllib
from functools import cache

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from warehouse.settings import PROJECT_ROOT

PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
LOCK = (PROJECT_ROOT / "requirements.lock").read_text()
PYTHONS = ("3.11", "3.12", "3.13")
DIRECT = [*PROJECT["dependencies"], *(r for extra in PROJECT["optional-dependencies"].values() for r in extra)]


@cache
def locked(python: str) -> dict[str, Version]:
    """The versions that the lock gives this Python on Linux."""
    where = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    found = {}
    for name, version, marker in re.findall(r"^([\w.-]+)==(\S+)(?: ; ([^\\\n]+))? \\$", LOCK, re.MULTILINE):
        if not marker or Marker(marker.strip()).evaluate({**where, "platform_system": "Linux", "os_name": "posix"}):
            found[canonicalize_name(name)] = Version(version)
    return found


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("wanted", DIRECT)
def test_lock_satisfies_every_direct_dependency(python: str, wanted: str) -> None:
    requirement = Requirement(wanted)
    version = locked(python)[canonicalize_name(requirement.name)]
    assert version in requirement.specifier, f"{version} is locked: run `make lock`"


def test_lock_names_no_registry_and_hashes_everything() -> None:
    assert "://" not in LOCK
    packages = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(packages) > 100
    assert all("--hash=sha256:" in package for package in packages)


def test_supported_pythons_are_declared_once() -> None:
    supported = SpecifierSet(PROJECT["requires-python"])
    assert [v for v in ("3.10", "3.11", "3.12", "3.13", "3.14") if v in supported] == list(PYTHONS)
    assert "(3, 11) <= sys.version_info < (3, 14)" in (PROJECT_ROOT / "Makefile").read_text()


def test_conda_takes_the_versions_from_the_lock() -> None:
    parts = yaml.safe_load((PROJECT_ROOT / "environment.yml").read_text())["dependencies"]
    python = next(part for part in parts if isinstance(part, str) and part.startswith("python="))
    assert python.removeprefix("python=") in SpecifierSet(PROJECT["requires-python"])
    packages = next(part["pip"] for part in parts if isinstance(part, dict))
    assert packages == ["--require-hashes", "-r requirements.lock"], "a version named here could differ from the lock"


def test_image_is_not_root_and_uses_a_supported_python() -> None:
    lines = (PROJECT_ROOT / "Dockerfile").read_text().splitlines()
    base = next(line for line in lines if line.startswith("ARG BASE_IMAGE="))
    assert re.search(r"python:(3\.\d+)-slim", base)[1] in PYTHONS  # type: ignore[index]
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users and users[-1] not in {"root", "0"}
    ignored = (PROJECT_ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", ".venv", "data", "_build"} <= set(ignored)


@pytest.mark.parametrize("file", sorted((PROJECT_ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda f: f.name)
def test_workflows_pin_their_actions_and_ask_for_little(file: object) -> None:
    text = file.read_text()  # type: ignore[attr-defined]
    workflow = yaml.safe_load(text)
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in uses)
    assert workflow["permissions"] == {"contents": "read"}
    writing = {k for job in workflow["jobs"].values() for k, v in job.get("permissions", {}).items() if v == "write"}
    assert writing <= {"pages", "id-token"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_every_stage_of_ci_is_a_command_for_everybody() -> None:
    ci = (PROJECT_ROOT / ".ci" / "run").read_text()
    goals = set(re.findall(r"\bmake ([a-z-]+)", ci))
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"test", "lint", "demo"} <= goals <= targets
