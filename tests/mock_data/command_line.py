"""Runs `python -m mock_data` many times without starting Python anew: each run is a fork of a process that is ready."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from warehouse.settings import PROJECT_ROOT, Settings

LONGEST = 10.0  # seconds that a refusal may take


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit status (None where it was killed for taking too long), and what it printed."""

    status: int | None
    stdout: str
    stderr: str


class CommandLine(AbstractContextManager["CommandLine"]):
    """A process that has imported the simulator and runs commands in forks of itself, one after the other."""

    def __enter__(self) -> CommandLine:
        names = {name.upper() for name in Settings.model_fields}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.mock_data.command_line"],
            cwd=PROJECT_ROOT,
            env={name: value for name, value in os.environ.items() if name not in names},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        largest_file: int | None = None,
    ) -> Ran:
        """Run `python -m mock_data` with these arguments in a folder, with more variables in its environment.

        Args:
            largest_file: bytes that a file may grow to: the system refuses more, as it does on a full disk.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment or {})}
        asked["largest_file"] = largest_file
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return Ran(**json.loads(self.process.stdout.readline()))


def _fork(asked: dict[str, Any]) -> Ran:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            _become(asked, out.fileno(), err.fileno())
        status, patience = None, time.monotonic() + LONGEST
        while status is None and time.monotonic() < patience:
            ended, code = os.waitpid(child, os.WNOHANG)
            if ended:
                status = os.waitstatus_to_exitcode(code)
            else:
                time.sleep(0.002)
        if status is None:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return Ran(status, out.read().decode(errors="replace"), err.read().decode(errors="replace"))


def _become(asked: dict[str, Any], out: int, err: int) -> None:
    """Be the command, and never return."""
    from mock_data.cli import main

    status = 1
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(asked["folder"])
        os.environ.update(asked["environment"])
        if asked["largest_file"] is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest_file"], resource.RLIM_INFINITY))
        sys.argv = ["python -m mock_data", *asked["arguments"]]
        main()
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _serve() -> None:
    # whatever a command imports late; nothing here may start a thread, which a fork would cut off
    from mock_data import advance, cli, faults, generate, uplift, worlds  # noqa: F401
    from mock_data.sinks import duckdb, parquet, postgres  # noqa: F401
    from mock_data.transactions import land, parse, read  # noqa: F401

    for line in sys.stdin:
        ran = _fork(json.loads(line))
        print(json.dumps({"status": ran.status, "stdout": ran.stdout, "stderr": ran.stderr}), flush=True)


if __name__ == "__main__":
    _serve()
