"""From settings to a loaded CRM: simulate every shard, then publish all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .pieces import Run
from .sinks import no_new_folders, open_sink
from .world import World

LOADER = "mock_data"


@dataclass(frozen=True)
class Result:
    """What was loaded: how many rows, and the hash of their content."""

    rows: int
    content_hash: str


def generate(
    world: World,
    as_of: np.datetime64,
    to: str,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Result:
    """Simulate `world` up to the end of the `as_of` day and load it at the address `to` (see :mod:`mock_data.sinks`).

    Args:
        workers: processes; the result does not depend on how many.
        progress: called with the number of shards made and to make.

    Raises:
        UserError: the place is not ours, or cannot be written, or a worker died. Nothing there has been changed; where
            shards were finished, the same call carries on from them.
    """
    settings = world.as_dict() | {"as_of": str(as_of)}
    sink = open_sink(to, loader=LOADER, settings=settings)
    with no_new_folders(sink.waiting), Run(sink.waiting, world, as_of) as run, sink:
        for done, _ in enumerate(run.make(workers, sink.size), start=1):
            progress(done, run.shards + 1)
        sink.load(run.tables, run.sums())
    sink.settle()
    return Result(sink.rows, sink.content_hash)
