"""What checks the project itself: its workflows, packages and secrets. The tools have an environment of their own."""

from __future__ import annotations

import shutil

from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT

ENVIRONMENT = PROJECT_ROOT / "_build" / "tools"
FOLDERS = (ENVIRONMENT / "bin", ENVIRONMENT / "node_modules" / ".bin")


def program(name: str) -> str:
    """The path of a checking tool.

    Raises:
        UserError: it is not installed.
    """
    found = shutil.which(name, path=":".join(map(str, FOLDERS)))
    if found is None:
        raise UserError(f"{name} is missing in {ENVIRONMENT}: run `make tools`")
    return found
