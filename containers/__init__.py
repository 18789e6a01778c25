"""The project in containers: what the images hold besides the project, how compose is started, how both are tested."""

import warehouse  # noqa: F401  from here on Ctrl-C is one line
