"""How a command line ends: a mistake that a user can fix, or an interruption, is one line and an exit status.

Only standard-library imports here, and few: every command begins with this module.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "the terminal was closed"}

MOST_CHARACTERS = 1_500
_AGAIN_SECONDS = 0.05


class UserError(Exception):
    """A problem the user can solve. Its text is one line: what went wrong, where, and what to do about it."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback: IPython asks for this."""
        return [f"error: {self}"]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, SIGTERM or SIGHUP, raised wherever the command is. Its notes say what became of the work."""


def report(error: UserError) -> int:
    """Print `error` on standard error as one line and return the exit status that goes with it (1)."""
    return _print("error", str(error))


def note(text: str) -> None:
    """Print on standard error, as one line, what a user should know although the command succeeds."""
    _print("note", text)


def run_command(command: Callable[..., object], *arguments: Any, **options: Any) -> NoReturn:
    """Do all that a command line does, ``command(*arguments, **options)``, and end the process.

    The exit status is what `command` returns, None being 0; 1 for a `UserError`; 2 for options that are wrong; 128 + n
    where signal n ended it (130 for Ctrl-C). Of the last four, one line on standard error says why. A typer app is
    called with ``standalone_mode=False``.
    """
    received: list[tuple[int, Interrupted]] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        # kept as well as raised: typer makes a return value of it, DuckDB and dbt an error of their own
        received.append((number, Interrupted()))
        raise received[-1][1]

    def again(lost: Any) -> None:
        # raised where Python can only ignore it, as while it forgets an object: the signal would be lost
        if isinstance(lost.exc_value, Interrupted):
            # by another thread: here, too, it could only be ignored
            threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), received[-1][0])).start()
        else:
            before_lost(lost)

    before, before_lost = {number: signal.getsignal(number) for number in SIGNALS}, sys.unraisablehook
    _handle(interrupt)
    sys.unraisablehook = again
    notes: list[str] = []
    try:
        result = command(*arguments, **options)
        status = result if isinstance(result, int) else 0
    except SystemExit:
        if not received:
            raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not received:  # raised by hand, or before the handlers were ours
            received.append((signal.SIGINT, Interrupted()))
        if not received:
            status = _status(error)
        notes = getattr(error, "__notes__", [])
    sys.unraisablehook = before_lost
    for signal_number, handler in before.items():
        signal.signal(signal_number, handler)
    if received:
        number = received[0][0]
        notes = [*notes, *(text for _, raised in received for text in getattr(raised, "__notes__", []))]
        _print("error", ": ".join([_WORDS[signal.Signals(number)], *dict.fromkeys(notes)]))
        status = 128 + number
    sys.exit(status)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put signals off until the block ends: for what is to be done, and known to be done, in one go."""
    if threading.current_thread() is not threading.main_thread():  # which alone handles signals
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}
    _handle(lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for signal_number, handler in before.items():
            signal.signal(signal_number, handler)
        for number in came:
            signal.raise_signal(number)


def exit_on_signals_while_importing() -> None:
    """In a package that ``python -m`` is about to run: until `run_command`, a signal ends the process with one line.

    Elsewhere nothing happens. The imports of a command can take seconds, and have nothing to leave in order.
    """
    if sys.argv[:1] != ["-m"]:  # what Python puts there until it has found the module to run
        return

    def end(number: int, _frame: FrameType | None) -> None:
        _print("error", _WORDS[signal.Signals(number)])
        os._exit(128 + number)

    _handle(end)


def _handle(handler: Any) -> None:
    """Handle the signals that end a command, except those that it was started to ignore, as by nohup."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _status(error: BaseException) -> int:
    """Print an error that is the user's to fix and return the exit status; raise any other."""
    if isinstance(error, UserError):
        return report(error)
    if hasattr(error, "format_message"):  # typer's own: a wrong option, or none (the help was printed then)
        if error.format_message():
            _print("error", error.format_message())
        return 2
    if type(error).__name__ == "Abort":  # typer's own: a question answered with no, or not at all
        return _print("error", "not confirmed: nothing was done")
    raise error


def _print(kind: str, text: str) -> int:
    line = " ".join(text.split())
    if len(line) > MOST_CHARACTERS:  # what it quotes is too long to be read
        line = f"{line[: MOST_CHARACTERS // 2]} … {line[-MOST_CHARACTERS // 2 :]}"
    print(f"{kind}: {line}", file=sys.stderr, flush=True)
    return 1
