"""What a machine has or has not: an engine that runs LocalStack in a container, a Python, a copy of the provider."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from containers import compose
from terraform import __main__ as commands
from terraform import localstack, stack, tools
from terraform.localstack import LocalStack, tidy
from warehouse.errors import UserError

from .conftest import free_port, say


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """An engine that keeps what it is told; LocalStack answers once it was told to start it, until it has to end it."""
    told: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        told.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(localstack, "has_engine", lambda: True)
    monkeypatch.setattr(LocalStack, "answers", lambda _: bool(told) and "rm" not in told[-1])
    return told


def test_only_the_container_that_was_started_is_removed(docker: list[list[str]], tmp_path: Path) -> None:
    """`down` would take the user's other services with it."""
    local = LocalStack(free_port(), tmp_path)
    local.start()
    tidy(tmp_path)
    local.stop()
    compose = ["docker", "compose", "--profile", "localstack"]
    assert docker == [[*compose, "up", "--detach", "localstack"], [*compose, "rm", "--stop", "--force", "localstack"]]
    assert not tmp_path.exists()


def test_a_container_of_somebody_else_is_left_alone(docker: list[list[str]], tmp_path: Path) -> None:
    docker.append(["docker", "compose", "up", "localstack"])
    local = LocalStack(free_port(), tmp_path)
    local.start()
    tidy(tmp_path)
    with pytest.raises(UserError, match=f"still answers at port {local.port}, and was not started from here"):
        local.stop()
    assert len(docker) == 1


def test_only_the_process_that_was_started_is_ended(tmp_path: Path) -> None:
    def process(name: str) -> subprocess.Popen[bytes]:
        (tmp_path / name).mkdir()
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", name], start_new_session=True)
        (tmp_path / name / "pid").write_text(str(process.pid))
        tidy(tmp_path / name)
        return process

    # a number may have been given to another process since
    ours, other = process(localstack.MODULE), process("something-else")
    try:
        assert (ours.poll() is not None, other.poll()) == (True, None)
    finally:
        other.kill()
        other.wait(10)


def test_a_missing_python_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An engine helps who deploys. The tests need the Python itself: their LocalStack is never a container."""
    monkeypatch.setitem(tools.PYTHONS, "localstack", "3.99")
    monkeypatch.setattr(tools, "PROJECT_ROOT", tmp_path)
    line = "LocalStack needs Python 3.99, and there is none: install it"
    with pytest.raises(UserError, match=f"^{line}, or start a container engine such as Docker$"):
        LocalStack(free_port(), tmp_path).start()
    for name in ("checkov", "infra"):
        (tmp_path / "_build" / name).mkdir(parents=True)
        (tmp_path / "_build" / name / "installed").write_bytes((tools.REQUIREMENTS / f"{name}.txt").read_bytes())
    assert say("test") == (1, "", f"error: {line}\n")


def test_an_environment_without_a_file_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(commands, "ENVIRONMENTS", tmp_path)
    (tmp_path / "aws.tfvars.sample").touch()
    line = "error: there is no terraform/environments/{}.tfvars: {}\n"
    told = line.format("aws", "copy aws.tfvars.sample to aws.tfvars and fill it in")
    assert say("deploy", "aws") == (1, "", told)
    assert say("deploy", "mars") == (1, "", line.format("mars", "see terraform/README.md"))


@pytest.mark.parametrize("command", ["deploy", "destroy", "unlock some-id", "adopt some.address some-name"])
def test_every_command_asks_before_it_makes_the_state_bucket(
    command: str, book: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []
    monkeypatch.setattr(commands, "ENVIRONMENTS", tmp_path)
    monkeypatch.setattr(stack, "new_state_bucket", lambda place: f"{place.name}-state")
    for function in ("prepare", "destroy", "unlock", "adopt"):
        monkeypatch.setattr(stack, function, lambda *_, name=function, **__: done.append(name))
    monkeypatch.setattr(stack, "plan", lambda _: stack.Changes(True, "Plan: everything.", tmp_path))
    (tmp_path / "elsewhere.tfvars").touch()
    name, *others = command.split()
    arguments = [name, "elsewhere", *others, *(["--book", str(book)] if name == "deploy" else [])]
    # `destroy` asks first whether it is meant
    status, printed, _ = say(*arguments, answer="y\nn\n" if name == "destroy" else "n\n")
    assert (status, done) == (1, [])
    assert (
        "The state of elsewhere is kept in the bucket elsewhere-state, of which this checkout knows nothing." in printed
    )
    # and then whether the plan is: a no to that comes after the bucket
    assert say(*arguments, answer="y\ny\n" if name == "destroy" else "y\nn\n")[0] == (1 if name == "deploy" else 0)
    assert done == ["prepare" if name == "deploy" else name]


def test_the_port_comes_from_the_shell_or_from_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LOCALSTACK_PORT", raising=False)
    monkeypatch.setattr(compose, "ENV_FILE", tmp_path / ".env")
    assert commands.localstack().port == 4566
    (tmp_path / ".env").write_text("LOCALSTACK_PORT=5000\n")
    assert commands.localstack().port == 5000
    monkeypatch.setenv("LOCALSTACK_PORT", "many")
    status, _, errors = say("destroy", "local")
    assert (status, errors) == (
        1,
        "error: LOCALSTACK_PORT is 'many': it must be a port, a whole number from 1 to 65535\n",
    )


# The provider --------------------------------------------------------------------------------------------------------

OUT_OF_REACH = "Error: Failed to query available provider packages\n\nno such host"


def test_a_copy_of_the_provider_is_taken_where_none_can_be_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tools, "_copies", lambda: iter([tmp_path]))
    assert tools.mirror("Error: something else") == {}
    configuration = Path(tools.mirror(OUT_OF_REACH)["TF_CLI_CONFIG_FILE"])
    assert f'path = "{tmp_path}"' in configuration.read_text()
    monkeypatch.setattr(tools, "_copies", lambda: iter([]))
    assert tools.mirror(OUT_OF_REACH) == {}
    assert stack.explain(OUT_OF_REACH, "aws").startswith(
        f"the AWS provider {tools.provider_version()} cannot be had: reach the Terraform registry, or name a mirror"
    )


def test_a_copy_that_anybody_can_change_is_not_taken(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "opt" / "tf-plugins" / tools.PROVIDER).mkdir(parents=True)
    (root / "tmp" / "tf-plugins" / tools.PROVIDER).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    assert list(tools._copies(root)) == [root / "opt" / "tf-plugins"]


def test_a_configuration_that_is_not_there_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Terraform would warn of it in the middle of the JSON that it prints."""
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "none"))
    assert "TF_CLI_CONFIG_FILE" not in tools.terraform_environment()
    (tmp_path / "none").touch()
    assert tools.terraform_environment()["TF_CLI_CONFIG_FILE"] == str(tmp_path / "none")
