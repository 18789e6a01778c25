"""DuckDB's own TPC-H generator, from its packaged extension to Parquet.

Run by the peers' Python: ``dbgen.py SCALE_FACTOR FOLDER THREADS``.
"""

from __future__ import annotations

import sys
from importlib.resources import files

import duckdb


def main(scale: float, folder: str, threads: int) -> None:
    """Write every TPC-H table to `folder`, in Parquet with zstd."""
    extension = next(files("duckdb_extension_tpch").joinpath("extensions", f"v{duckdb.__version__}").iterdir())
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.load_extension(str(extension))
        connection.execute(f"call dbgen(sf = {scale})")
        for (table,) in connection.execute("show tables").fetchall():
            connection.execute(f"copy {table} to '{folder}/{table}.parquet' (compression zstd, compression_level 1)")


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
