"""The mock CRM: what its objects are, how customers behave, and where the rows go."""

import warehouse  # noqa: F401  from here on Ctrl-C is one line
