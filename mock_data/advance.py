"""The next days of a CRM that is there already: what has been added or changed since is written, in one transaction.

Every draw has an address, so the world up to a later day is the same world and then more. It is simulated again from
the start, which costs what generating it cost and needs no state to be kept anywhere; only what is new is written.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.errors import UserError

from .content_hash import ContentHasher
from .generate import LOADER, Result, generate
from .schema import TABLES
from .simulation import tables, tables_of_shard
from .sinks import damaged, manifest_at, open_sink, shown
from .world import World, end_of


def advance(
    at: str, to: np.datetime64, progress: Callable[[int, int], None] = lambda done, total: None
) -> Result | None:
    """Bring the CRM at the address `at` (see :mod:`mock_data.sinks`) to the end of the day `to`.

    Returns:
        what the CRM holds now; None where it stood at that day already, and nothing was done.

    Raises:
        UserError: there is no CRM of ours, it is past that day, or this code would not have made it. Nothing there has
            been changed.
    """
    held = manifest_at(at)
    if held is None or held[0] != LOADER:
        raise UserError(f"{shown(at)} holds no CRM that `generate` made: make one there first")
    try:
        world, as_of = World.from_dict(held[1]), np.datetime64(str(held[1]["as_of"]), "D")
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UserError(damaged(shown(at))) from None
    if world.faults:
        raise UserError(f"the CRM at {shown(at)} was made with --faults, and stays as it is: generate it again")
    if to < as_of:
        raise UserError(f"the CRM at {shown(at)} stands at {as_of}, after {to}: a CRM does not go back")
    if to == as_of:
        return None
    if at.startswith("parquet:"):  # files cannot be changed in place: all are written again, and published at once
        return generate(world, to, at, progress=progress)

    with open_sink(at, loader=LOADER, settings=world.as_dict() | {"as_of": str(to)}, keep=True) as sink:
        _refuse_other_code(world, as_of, sink.held_hash, at)
        since = pa.scalar(end_of(as_of).astype("datetime64[us]"))
        shards = world.shards(end_of(to))
        for shard in range(-1, shards):
            for key, batch in tables_of_shard(world, to, shard).items():
                # the truth does not say when a row changed: all of it is written again
                is_dated = TABLES[key].schema == "crm"
                sink.write(key, batch, pc.greater_equal(batch["system_modstamp"], since) if is_dated else None)
            progress(shard + 2, shards + 1)
    return Result(sink.rows, sink.content_hash)


def _refuse_other_code(world: World, as_of: np.datetime64, held_hash: str, at: str) -> None:
    """Raise unless this code makes the very CRM that is there."""
    hasher = ContentHasher()
    for shard in tables(world, as_of):
        for key, batch in shard.items():
            hasher.update(key, batch)
    if hasher.hexdigest() != held_hash:
        raise UserError(f"the CRM at {shown(at)} was made by another version of this code: generate it again")
