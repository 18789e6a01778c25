"""Starts and stops LocalStack: a container where an engine answers, else its Python package."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import UserError

from . import tools

# where `start` keeps its files under `_build/cloud`, and what in there tells what it started
FOLDER, PID, CONTAINER = "localstack", "pid", "container"
START_SECONDS = 120
STOP_SECONDS = 20
MODULE = "localstack.runtime.main"
COMPOSE = ("docker", "compose", "--profile", "localstack")


@dataclass(frozen=True)
class LocalStack:
    """One LocalStack on this machine.

    Attributes:
        port: where it listens, on loopback only.
        folder: its files, its log, and the id of its process or a note that it is a container.
    """

    port: int
    folder: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "localstack.log"

    @property
    def record(self) -> Path:
        return self.folder / PID

    def start(self, container: bool = True) -> None:
        """Start it and wait until it answers; nothing happens where it does already.

        Args:
            container: whether a container may be used where an engine answers.

        Raises:
            UserError: the port is taken, Python 3.13 is missing, or it does not come up.
        """
        if self.answers():
            return
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise UserError(
                    f"port {self.port} is taken by something that is not LocalStack: stop it, or set LOCALSTACK_PORT"
                )
        self.folder.mkdir(parents=True, exist_ok=True)
        process = None
        if container and has_engine():
            done = subprocess.run(
                [*COMPOSE, "up", "--detach", "localstack"],
                cwd=tools.PROJECT_ROOT, env={**os.environ, "LOCALSTACK_PORT": str(self.port)},
                capture_output=True, text=True,
            )  # fmt: skip
            if done.returncode:
                self.log.write_text(done.stderr)
                raise UserError(f"docker compose could not start LocalStack, see {self.log}")
            (self.folder / CONTAINER).touch()
        else:
            process = self._start_package()
        self._wait(process)

    def stop(self) -> None:
        """Stop what `start` started; nothing happens where nothing runs.

        Raises:
            UserError: one runs that was not started from here.
        """
        tidy(self.folder)
        if self.answers():
            raise UserError(
                f"LocalStack still answers at port {self.port}, and was not started from here: stop it by hand"
            )
        shutil.rmtree(self.folder, ignore_errors=True)

    def answers(self) -> bool:
        """Whether LocalStack, and not just anything, answers at the port."""
        address = f"{self.endpoint}/_localstack/health"
        with suppress(OSError, ValueError), urllib.request.urlopen(address, timeout=2) as answer:
            return "services" in json.load(answer)
        return False

    def _start_package(self) -> subprocess.Popen[bytes]:
        try:
            python = tools.environment("localstack")
        except tools.NoPython as error:
            raise UserError(f"{error}, or start a container engine such as Docker") from None
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "FILESYSTEM_ROOT": str(self.folder / "files"),
            # nothing is fetched and nothing is reported
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
        }
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [python, "-m", MODULE], env=environment, stdout=log, stderr=log, start_new_session=True, cwd=self.folder
            )
        self.record.write_text(str(process.pid))
        return process

    def _wait(self, process: subprocess.Popen[bytes] | None) -> None:
        until = time.monotonic() + START_SECONDS
        while not self.answers():
            if process is not None and process.poll() is not None:
                raise UserError(f"LocalStack ended while it started, see {self.log}")
            if time.monotonic() > until:
                if process is not None:
                    _end(process.pid)
                raise UserError(f"LocalStack did not answer within {START_SECONDS} s, see {self.log}")
            time.sleep(0.3)


def has_engine() -> bool:
    """Whether a container engine answers; a client alone is no engine."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


def tidy(folder: Path | None = None) -> None:
    """End the process or the container that `start` has recorded in that folder (that of `deploy local`); no other."""
    folder = folder or tools.BUILD / FOLDER
    end(folder / PID, MODULE)
    if (folder / CONTAINER).exists():
        with suppress(FileNotFoundError):
            remove = [*COMPOSE, "rm", "--stop", "--force", "localstack"]
            if subprocess.run(remove, cwd=tools.PROJECT_ROOT, capture_output=True).returncode == 0:
                (folder / CONTAINER).unlink()  # the next one may be somebody else's


def end(record: Path, module: str) -> bool:
    """End the process that a file tells of, if it still runs that module: numbers of dead ones are given to others."""
    with suppress(FileNotFoundError, ValueError):
        pid = int(record.read_text())
        shown = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True).stdout
        if module in shown:
            _end(pid)
            return True
    return False


def _end(pid: int) -> None:
    """Ask the process and its children to end, and end them where they do not."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            try:
                os.killpg(pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
