"""Wherever the project is opened, it is the same: one Python, one lock, one version, one pair of licences."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from warehouse.settings import PROJECT_ROOT

PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((PROJECT_ROOT / "environment.yml").read_text())
CITATION = yaml.safe_load((PROJECT_ROOT / "CITATION.cff").read_text())
DEVCONTAINER = json.loads(
    re.sub(r"^\s*//.*$", "", (PROJECT_ROOT / ".devcontainer" / "devcontainer.json").read_text(), flags=re.MULTILINE)
)
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE))
DOCUMENTS = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE-prose.md")

# conda refuses other keys only with a warning, and misreads other shapes
ENVIRONMENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "channels", "dependencies"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
        "channels": {"const": ["conda-forge", "nodefaults"]},
        "dependencies": {
            "type": "array",
            "minItems": 2,
            "items": {
                "oneOf": [
                    {"type": "string", "pattern": r"^[a-z][a-z0-9._-]*(>?=[0-9][0-9.]*)?$"},
                    {
                        "type": "object",
                        "required": ["pip"],
                        "additionalProperties": False,
                        "properties": {"pip": {"type": "array", "minItems": 1, "items": {"type": "string"}}},
                    },
                ]
            },
            "contains": {"type": "string", "pattern": r"^pip\b"},
        },
    },
}


def test_the_conda_environment_keeps_to_its_schema() -> None:
    jsonschema.validate(ENVIRONMENT, ENVIRONMENT_SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"channels": ["defaults"]},
        {"dependencies": ["python=3.12", {"pip": ["-r requirements.lock"]}]},
        {"dependencies": ["python = 3.12", "pip>=25"]},
        {"prefix": "/somewhere"},
    ],
)
def test_a_broken_conda_environment_does_not(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**ENVIRONMENT, **change}, ENVIRONMENT_SCHEMA)


def pythons() -> dict[str, str]:
    """The Python of every place that opens the project for somebody."""
    conda = next(part for part in ENVIRONMENT["dependencies"] if str(part).startswith("python="))
    base = re.search(r"^ARG BASE_IMAGE=python:(3\.\d+)-", (PROJECT_ROOT / "Dockerfile").read_text(), re.MULTILINE)
    image = re.search(r"python:(3\.\d+)-", DEVCONTAINER["image"])
    publish = yaml.safe_load((PROJECT_ROOT / ".github" / "workflows" / "publish.yml").read_text())
    assert base and image
    return {
        "environment.yml": conda.removeprefix("python="),
        "Binder": (PROJECT_ROOT / ".binder" / "runtime.txt").read_text().strip().removeprefix("python-"),
        "Dockerfile": base[1],
        "development container": image[1],
        "its PYTHON": DEVCONTAINER["containerEnv"]["PYTHON"].removeprefix("python"),
        "publish": publish["jobs"]["build"]["env"]["PYTHON"].removeprefix("python"),
    }


def test_every_place_takes_the_same_python() -> None:
    assert set(pythons().values()) == {"3.12"}, pythons()


def test_binder_installs_the_lock_and_nothing_else() -> None:
    file = PROJECT_ROOT / ".binder" / "requirements.txt"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    assert lines == ["--require-hashes", "-r ../requirements.lock"]
    assert (file.parent / lines[1].removeprefix("-r ")).resolve() == PROJECT_ROOT / "requirements.lock"
    assert os.access(PROJECT_ROOT / ".binder" / "postBuild", os.X_OK), "Binder runs it as a program"


def test_the_development_container_installs_with_make() -> None:
    goal = DEVCONTAINER["postCreateCommand"].removeprefix("make ")
    assert goal == "install" and goal in TARGETS


def test_the_citation_has_the_projects_version_and_licences() -> None:
    assert CITATION["version"] == PROJECT["version"]
    assert CITATION["license"] == PROJECT["license"].split(" AND ") == ["MIT", "CC-BY-4.0"]
    assert "SPDX identifier: `CC-BY-4.0`" in (PROJECT_ROOT / "LICENSE-prose.md").read_text()
    assert (PROJECT_ROOT / "LICENSE").read_text().startswith("MIT License")
    holders = {author["name"] for author in CITATION["authors"]}
    assert all(f"Copyright (c) 2026 {holder}" in (PROJECT_ROOT / "LICENSE").read_text() for holder in holders)


def test_the_changelog_has_the_version() -> None:
    headings = re.findall(r"^## (.+)$", (PROJECT_ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[:2] == ["Unreleased", PROJECT["version"]]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_speaks_of_files_and_commands_that_exist(name: str) -> None:
    text = (PROJECT_ROOT / name).read_text()
    assert text.startswith("# ")
    links = [link for link in re.findall(r"\]\(([^)\s]+)", text) if "://" not in link]
    paths = [
        word for word in re.findall(r"`([^`\s]+)`", text) if re.fullmatch(r"[\w.-]*/[\w./-]*|[\w-]+\.[a-z]\w*", word)
    ]
    missing = [path for path in links + paths if path != "your.yml" and not (PROJECT_ROOT / path).exists()]
    assert not missing
    goals = {goal for line in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", "\n".join(code(text))) for goal in line.split()}
    assert goals <= TARGETS


def code(text: str) -> list[str]:
    """What stands in backticks or as the command of a block's line."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    commands = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return commands + re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def test_the_tools_lock_holds_every_tool() -> None:
    tools = PROJECT_ROOT / "tools"
    wanted = {line for line in (tools / "requirements.in").read_text().splitlines() if not line.startswith("#")}
    lock = (tools / "requirements.lock").read_text()
    packages = re.split(r"\n(?=\S)", lock.strip())
    assert wanted <= {package.partition("==")[0] for package in packages}
    assert all("--hash=sha256:" in package for package in packages) and "://" not in lock
    npm = json.loads((tools / "package.json").read_text())
    packages = json.loads((tools / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["dependencies"] == npm["dependencies"]
    assert all(
        package["integrity"].startswith("sha512-") and "resolved" not in package for package in packages.values()
    )


def tracked(*patterns: str) -> list[Path]:
    """The files that match, without what is built or installed."""
    built = {".venv", "_build", "target", "data", "node_modules", ".terraform"}
    found = (file for pattern in patterns for file in PROJECT_ROOT.glob(pattern))
    return sorted(file for file in found if not built & set(file.relative_to(PROJECT_ROOT).parts))


def passwords(text: str) -> list[str]:
    """What a file gives a password: `PASSWORD=value`, `password: value`, a default in compose or Terraform."""
    given = re.findall(r"password[\"']?[ \t]*[:=][ \t]*[\"']?([^\s\"'#,)}:][^\s\"'#,)}]*)", text, re.IGNORECASE)
    given += re.findall(r"\$\{\w*PASSWORD:?[-=]([^}]*)\}", text)
    given += re.findall(r'variable\s+"\w*password\w*"\s*{[^}]*?default\s*=\s*(?!null)(\S+)', text, re.DOTALL)
    # the value comes from elsewhere: a variable, a reference, a keyword that says no
    return [value for value in given if not re.match(r"[$<{]|var\.|module\.|aws_|random_|null|true|false|\|$", value)]


CONFIGURATION = tracked(
    *(".env.sample", "Dockerfile", "*.yml", "*.yaml", ".github/**/*.yml", "dbt/*.yml", "terraform/**/*.tf"),
    *("terraform/**/*.tfvars*", ".devcontainer/*", ".binder/*", "README.md", "CONTRIBUTING.md"),
)


def test_configuration_is_found() -> None:
    names = {file.name for file in CONFIGURATION}
    assert {".env.sample", "Dockerfile", "compose.yaml", "profiles.yml", "test.yml", "README.md"} <= names


@pytest.mark.parametrize(
    "file", [f for f in CONFIGURATION if f.is_file()], ids=lambda f: str(f.relative_to(PROJECT_ROOT))
)
def test_no_password_has_a_default(file: Path) -> None:
    assert not passwords(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "POSTGRES_PASSWORD=postgres",
        "  POSTGRES_PASSWORD: secret",
        "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:-postgres}",
        'variable "db_password" {\n  type = string\n  default = "changeme"\n}',
        'password = "hunter2"',
    ],
)
def test_a_default_password_would_be_found(text: str) -> None:
    assert passwords(text)


@pytest.mark.parametrize(
    "text",
    [
        "POSTGRES_PASSWORD=\nPOSTGRES_DB=",
        "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set it in .env}",
        "password: \"{{ env_var('POSTGRES_PASSWORD') }}\"",
        "manage_master_user_password = true",
        'variable "db_password" {\n  default = null\n}',
    ],
)
def test_a_password_from_elsewhere_is_no_default(text: str) -> None:
    assert not passwords(text)
