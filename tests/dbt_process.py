"""A process that has imported dbt and parsed the project once, and forks a child for each dbt command.

Importing dbt and parsing the project take far longer than most commands that tests run. A child is as good as a process
of its own: it has the environment, the connections and the output of its command alone. The project is parsed once for
each engine and each set of vars, since sources are read at parsing; what dbt remembers of it is kept for the next time.

Reads one request a line from standard input (arguments, environment, file for the output), and answers with one line
(exit status, status of each model and test that ran).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).resolve().parents[1] / "dbt"
# what costs time for every node and nobody reads: a log of every step
QUIET = ["--log-level-file", "none"]


def run(arguments: list[str], environment: dict[str, str], output: str, manifest: Any = None) -> Any:
    """Run a dbt command in this process, in `environment`, its output going to the file `output`; its own result."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
    try:
        result = dbtRunner(manifest=manifest).invoke([*arguments, *QUIET])
        if result.exception is not None:  # dbt's own command line prints what it cannot even begin with
            print(result.exception)
        return result
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def parse(environment: dict[str, str], chosen: list[str], output: str) -> Any:
    """The project's manifest on the engine that `environment` names; None where it cannot be parsed.

    Args:
        chosen: the arguments that set vars.
    """
    folder = parsed_folder(environment["TARGET"], *chosen)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["parse", "--no-write-json", "--target-path", str(folder), *chosen]
        return run(command, environment, output).result


def aim(manifest: Any, database: str) -> None:
    """Point the parsed project at another Postgres database than the one that it was parsed with."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        if node.relation_name:
            node.relation_name = node.relation_name.replace(f'"{node.database}"', f'"{database}"', 1)
        node.database = database
    manifest.build_flat_graph()


def parsed_folder(engine: str, *chosen: str) -> Path:
    """Where dbt keeps what it has parsed, for each engine and set of vars."""
    name = f"{engine}-{hashlib.sha256(repr(chosen).encode()).hexdigest()[:12]}" if chosen else engine
    return PROJECT.parent / "_build" / "tests" / "parsed" / name


def variables(arguments: list[str]) -> list[str]:
    """The part of a command's arguments that sets vars."""
    return ["--vars", arguments[arguments.index("--vars") + 1]] if "--vars" in arguments else []


def answer(result: Any) -> tuple[int, dict[str, str]]:
    """Exit status as dbt's own command line gives it, and name → status of the models and tests that ran."""
    status = 0 if result.success else 1 if result.exception is None else 2
    nodes = getattr(result.result, "results", None) or []
    return status, {entry.node.name: str(entry.status) for entry in nodes if hasattr(entry, "node")}


def main() -> None:
    """Serve requests until standard input ends."""
    os.chdir(PROJECT)
    answers = os.fdopen(os.dup(1), "w")
    manifests: dict[tuple[str, ...], Any] = {}
    for line in sys.stdin:
        arguments, environment, output = json.loads(line)
        project = environment["TARGET"], *variables(arguments)
        if project not in manifests:
            manifests[project] = parse(environment, variables(arguments), output)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            result: tuple[int, dict[str, str]] = (2, {})
            try:
                if environment["TARGET"] == "postgres" and manifests[project] is not None:
                    aim(manifests[project], environment["POSTGRES_DB"])
                result = answer(run(arguments, environment, output, manifests[project]))
            except BaseException:
                traceback.print_exc()
            finally:
                DuckDBConnectionManager.close_all_connections()  # what is still in the log goes into the file
                os.write(writing, json.dumps(result).encode())
                os._exit(0)
        os.close(writing)
        with open(reading) as pipe:
            answered = pipe.read()
        os.waitpid(child, 0)
        print(answered or json.dumps((-1, {})), file=answers, flush=True)


if __name__ == "__main__":
    main()
