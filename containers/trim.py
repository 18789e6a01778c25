"""Takes out of an image's packages what no program in it loads: run inside the image's build, after the installation.

Wheels bring test suites, C headers, symbols for debuggers, and parts for other uses. Each line below says what goes and
why it is not missed; one that finds nothing to take is an error, so that the list stays true when a package changes.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

EVERYWHERE = {
    "numpy/**/tests": "test suites",
    "scipy/**/tests": "test suites",
    "pyarrow/tests": "test suites",
    "networkx/**/tests": "test suites",
    "numpy/_core/include": "headers for compiling against NumPy",
    "pyarrow/include": "headers for compiling against Arrow",
    "pyarrow/src": "sources for compiling against Arrow",
    "pyarrow/libarrow_flight.so.*": "remote procedure calls: nothing here is a Flight client",
    "pyarrow/_flight.*.so": "the same, its Python side",
    "pyarrow/libarrow_s3.so.*": "object storage: everything here is read from files; pyarrow.fs does without",
    "pyarrow/_s3fs.*.so": "the same, its Python side",
    "babel/locale-data/[!er]*.dat": "languages other than English (dbt formats numbers with it; `root` stays)",
    "babel/locale-data/e[!n]*.dat": "the same",
    "babel/locale-data/r[!o]*.dat": "the same",
}
# (not OpenBLAS: patched as it is, it cannot be loaded afterwards)
STRIPPED = (
    "adbc_driver_manager/*.so",
    "adbc_driver_postgresql/*.so",
    "pyarrow/lib*.so.*",
)
ONLY = {
    "pipeline": {
        # scipy.special needs scipy._lib; its orthogonal polynomials, which need scipy.linalg, are not used
        f"scipy/{part}": "of SciPy the simulator uses scipy.special alone"
        for part in (
            "cluster", "datasets", "differentiate", "fft", "fftpack", "integrate", "interpolate", "io", "linalg",
            "ndimage", "odr", "optimize", "signal", "sparse", "spatial", "stats",
        )
    },
    "notebooks": {
        "pandas/tests": "test suites",
        "posthog/test": "test suites",
        "jedi/third_party/django-stubs": "completion for Django code",
        "sphinx/locale/*/LC_MESSAGES": "languages other than English",
    },
}  # fmt: skip


def trim(site_packages: Path, image: str) -> int:
    """Delete what the image does not need; returns the number of bytes freed.

    Raises:
        SystemExit: a line of the list finds nothing.
    """
    freed = 0
    for pattern in (*EVERYWHERE, *ONLY[image]):
        found = list(site_packages.glob(pattern))
        if not found:
            raise SystemExit(f"error: {pattern} is not among the packages any more: correct containers/trim.py")
        for path in found:
            if path.is_dir():
                freed += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
                shutil.rmtree(path)
            elif path.exists():
                freed += path.stat().st_size
                path.unlink()
    return freed


def strip(site_packages: Path) -> int:
    """Take the symbols out of the libraries that come with them, link copies together; returns the bytes freed.

    Raises:
        SystemExit: a line of the list finds nothing.
    """
    freed, seen = 0, dict[bytes, Path]()
    for pattern in STRIPPED:
        found = sorted(site_packages.glob(pattern))
        if not found:
            raise SystemExit(f"error: {pattern} is not among the packages any more: correct containers/trim.py")
        for path in found:
            before = path.stat().st_size
            subprocess.run(["strip", "--strip-unneeded", path], check=True)
            content = hashlib.sha256(path.read_bytes()).digest()
            first = seen.setdefault(content, path)
            if first != path:  # a wheel holds no links, and so several copies of one library
                path.unlink()
                path.symlink_to(first.name)
            freed += before - (path.stat().st_size if first == path else 0)
    return freed


if __name__ == "__main__":
    packages = Path(sysconfig.get_path("purelib"))
    print(f"{trim(packages, sys.argv[1]) / 1e6:.0f} MB of the packages are not needed here")
    print(f"{strip(packages) / 1e6:.0f} MB of symbols and copies neither")
