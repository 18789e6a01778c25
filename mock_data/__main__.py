"""``python -m mock_data``."""

from .cli import main

if __name__ == "__main__":
    main()
