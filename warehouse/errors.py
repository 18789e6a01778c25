"""The one exception for mistakes that a user can mend: command lines print it as a single line, without a traceback."""

import sys


class UserError(Exception):
    """A problem the user can solve. Its text is one line: what went wrong, where, and what to do about it."""


def report(error: UserError) -> int:
    """Print `error` on standard error as one line and return the exit status that goes with it (1)."""
    print("error: " + " ".join(str(error).split()), file=sys.stderr)
    return 1
