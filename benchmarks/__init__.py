"""How fast the project is, measured and kept in `results.json`: against other generators, over sizes, when loading."""

import warehouse  # noqa: F401  from here on Ctrl-C is one line
