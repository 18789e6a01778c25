"""Breaks each KPI model on purpose and asks whether a dbt test turns red: `python -m tests.mutation`."""
