"""The warehouse and how to reach it: settings, errors, connections and a Postgres of the project's own."""
