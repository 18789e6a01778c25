"""Stand-ins for AWS that live as long as the tests, a small book, and a build folder that is no user's."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from typer.testing import CliRunner

from terraform import localstack, tools
from terraform.__main__ import app
from terraform.stack import BOOTSTRAP, STACK, explain
from warehouse.errors import UserError

Client = Callable[..., Any]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def client_of(endpoint: str, region: str = "eu-central-1") -> Client:
    """Makes AWS clients for a stand-in: `client("s3")`, or `client("s3", account="111111111111")` as somebody else."""

    def client(service: str, account: str = "local") -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="local",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    return client


def terraform(root: Path, data: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Terraform itself, as a user would by hand."""
    return subprocess.run(
        [tools.terraform(), f"-chdir={root}", *command],
        env={**tools.terraform_environment(), "TF_DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=400,
    )


def say(*arguments: str, answer: str = "") -> tuple[int, str, str]:
    """Call `python -m terraform …`; return the exit code, what it printed, and its errors."""
    done = CliRunner().invoke(app, list(arguments), input=answer)
    if isinstance(done.exception, UserError):
        return 1, done.stdout, f"{done.stderr}error: {' '.join(str(done.exception).split())}\n"
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="session")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Patches that last for the whole session."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="session", autouse=True)
def build(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Path:
    """What `_build/cloud` is for a user; no credentials, no account, no way to the machine's own role, no container."""
    folder = tmp_path_factory.mktemp("cloud")
    patch.setattr(tools, "BUILD", folder)
    # where there is an engine, its LocalStack is the user's
    patch.setattr(localstack, "has_engine", lambda: False)
    for name in list(os.environ):
        if name.startswith("AWS_"):
            patch.delenv(name)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_CONFIG_FILE", str(folder / "no-config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "no-credentials"))
    return folder


@pytest.fixture(scope="session")
def connected(tmp_path_factory: pytest.TempPathFactory, build: Path) -> dict[Path, Path]:
    """Both roots with the locked provider and their modules, but no state."""
    folders = {}
    for root in (BOOTSTRAP, STACK):
        folders[root] = tmp_path_factory.mktemp(root.name)
        init = ("init", "-backend=false", "-lockfile=readonly", "-no-color")
        done = terraform(root, folders[root], *init)
        if done.returncode:
            done = terraform(root, folders[root], *init, **tools.mirror(done.stdout + done.stderr))
        assert done.returncode == 0, explain(done.stdout + done.stderr, "test") + done.stderr
    return folders


@pytest.fixture(scope="session")
def provider(
    connected: dict[Path, Path], tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch
) -> Iterator[None]:
    """One provider for all commands: each would start four of its own, which is most of what a command costs.

    It sees the environment of its start, not of a command.
    """
    (program,) = (connected[STACK] / "providers").glob("*/*/*/*/*/terraform-provider-aws*")
    folder = tmp_path_factory.mktemp("provider")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-debug"], stdout=log, stderr=log, start_new_session=True)
    (folder / "pid").write_text(str(process.pid))
    try:
        until = time.monotonic() + 60
        while not (said := re.search(r"TF_REATTACH_PROVIDERS='(.+)'", (folder / "log").read_text())):
            assert process.poll() is None and time.monotonic() < until, f"no provider, see {folder / 'log'}"
            time.sleep(0.1)
        patch.setenv("TF_REATTACH_PROVIDERS", said[1])
        yield
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of three pages."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "dbt").mkdir()
    (folder / "_static").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>The book</title><h1>The book</h1>")
    (folder / "dbt" / "index.html").write_text("<!doctype html><title>The models</title>")
    (folder / "_static" / "page.mjs").write_text("export const page = 1;")
    return folder


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a stand-in that has every service of the full profile."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("moto")
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "terraform.tests.moto_server", "--host", "127.0.0.1", "--port", str(port)],
        cwd=tools.PROJECT_ROOT,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    (folder / "pid").write_text(str(process.pid))
    try:
        until = time.monotonic() + 60
        while True:
            with suppress(OSError), urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=2):
                break
            assert process.poll() is None and time.monotonic() < until, f"moto does not answer, see {log.name}"
            time.sleep(0.2)
        yield endpoint
    finally:
        process.terminate()
        process.wait(10)
