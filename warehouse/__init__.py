"""The warehouse and how to reach it: settings, errors, connections and a Postgres of the project's own."""

from .errors import exit_on_signals_while_importing

exit_on_signals_while_importing()
