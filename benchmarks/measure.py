"""Running a command and accounting for it: wall clock, CPU of all its processes, their memory. Nothing here is a test.

What is measured goes to `benchmarks/results.json`, one section a question; the book draws its tables from that file.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import typer

from warehouse.connect import check_postgres
from warehouse.errors import UserError, run_command
from warehouse.local_postgres import serving
from warehouse.scratch import scratch_database
from warehouse.settings import Settings, load_settings

RESULTS = Path(__file__).with_name("results.json")
# what of ours decides how fast it is
PACKAGES = ("numpy", "pyarrow", "duckdb", "adbc-driver-postgresql", "faker")

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

SAMPLE_EVERY = 0.02  # seconds between two looks at a command's memory


@dataclass(frozen=True)
class Run:
    """One run of a command.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of CPU of it and all its children, user and system.
        process: MB at the peak of its largest process.
        tree: MB at the peak of all its processes together; pages that they share count in each.
        said: what it printed.
    """

    wall: float
    cpu: float
    process: float
    tree: float
    said: str


def timed(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Run:
    """Run `command` in `folder`, with `environment` on top of this process's own.

    Raises:
        UserError: it failed; what it printed went to standard error.
    """
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **(environment or {})}, stdout=output, stderr=subprocess.STDOUT
        )
        peaks = _Peaks(process.pid)
        peaks.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)  # its children's CPU included, as far as it waited for them
        except BaseException:
            process.terminate()
            raise
        wall = time.perf_counter() - begin
        peaks.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode:
        print(said[-3000:], file=sys.stderr)
        raise UserError(f"{' '.join(command)} failed with status {process.returncode}, see above")
    # without /proc: only the largest process is known, in bytes on macOS
    largest = peaks.process or usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Run(wall, usage.ru_utime + usage.ru_stime, largest / 1024, (peaks.tree or largest) / 1024, said)


class _Peaks(threading.Thread):
    """Watches the memory of a process and its descendants, in kB.

    The kernel's own peak for a finished child (ru_maxrss) begins at the size of the process that started it, so the
    peak of each process is read while it runs.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.process = self.tree = 0
        self._done = threading.Event()

    def run(self) -> None:
        while True:
            sizes = [_memory(pid) for pid in _family(self.pid)]
            self.process = max(self.process, *(peak for peak, _ in sizes), 0)
            self.tree = max(self.tree, sum(now for _, now in sizes), self.process)
            if self._done.wait(SAMPLE_EVERY):
                return

    def stop(self) -> None:
        self._done.set()
        self.join()


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants; what ends meanwhile is left out."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            pids = children.read_text().split()
        except OSError:
            continue
        for child in pids:
            yield from _family(int(child))


def _memory(pid: int) -> tuple[int, int]:
    """A process's peak and present resident size in kB; zeros if it has ended, or where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {line.partition(":")[0]: line.split()[1] for line in lines if line.startswith(("VmHWM", "VmRSS"))}
    return int(sizes.get("VmHWM", 0)), int(sizes.get("VmRSS", 0))


@contextmanager
def scratch_postgres() -> Iterator[Settings]:
    """Settings of a new database on the configured server, else on the project's own; dropped afterwards.

    Raises:
        UserError: the server cannot be reached, or lets the user make no database.
    """
    with serving(load_settings(target="postgres")) as server:
        check_postgres(server)
        with ExitStack() as stack:
            try:
                settings = stack.enter_context(scratch_database(server))
            except psycopg.Error as error:
                raise UserError(f"no scratch database can be made on Postgres: {error}") from None
            yield settings


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, smallest and largest, to four significant digits."""
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def machine() -> dict[str, Any]:
    """What the measurements were made on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    return {
        "cpu": cpu,
        "cores": CORES,
        "memory_gb": round(memory),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def keep(section: str, content: Mapping[str, Any], file: Path) -> None:
    """Replace one section of the results in `file` and leave the others as they are; raises as :func:`results_in`."""
    results = results_in(file)
    results[section] = {"machine": machine(), **content}
    file.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def results_in(file: Path) -> dict[str, Any]:
    """The sections of a file of results; none where there is no file.

    Raises:
        UserError: the file is there and holds no results.
    """
    if not os.path.lexists(file):
        return {}
    try:
        results = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    except ValueError:
        results = None
    if not isinstance(results, dict) or not all(isinstance(s, dict) and "machine" in s for s in results.values()):
        raise UserError(f"{file} holds no results of benchmarks: nothing was written; name another file")
    return results


def run_main(main: Callable[..., None]) -> NoReturn:
    """Make a command line of a function's parameters, do what it says, and end the process."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    run_command(app, standalone_mode=False)
