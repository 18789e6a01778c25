"""Makes a stand-in for the official Python image, where that cannot be had: Debian, and this machine's own Python.

Like the official one it has Python under /usr/local, without its test suites and compiled files, and no compiler. It is
called a stand-in wherever it is named.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from warehouse.errors import UserError

from .engine import buildah

# what Python's own modules link to, and what the official image adds
PACKAGES = (
    "ca-certificates", "netbase", "tzdata", "libbz2-1.0", "libffi8", "liblzma5", "libncursesw6", "libreadline8",
    "libsqlite3-0", "libssl3", "libuuid1", "zlib1g", "libexpat1",
)  # fmt: skip
MODULES = "bz2, ctypes, lzma, readline, sqlite3, ssl, uuid, venv, zlib, pip"
LEFT_OUT = (
    "test", "tests", "idle_test", "idlelib", "tkinter", "turtledemo", "__pycache__", "*.a", "_tkinter*.so",
    "site-packages",
)  # fmt: skip
UNUSED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


def base_image() -> str:
    """The name of the stand-in base in the project's storage; built only where nothing fits.

    Raises:
        UserError: this Python cannot be moved, or the base cannot be built.
    """
    prefix = Path(sys.base_prefix)
    if prefix == Path("/usr"):
        raise UserError("the stand-in base needs a Python of its own prefix (pyenv, uv or built from source), not /usr")
    release = _release()
    parts = [Path(__file__).read_bytes(), sys.version.encode(), release.encode()]
    name = f"localhost/stand-in-base:{hashlib.sha256(b''.join(parts)).hexdigest()[:16]}"
    if name.partition("/")[2] not in buildah("images", "--format", "{{.Name}}:{{.Tag}}").replace("localhost/", ""):
        _build(name, prefix, release)
    return name


def _build(name: str, prefix: Path, release: str) -> None:
    container = buildah("from", "scratch")
    try:
        root = Path(buildah("mount", container))
        command = [
            "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}",
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in UNUSED), *_apt_options(), release, str(root), "-",
        ]  # fmt: skip
        done = subprocess.run(command, input=_sources(), capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            raise UserError("the stand-in base cannot be made, see mmdebstrap's words above")
        _copy_python(prefix, root / "usr" / "local")
        buildah("config", "--env", "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", container)
        buildah("config", "--env", "LANG=C.UTF-8", "--cmd", "python3", container)
        buildah("run", "--isolation", "chroot", container, "ldconfig")
        buildah("run", "--isolation", "chroot", container, "python", "-B", "-c", f"import {MODULES}")
        buildah("commit", "--quiet", "--format", "docker", container, name)
    finally:
        buildah("rm", container)


def _copy_python(prefix: Path, to: Path) -> None:
    """Copy this Python as it goes under /usr/local: interpreter, library, pip, and nothing else that is installed."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library, there = prefix / "lib" / version, to / "lib" / version
    shutil.copytree(library, there, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    (there / "site-packages").mkdir()
    for package in (library / "site-packages").glob("pip*"):
        shutil.copytree(
            package, there / "site-packages" / package.name, ignore=shutil.ignore_patterns("__pycache__"), symlinks=True
        )
    for shared in (prefix / "lib").glob("libpython*.so*"):
        shutil.copy(shared, to / "lib" / shared.name, follow_symlinks=False)
    shutil.copy(prefix / "bin" / version, to / "bin" / version)
    if shutil.which("strip"):  # as in the official image; without it this one is some 40 MB larger
        binaries = [to / "bin" / version, *to.glob("lib/lib*.so.*"), *there.glob("lib-dynload/*.so")]
        subprocess.run(["strip", "--strip-unneeded", *binaries], check=True)
    for alias in ("python", "python3"):
        (to / "bin" / alias).symlink_to(version)


def _release() -> str:
    """The name of this machine's Debian release: the copied Python needs its C library."""
    lines = Path("/etc/os-release").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    if values.get("ID") != "debian" or "VERSION_CODENAME" not in values:
        raise UserError("the stand-in base needs a Debian machine; where there is Docker, use `docker build .`")
    return values["VERSION_CODENAME"].strip('"')


def _apt_options() -> list[str]:
    """How this machine reaches its package sources, as options of mmdebstrap."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    wanted = ("Acquire::Check-", "Acquire::http::Proxy", "Acquire::https::")
    return [f"--aptopt={line}" for line in dump.splitlines() if line.startswith(wanted)]


def _sources() -> str:
    """This machine's own package sources, in the one format that can be joined from both kinds of files."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "deb $(SITE) $(RELEASE) $(COMPONENT)", "Identifier: Packages"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "\n".join(dict.fromkeys(listed.stdout.splitlines())) + "\n"
