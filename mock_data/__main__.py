"""``python -m mock_data``."""

import sys
from importlib.abc import MetaPathFinder


class _WithoutPandas(MetaPathFinder):
    """Says that there is no pandas, which nothing here uses.

    pyarrow imports it for the first array it makes, if only to see that the values are none of pandas': that would cost
    this process, and each worker, 0.4 seconds and 40 MB.
    """

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("not needed", name=fullname)


sys.meta_path.insert(0, _WithoutPandas())

from .cli import main  # noqa: E402

if __name__ == "__main__":
    main()
