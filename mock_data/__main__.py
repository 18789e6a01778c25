"""``python -m mock_data``."""

from . import without_pandas  # noqa: F401  before anything that makes an Arrow array
from .cli import main

if __name__ == "__main__":
    main()
