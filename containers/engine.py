"""Builds and runs images without a Docker engine, with Debian's buildah and podman, in a storage of the project's own.

Nothing of this machine gets into an image: how it reaches the package registries (pip's configuration, certificates)
is mounted while an image is built, and was never part of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from typing import Any

from warehouse.errors import UserError
from warehouse.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "_build" / "containers"
PROGRAMS = {name: name for name in ("buildah", "podman", "runc", "mmdebstrap")}
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
BUILD_SECONDS = RUN_SECONDS = 900
# a container's processes are few, and so are their files
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


def install_programs() -> None:
    """Install what is missing, if root may.

    Raises:
        UserError: something is missing and cannot be installed here.
    """
    missing = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    if not missing:
        return
    advice = f"apt-get install {' '.join(missing)}"
    if os.geteuid() != 0:
        raise UserError(f"{', '.join(missing)} missing: as root, {advice}")
    if shutil.which("apt-get") is None:
        raise UserError(f"{', '.join(missing)} missing, and there is no apt-get to install them")
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
    for command in (["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", *missing]):
        if subprocess.run(["apt-get", *command], check=False, **quiet).returncode:  # type: ignore[call-overload]
            raise UserError(f"cannot install {', '.join(missing)}, see above: {advice}")


def storage() -> list[str]:
    """The options of buildah and podman that name the project's own storage."""
    return ["--root", str(FOLDER / "storage"), "--runroot", str(FOLDER / "run")]


def tidy() -> None:
    """End the containers that still run, and take down the mounts that buildah and podman leave in the storage.

    A test run that was interrupted leaves the first; with the second the storage could not be deleted.
    """
    if shutil.which("podman"):
        podman("rm", "--all", "--force", "--time", "2")
    fields = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    points = [Path(field[1].encode().decode("unicode_escape")) for field in fields]
    for point in reversed([point for point in points if FOLDER in point.parents]):
        subprocess.run(["umount", str(point)], capture_output=True, check=False)


def buildah(*arguments: str, log: Path | None = None) -> str:
    """Run buildah; returns what it printed. What a build prints goes to `log` instead.

    Raises:
        UserError: it failed. The end of its output is printed.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["buildah", *storage(), *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=BUILD_SECONDS,
        check=False,
    )
    if log:
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).splitlines()[-40:]), file=sys.stderr)
        raise UserError(f"buildah {arguments[0]} failed, see above" + (f" and {log}" if log else ""))
    return done.stdout.strip()


def build(target: str, tag: str, base: str) -> None:
    """Build one target of the Dockerfile on the image `base`."""
    volumes = [f"--volume={here}:{there}:ro" for there, here in registry_access().items()]
    buildah(
        "build", "--isolation", "chroot", "--network", "host", "--format", "docker", "--pull-never", "--layers",
        "--build-arg", f"BASE_IMAGE={base}", "--target", target, "--tag", tag, *volumes, str(PROJECT_ROOT),
        log=FOLDER / f"{target}.log",
    )  # fmt: skip


@cache
def registry_access() -> dict[str, Path]:
    """Files that a build needs to reach the registries as this machine does: path in the image → path here."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    # what lies in this machine's own folders is not there during a build, and not needed
    options = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)
    options = {name.rpartition(".")[2]: value.strip("'") for name, value in options.items()}
    indexes = {
        name: " ".join(url for url in options.get(name, "").split() if not url.startswith(("file:", "/")))
        for name in ("index-url", "extra-index-url")
    }
    folder = FOLDER / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    pip = ConfigParser(interpolation=None)
    pip["global"] = {name: urls for name, urls in indexes.items() if urls} | {
        "cert": str(CERTIFICATES),
        "timeout": "180",
    }
    with (folder / "pip.conf").open("w") as file:
        pip.write(file)
    lines = ["system-certs = true"]
    if indexes["index-url"]:
        lines += ["[[index]]", f"url = {json.dumps(indexes['index-url'])}", "default = true"]
    (folder / "uv.toml").write_text("\n".join(lines) + "\n")
    access = {"/etc/pip.conf": folder / "pip.conf", "/etc/uv/uv.toml": folder / "uv.toml"}
    certificates = Path(os.environ.get("SSL_CERT_FILE", CERTIFICATES))
    if certificates.is_file():
        access[str(CERTIFICATES)] = certificates
    return access


def inspect(image: str) -> dict[str, Any]:
    """What an image says of itself: podman's description."""
    told: list[dict[str, Any]] = json.loads(podman("image", "inspect", image).stdout)
    return told[0]


def podman(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run podman; returns what it printed and its exit status, whatever that is."""
    return subprocess.run(
        podman_command(*arguments),
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=RUN_SECONDS,
        check=False,
    )


def podman_command(*arguments: str) -> list[str]:
    """The command line of podman with those arguments."""
    return ["podman", *storage(), "--runtime", "runc", "--cgroup-manager", "cgroupfs", *arguments]


def run_options(data: Path | None = None, network: str = "none") -> list[str]:
    """Options of `podman run` for every container here: read-only root, /tmp in memory, no network unless asked for.

    Args:
        data: a folder of this machine for the container's /app/data.
        network: ``none`` or ``host``.
    """
    mounts = [] if data is None else ["--volume", f"{data}:/app/data"]
    return ["--rm", "--read-only", "--network", network, "--no-healthcheck", "--cap-drop", "ALL", *LIMITS, *mounts]


def run(
    image: str, *command: str, options: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command (none: the image's own) in a new container with :func:`run_options` or those given.

    Args:
        environment: variables for the container. They are handed on by name: no value stands on a command line.
    """
    named = [part for name in environment or {} for part in ("--env", name)]
    return podman("run", *(options or run_options()), *named, image, *command, environment=environment)
