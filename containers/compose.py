"""Starts and stops the services of compose.yaml: ``python -m containers.compose jupyter``.

Docker says in many words, and late, that there is no engine, no password or no free port. This says it first, in one
line each, and then leaves everything else to ``docker compose``.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from warehouse.errors import UserError, run_command
from warehouse.settings import ENV_FILE, PROJECT_ROOT, read_env_file

HOST = "127.0.0.1"
# set by the caller's shell or by .env, with these defaults: those of compose.yaml
PORTS = {"JUPYTER_PORT": 8888, "BOOK_PORT": 8000, "POSTGRES_PORT": 5432, "LOCALSTACK_PORT": 4566}
SECONDS = 20


@dataclass(frozen=True)
class Service:
    """What to tell docker compose, and what has to be there before.

    Attributes:
        arguments: of ``docker compose``.
        port: the setting that names its port on this machine.
    """

    arguments: tuple[str, ...]
    port: str | None = None


POSTGRES = ("-f", "compose.yaml", "-f", "compose.postgres.yaml")
SERVICES = {
    "pipeline": Service(("up", "--build", "--abort-on-container-exit", "pipeline")),
    "pipeline-postgres": Service(
        (*POSTGRES, "up", "--build", "--abort-on-container-exit", "pipeline"), "POSTGRES_PORT"
    ),
    "postgres": Service((*POSTGRES, "up", "--detach", "--wait", "postgres"), "POSTGRES_PORT"),
    "jupyter": Service(("--profile", "jupyter", "up", "--build"), "JUPYTER_PORT"),
    "book": Service(("--profile", "book", "up", "--build", "book"), "BOOK_PORT"),
    "localstack": Service(("--profile", "localstack", "up", "--detach", "--wait", "localstack"), "LOCALSTACK_PORT"),
}
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def settings() -> dict[str, str]:
    """What compose sees: the shell's variables over those of `.env`, without the empty ones."""
    file = {name: value for name, value in read_env_file(ENV_FILE).items() if value}
    return file | {name: value for name, value in os.environ.items() if value}


def check_engine() -> None:
    """Raise `UserError` unless a Docker engine answers and knows compose."""
    for command, missing in (
        (["docker", "info"], "no Docker engine answers: start Docker, or use `make demo`, which needs none"),
        (["docker", "compose", "version"], "this Docker has no compose: install its compose plugin"),
    ):
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            raise UserError(missing) from None
        if done.returncode:
            raise UserError(missing)


def port(setting: str, values: Mapping[str, str]) -> int:
    """The port that `setting` names, or its default.

    Raises:
        UserError: it is no port.
    """
    text = values.get(setting, str(PORTS[setting]))
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise UserError(f"{setting} is {text!r}: it must be a port, a whole number from 1 to 65535")
    return int(text)


def check_port(setting: str, values: Mapping[str, str]) -> None:
    """Raise `UserError` where the port that `setting` names is no port, or is taken on this machine."""
    number = port(setting, values)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError:
            raise UserError(f"port {number} of {HOST} is taken: set {setting} to a free port") from None


def check_password(values: Mapping[str, str]) -> None:
    """Raise `UserError` where Postgres would have no password."""
    if "POSTGRES_PASSWORD" not in values:
        raise UserError("POSTGRES_PASSWORD is not set: set it in .env, or let `make postgres-password` do so")


def up(name: str) -> int:
    """Start a service; returns docker's exit status.

    Raises:
        UserError: there is no engine, no password or no free port. Nothing has been started.
    """
    service, values = SERVICES[name], settings()
    check_engine()
    if "compose.postgres.yaml" in service.arguments:
        check_password(values)
    if service.port and not _runs(name):
        check_port(service.port, values)
    return _compose(*service.arguments)


def down() -> int:
    """Stop and remove every container of the project; its volumes stay. Returns docker's exit status."""
    check_engine()
    # the password is asked for and not used
    os.environ.setdefault("POSTGRES_PASSWORD", "none")
    return _compose(*POSTGRES, "--profile", "*", "down")


def set_password() -> str:
    """Give `.env` a password for Postgres unless one is set; returns what was done."""
    if "POSTGRES_PASSWORD" in settings():
        return "POSTGRES_PASSWORD is set already"
    old = ENV_FILE.read_text(encoding="utf-8") if ENV_FILE.exists() else ""
    kept = [line for line in old.splitlines() if line.strip() != "POSTGRES_PASSWORD="]
    new = ENV_FILE.with_name(".env.new")  # takes the old one's place when it is whole, and is never open to others
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join([*kept, f"POSTGRES_PASSWORD={secrets.token_urlsafe(24)}"]) + "\n")
    new.replace(ENV_FILE)
    return "a new POSTGRES_PASSWORD is in .env, which git ignores"


def _runs(name: str) -> bool:
    """Whether the container that holds the port is ours and running."""
    container = {"pipeline-postgres": "postgres"}.get(name, name)
    arguments = SERVICES[name].arguments
    known_from = arguments[: arguments.index("up")]  # the files and the profile that declare it
    done = subprocess.run(
        ["docker", "compose", *known_from, "ps", "--quiet", "--status", "running", container],
        cwd=PROJECT_ROOT, capture_output=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    return bool(done.stdout.strip())


def _compose(*arguments: str) -> int:
    return subprocess.run(["docker", "compose", *arguments], cwd=PROJECT_ROOT, check=False).returncode


@app.command()
def main(what: Annotated[str, typer.Argument(help=f"{', '.join(SERVICES)}, down or password")]) -> None:
    """Start one of the services, or stop them all (down), or make a password for Postgres (password)."""
    if what == "password":
        print(set_password())
        return
    if what not in {*SERVICES, "down"}:
        raise UserError(f"there is no service {what}: choose one of {', '.join(SERVICES)}, or down")
    raise typer.Exit(down() if what == "down" else up(what))


if __name__ == "__main__":
    run_command(app, standalone_mode=False)
