"""Several processes for tasks that do not know of each other: Ctrl-C, an error or a death in one stops them all."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TypeAlias

from warehouse.errors import uninterrupted

# works on the task that has this number, and tells every step before taking it
Task: TypeAlias = Callable[[int], Iterator[int]]
# imported once, by the process that all workers are forked from
_PRELOAD = ["mock_data.without_pandas", "mock_data.simulation", "faker"]


class WorkerDied(Exception):
    """A worker process ended before its task did.

    Attributes:
        number: of the task.
        step: the one that it was at; None before the first.
        how: "signal 9", which is what a system short of memory sends, or "exit code 1".
    """

    def __init__(self, number: int, step: int | None, exit_code: int) -> None:
        super().__init__(number, step, exit_code)
        self.number = number
        self.step = step
        self.how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"


@dataclass
class _Worker:
    """A process, our end of the pipe to it, the task that it has, and the step that it is at."""

    process: BaseProcess
    pipe: Connection
    number: int = 0
    step: int | None = None

    def give(self, number: int) -> None:
        """Hand it a task."""
        self.number = number
        self.pipe.send(number)


def in_turn(task: Task, numbers: Sequence[int], workers: int) -> Iterator[int]:
    """Do `task` for each of `numbers`, by `workers` processes, and yield every step as it is finished.

    Args:
        task: a function, or :func:`functools.partial` of one, that a new process can import.
        workers: 1 works in this process.

    Raises:
        WorkerDied: a process ended; the others were stopped.
        Exception: whatever a task raised, with the worker's traceback as a note.
    """
    if workers == 1 or len(numbers) < 2:
        for number in numbers:
            yield from _finished(task(number))
        return
    # not "fork": this process has threads, of the progress bar and of a database, which a fork would cut off
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    resource_tracker.ensure_running()  # the only one of the processes that deals with signals itself
    waiting = list(reversed(numbers))
    crew: list[_Worker] = []
    try:
        for _ in range(min(workers, len(numbers))):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(task, theirs), daemon=True)
            # an interruption between its start and its place in the crew would leave a process that nobody ends
            with uninterrupted(), _without_interrupts():
                process.start()
                theirs.close()
                crew.append(_Worker(process, ours))
            crew[-1].give(waiting.pop())
        busy = {worker.pipe: worker for worker in crew}
        while busy:
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]
                told = _receive(worker)
                if worker.step is not None:
                    yield worker.step
                worker.step = told
                if told is not None:
                    continue
                if waiting:
                    worker.give(waiting.pop())
                else:
                    del busy[worker.pipe]
    finally:
        for worker in crew:
            worker.process.terminate()
        for worker in crew:
            worker.process.join()
        # nothing outlives the run, and what it cost is known to whoever waits for this process
        forkserver._forkserver._stop()  # type: ignore[attr-defined]


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back, here and in the processes started meanwhile: those never see it, and are stopped from here."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _finished(steps: Iterator[int]) -> Iterator[int]:
    """Steps, each told when the next one begins or all is done, instead of when it begins."""
    last = None
    for step in steps:
        if last is not None:
            yield last
        last = step
    if last is not None:
        yield last


def _receive(worker: _Worker) -> int | None:
    """The step that a worker begins, or None where its task is done."""
    try:
        told = worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        raise WorkerDied(worker.number, worker.step, worker.process.exitcode or 0) from None
    if isinstance(told, BaseException):
        raise told
    return told


def _work(task: Task, pipe: Connection) -> None:
    """What a worker process does, until it is stopped or its parent is gone."""
    with suppress(EOFError, BrokenPipeError):
        while True:
            number = pipe.recv()
            try:
                for step in task(number):
                    pipe.send(step)
            except BrokenPipeError:
                raise
            except Exception as error:
                import traceback

                error.add_note(traceback.format_exc())
                pipe.send(error)
                return
            pipe.send(None)
