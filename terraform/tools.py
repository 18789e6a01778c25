"""Finds or installs what the stack is worked with: Terraform, its provider, and Python environments under `_build/`."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from warehouse.errors import UserError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT_ROOT / "terraform"
BUILD = PROJECT_ROOT / "_build" / "cloud"
REQUIREMENTS = FOLDER / "requirements"
# the Python each environment needs; None takes the one that runs this
PYTHONS = {"infra": None, "checkov": None, "localstack": "3.13"}
PROVIDER = "registry.terraform.io/hashicorp/aws"
# what Terraform says where the provider cannot be had from the place that is configured
NOT_TO_BE_HAD = r"Failed to query available provider packages|Failed to install provider|no available releases match"


def terraform() -> str:
    """The path of Terraform.

    Raises:
        UserError: it is not installed.
    """
    found = shutil.which("terraform")
    if not found:
        raise UserError("terraform is not installed: install version 1.11 or newer and put it on the PATH")
    return found


def terraform_environment() -> dict[str, str]:
    """The environment for Terraform: no questions, no calls home; what the user configured says where providers are."""
    environment = {**os.environ, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    # the provider is large, and spends a third of its time on tidying its memory
    environment.setdefault("GOGC", "400")
    if not Path(environment.get("TF_CLI_CONFIG_FILE") or "/").is_file():
        # Terraform warns of a file that is not there, in the middle of what it prints
        environment.pop("TF_CLI_CONFIG_FILE", None)
    return environment


def provider_version() -> str:
    """The version of the AWS provider that is locked."""
    found = re.search(r'version\s*=\s*"([\d.]+)"', (FOLDER / ".terraform.lock.hcl").read_text())
    return found[1] if found else ""


def mirror(said: str) -> dict[str, str]:
    """What an `init` needs in its environment that could not get the provider, where this machine has a copy of it.

    Empty where it failed for another reason, or there is no copy.
    """
    folder = next(_copies(), None) if re.search(NOT_TO_BE_HAD, said) else None
    if folder is None:
        return {}
    BUILD.mkdir(parents=True, exist_ok=True)
    configuration = BUILD / "terraformrc"
    configuration.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}"\n  }}\n}}\n')
    return {"TF_CLI_CONFIG_FILE": str(configuration)}


def _copies(root: Path = Path("/")) -> Iterator[Path]:
    """Mirrors that an administrator has put on this machine; not in folders that everybody may write to."""
    for pattern in ("tf-plugins", "*/tf-plugins", "*/*/tf-plugins"):
        for folder in root.glob(pattern):
            path = [place for place in (folder, *folder.parents) if place.is_relative_to(root)]
            with suppress(OSError):
                if (folder / PROVIDER).is_dir() and not any(place.stat().st_mode & stat.S_IWOTH for place in path):
                    yield folder


# Python environments ---------------------------------------------------------------------------------------------


def environment(name: str) -> Path:
    """Install the locked packages of `requirements/<name>.txt` into `_build/<name>`; return that environment's Python.

    Nothing happens where it is installed already.

    Raises:
        NoPython: the Python it needs is missing.
        UserError: the registry cannot be reached.
    """
    folder = PROJECT_ROOT / "_build" / name
    python = folder / "bin" / "python"
    lock, stamp = REQUIREMENTS / f"{name}.txt", folder / "installed"
    wanted = lock.read_bytes()
    if stamp.exists() and stamp.read_bytes() == wanted:
        return python
    base = sys.executable if PYTHONS[name] is None else _python(PYTHONS[name] or "")
    print(f"installing {lock.relative_to(PROJECT_ROOT)} into _build/{name} …", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    log = PROJECT_ROOT / "_build" / "logs" / f"install-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:

        def done(*command: str) -> bool:
            return subprocess.run(command, stdout=output, stderr=output, env=_index()).returncode == 0

        hashed = ("--require-hashes", "-r", str(lock))
        # uv takes seconds where pip takes minutes; pip steps in where uv cannot reach the index
        if not (
            done(base, "-m", "venv", str(folder))
            and (
                done(_uv(), "pip", "install", "--quiet", "--python", str(python), *hashed)
                or done(str(python), "-m", "pip", "install", "--quiet", *hashed)
            )
        ):
            raise UserError(f"{lock.name} could not be installed, see {log.relative_to(PROJECT_ROOT)}")
    stamp.write_bytes(wanted)
    return python


def lock() -> None:
    """Choose the newest allowed version of every package anew, and write the locks."""
    for name, python in PYTHONS.items():
        # LocalStack cannot be resolved for the Pythons after its own
        platforms = ["--universal", "--python-version", "3.11"] if python is None else ["--python-version", python]
        subprocess.run(
            [
                _uv(), "pip", "compile", str(REQUIREMENTS / f"{name}.in"), "--quiet", "--upgrade", *platforms,
                "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate",
                "-o", str(REQUIREMENTS / f"{name}.txt"),
            ],
            check=True,
            env=_index(),
        )  # fmt: skip


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.exists() else "uv"


def _index() -> dict[str, str]:
    """The environment in which uv asks the registry that pip is set up for."""
    configured = (
        os.environ.get("PIP_INDEX_URL")
        or subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
        ).stdout.strip()
    )
    return {**({"UV_DEFAULT_INDEX": configured} if configured else {}), **os.environ}


class NoPython(UserError):
    """The Python that an environment needs is missing."""


def _python(version: str) -> str:
    """A Python of that version, wherever the usual tools put one."""
    candidates = [shutil.which(f"python{version}") or ""]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += [str(folder / "bin" / "python") for folder in sorted(versions.glob(f"{version}.*"))]
    with suppress(FileNotFoundError):
        find = [_uv(), "python", "find", "--no-python-downloads", "--no-project", version]
        candidates.append(subprocess.run(find, capture_output=True, text=True).stdout.strip())
    for candidate in candidates:
        # a name on the PATH may be a stub that only says it is not there
        works = [candidate, "-m", "ensurepip", "--version"]
        if candidate and subprocess.run(works, capture_output=True).returncode == 0:
            return candidate
    raise NoPython(f"LocalStack needs Python {version}, and there is none: install it")
