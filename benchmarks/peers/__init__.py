"""The generators that a user would pick instead, and what each is asked for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from warehouse.settings import PROJECT_ROOT

HERE = Path(__file__).parent
REQUIREMENTS = HERE.parent / "requirements.txt"
ENVIRONMENT = PROJECT_ROOT / "_build" / "peers"
PEERS_BIN = ENVIRONMENT / "bin"
PEERS_PYTHON = PEERS_BIN / "python"
TPCHGEN_SCALE = 1  # scale factor of TPC-H; 1 makes 8.7 million rows
DBGEN_SCALE = 0.3
PARQUET = "Parquet, zstd"


@dataclass(frozen=True)
class Generator:
    """One generator and the run it is measured by.

    Attributes:
        name: as its makers write it.
        packages: the pinned packages whose versions matter.
        makes: what its rows are.
        writes: the format of its files, and the codec.
        command: takes the folder to fill, in which it is run, the contacts that ours makes, and the cores to use.
    """

    name: str
    packages: tuple[str, ...]
    makes: str
    writes: str
    command: Callable[[Path, int, int], list[str]]


OURS = Generator(
    "this project",
    (),
    "the whole CRM and its truth",
    PARQUET,
    lambda folder, contacts, cores: [
        sys.executable, "-m", "mock_data", "generate", "--contacts", str(contacts), "--workers", str(cores),
        "--to", f"parquet:{folder / 'crm'}",
    ],
)  # fmt: skip

# Rates hardly depend on size once the start is paid for, so each is asked for what it makes in some seconds.
PEERS = (
    Generator(
        "tpchgen-cli",
        ("tpchgen-cli",),
        f"TPC-H, scale factor {TPCHGEN_SCALE}",
        PARQUET,
        lambda folder, contacts, cores: [
            str(PEERS_BIN / "tpchgen-cli"), "parquet", "--scale-factor", str(TPCHGEN_SCALE), "--compression", "ZSTD(1)",
            "--num-threads", str(cores), "--quiet", "--output-dir", str(folder),
        ],
    ),
    Generator(
        "DuckDB dbgen",
        ("duckdb", "duckdb-extension-tpch"),
        f"TPC-H, scale factor {DBGEN_SCALE}",
        PARQUET,
        lambda folder, contacts, cores: [
            str(PEERS_PYTHON), str(HERE / "dbgen.py"), str(DBGEN_SCALE), str(folder), str(cores),
        ],
    ),
    Generator(
        "jafgen",
        ("jafgen", "faker"),
        "one year of its sandwich shop",
        "CSV",
        lambda folder, contacts, cores: [str(PEERS_BIN / "jafgen"), "1"],
    ),
    Generator(
        "Faker and an ORM",
        ("faker", "sqlalchemy"),
        "4,000 contacts, their orders and lines",
        "SQLite",
        lambda folder, contacts, cores: [
            str(PEERS_PYTHON), str(HERE / "orm.py"), "4000", str(folder / "shop.sqlite"),
        ],
    ),
    Generator(
        "Snowfakery",
        ("snowfakery", "faker"),
        "4,000 contacts, their orders and lines",
        "CSV",
        lambda folder, contacts, cores: [
            str(PEERS_BIN / "snowfakery"), str(HERE / "recipe.yml"), "--target-number", "4000", "Contact",
            "--output-format", "csv", "--output-folder", str(folder / "csv"),
        ],
    ),
)  # fmt: skip


def versions() -> dict[str, str]:
    """The pinned version of every package of the peers."""
    pins = re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(pins)
