"""Opens the chapters in JupyterLab: starts a server on this machine, says its address, and ends it with Ctrl-C.

The server's folder is the repository, so that links from a chapter to the book's pages and to other chapters work.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_server.serverapp import list_running_servers

from warehouse.errors import UserError, run_command
from warehouse.settings import PROJECT_ROOT

from .paths import BUILD, NOTEBOOKS

LOG = BUILD / "logs" / "lab.log"
START_SECONDS = 120
STOP_SECONDS = 10
OPTIONS = (
    "--ServerApp.ip=127.0.0.1",
    # the token is the protection, and in a container root is the usual user
    "--ServerApp.allow_root=True",
    # asks no other host whether there is anything new
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
)


@dataclass(frozen=True)
class Lab:
    """A running server: its address, which ends in a slash, the token that it asks for ("" for none), its process."""

    address: str
    token: str
    process: subprocess.Popen[bytes]


@contextmanager
def serving(
    folder: Path, log: Path, options: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Lab]:
    """JupyterLab on `folder` until the block ends.

    Args:
        folder: what the reader can open.
        log: file for what the server prints.
        options: further options of `jupyter lab`.
        environment: of the server and its kernels; this process's own where it is not given.

    Raises:
        UserError: the server does not start.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *OPTIONS, *options]
    environment = {**os.environ} if environment is None else environment
    with log.open("w") as output:
        # a session of its own: Ctrl-C is for this process, which then ends the server
        server = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield _started(server, log, environment.get("JUPYTER_RUNTIME_DIR"))
    finally:
        server.terminate()  # it ends its kernels first
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _started(server: subprocess.Popen[bytes], log: Path, runtime_folder: str | None) -> Lab:
    """Wait until the server says where it is."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        for found in list_running_servers(runtime_folder):
            if found["pid"] == server.pid and _listens(found["hostname"], found["port"]):
                return Lab(found["url"], found["token"], server)
        time.sleep(0.1)
    said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    raise UserError(f"JupyterLab does not start ({said[-1] if said else 'it says nothing'}): all of it is in {log}")


def _listens(host: str, port: int) -> bool:
    """Whether the server listens already: it says where before it does."""
    try:
        with socket.create_connection((host, port), timeout=5):
            return True
    except OSError:
        return False


def open_chapters(options: tuple[str, ...]) -> None:
    """Serve the chapters and say where, until Ctrl-C, or until the server is shut down from its own menu."""
    first = min(NOTEBOOKS.glob("*.ipynb")).relative_to(PROJECT_ROOT).as_posix()
    with serving(PROJECT_ROOT, LOG, (f"--LabApp.default_url=/lab/tree/{first}", *options)) as lab:
        where = f"{lab.address}lab/tree/{first}" + (f"?token={lab.token}" if lab.token else "")
        print(f"The chapters are open in JupyterLab, until Ctrl-C:\n\n    {where}\n", flush=True)
        ended = threading.Event()
        before = signal.signal(signal.SIGINT, lambda *_: ended.set())  # the usual way to end it, so no error
        while lab.process.poll() is None and not ended.wait(1):
            pass
        signal.signal(signal.SIGINT, before)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m book.lab",
        description=__doc__.splitlines()[0],
        epilog="Any other option is Jupyter's own, as --no-browser or --ServerApp.port=9999.",
    )
    _, options = parser.parse_known_args(arguments)
    open_chapters(tuple(options))
    return 0


if __name__ == "__main__":
    run_command(main)
