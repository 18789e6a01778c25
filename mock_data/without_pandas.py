"""Importing this first keeps pandas out of the process, which the generator does not use.

pyarrow imports pandas for the first array it makes, if only to see that the values are none of pandas': that would cost
0.4 seconds and 40 MB.
"""

import sys
from importlib.abc import MetaPathFinder


class _WithoutPandas(MetaPathFinder):
    """Says that there is no pandas."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("not needed", name=fullname)


sys.meta_path.insert(0, _WithoutPandas())
