"""The one exception for mistakes that a user can mend: command lines print it as a single line, without a traceback."""

import sys

MOST_CHARACTERS = 1_500


class UserError(Exception):
    """A problem the user can solve. Its text is one line: what went wrong, where, and what to do about it."""


def report(error: UserError) -> int:
    """Print `error` on standard error as one line and return the exit status that goes with it (1)."""
    line = " ".join(str(error).split())
    if len(line) > MOST_CHARACTERS:  # what it quotes is too long to be read
        line = f"{line[: MOST_CHARACTERS // 2]} … {line[-MOST_CHARACTERS // 2 :]}"
    print("error: " + line, file=sys.stderr)
    return 1
