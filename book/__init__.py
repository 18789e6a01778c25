"""The handbook's shell: how its pages look, how its chapters run, and how the site is built and checked."""

import warehouse  # noqa: F401  from here on Ctrl-C is one line
