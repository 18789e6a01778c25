"""The code itself, before anything is made: style, validity, Terraform's own tests, known mistakes, agreement."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from terraform import tools
from terraform.localstack import LocalStack
from terraform.stack import BOOTSTRAP, STACK

from .conftest import terraform

CODE = sorted(path for path in STACK.rglob("*.tf") if ".terraform" not in path.parts)
SKIP = re.compile(r"#\s*checkov:skip=([A-Z0-9_]+)(?::(.*))?")


def test_formatted() -> None:
    done = terraform(STACK, Path("unused"), "fmt", "-check", "-recursive", "-diff", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("root", [BOOTSTRAP, STACK], ids=["bootstrap", "stack"])
def test_valid(root: Path, connected: dict[Path, Path], provider: None) -> None:
    done = terraform(root, connected[root], "validate", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout


def test_every_module_is_validated_with_the_stack() -> None:
    used = set(re.findall(r'source\s*=\s*"\./modules/(\w+)"', (STACK / "main.tf").read_text()))
    assert used == {path.name for path in (STACK / "modules").iterdir()}


def test_terraform_test(connected: dict[Path, Path], provider: None) -> None:
    done = terraform(STACK, connected[STACK], "test", "-no-color", "-test-directory=tests")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    runs = sum(len(re.findall(r"^run ", file.read_text(), re.M)) for file in (STACK / "tests").glob("*.tftest.hcl"))
    assert f"{runs} passed, 0 failed" in done.stdout


def checkov(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["-m", "checkov.main", "--directory", str(folder), "--framework", "terraform", "--compact", "--quiet"]
    return subprocess.run(
        [tools.environment("checkov"), *command, "--skip-path", "tests/", "--skip-download", "--output", "json"],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_no_known_mistake() -> None:
    done = checkov(STACK)
    found = json.loads(done.stdout)
    failed = [f"{check['check_id']} {check['resource']}: {check['check_name']}" for check in _failed(found)]
    assert (done.returncode, failed) == (0, [])
    assert found["summary"]["parsing_errors"] == 0 and found["summary"]["passed"] > 100


def test_a_known_mistake_is_found(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "open" {\n  name = "open"\n}\n')
    done = checkov(tmp_path)
    assert done.returncode != 0
    assert "CKV_AWS_27" in {check["check_id"] for check in _failed(json.loads(done.stdout))}


def _failed(found: dict[str, Any]) -> list[dict[str, Any]]:
    return found.get("results", {}).get("failed_checks", [])


def test_every_exception_has_its_reason() -> None:
    reasons = [(path.name, *match) for path in CODE for match in SKIP.findall(path.read_text())]
    assert reasons
    assert [reason for reason in reasons if len(reason[2].split()) < 5] == []


def test_every_wildcard_that_allows_has_its_reason() -> None:
    """A bare `*` as a resource or an action only where a comment beside it says why."""
    lines = [(path, number, line) for path in CODE for number, line in enumerate(path.read_text().splitlines())]
    bare = [
        (path.name, number + 1)
        for path, number, line in lines
        if re.search(r'(Resource|Action)\s*=\s*\[?"(\*|\w+:\*)"', line)
        and "#" not in line
        and not path.read_text().splitlines()[number - 1].lstrip().startswith("#")
    ]
    assert bare == []


@pytest.mark.parametrize("name", ["prefix", "region", "local_endpoint"])
def test_both_roots_take_the_same(name: str) -> None:
    def block(root: Path) -> str:
        found = re.search(rf'^variable "{name}" {{.*?^}}', (root / "variables.tf").read_text(), re.M | re.S)
        assert found
        return found[0]

    assert block(BOOTSTRAP) == block(STACK)


def test_every_file_says_why_it_exists() -> None:
    assert [path.name for path in CODE if not path.read_text().startswith("# ")] == []


def test_everything_is_described() -> None:
    for path in CODE:
        for kind, name, body in re.findall(r'^(variable|output) "(\w+)" {(.*?)^}', path.read_text(), re.M | re.S):
            assert re.search(r'description\s*=\s*".{10,}"', body), f"{kind} {name} in {path}"
            assert kind == "output" or re.search(r"type\s*=", body), f"{kind} {name} in {path}"


def test_one_provider_for_both_roots() -> None:
    locks = {(root / ".terraform.lock.hcl").read_text() for root in (BOOTSTRAP, STACK)}
    assert len(locks) == 1
    version = re.search(r'version\s*=\s*"([\d.]+)"', locks.pop())
    assert version
    assert all(
        f'version = "{version[1]}"' in file.read_text() for file in (BOOTSTRAP / "main.tf", STACK / "providers.tf")
    )


def test_the_container_is_the_same_localstack() -> None:
    compose = (tools.PROJECT_ROOT / "compose.yaml").read_text()
    version = re.search(r"^localstack-core==([\d.]+)", (tools.REQUIREMENTS / "localstack.txt").read_text(), re.M)
    assert version and f"image: localstack/localstack:{version[1]}" in compose


def test_the_image_opens_the_folder_that_the_task_mounts() -> None:
    variables = (STACK / "modules" / "pipeline" / "variables.tf").read_text()
    folder = re.search(r'variable "data_folder".*?default\s*=\s*"([^"]+)"', variables, re.S)
    assert folder and f"VOLUME {folder[1]}" in (tools.PROJECT_ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("/", "/index.html"),
        ("/dbt/", "/dbt/index.html"),
        ("/dbt", "301 to /dbt/"),
        ("/book/page.html", "/book/page.html"),
        ("/_static/a.b/x.js", "/_static/a.b/x.js"),
        ("/v1.2/notes", "301 to /v1.2/notes/"),
        # a browser takes these for the addresses of other hosts
        ("//evil%2Ecom", "301 to /evil%2Ecom/"),
        ("//134744072", "301 to /134744072/"),
        ("/\\evil%2ecom", "301 to /evil%2ecom/"),
    ],
)
def test_folders_lead_to_their_page(asked: str, answer: str) -> None:
    node = shutil.which("node")
    assert node, "node is missing: install Node.js to run what the CDN runs"
    code = (STACK / "modules" / "site" / "index.js").read_text()
    call = f"{code}; const r = handler({{ request: {{ uri: {json.dumps(asked)} }} }}); console.log(JSON.stringify(r))"
    done = subprocess.run([node, "-e", call], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert (said.get("uri") or f"{said['statusCode']} to {said['headers']['location']['value']}") == answer


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    import socket

    from warehouse.errors import UserError

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} is taken"):
            LocalStack(port, tmp_path).start()
