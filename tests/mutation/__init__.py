"""Breaks each KPI model on purpose and asks whether a dbt test turns red: `python -m tests.mutation`."""

import warehouse  # noqa: F401  from here on Ctrl-C is one line
