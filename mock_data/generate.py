"""From settings to a loaded CRM: simulate every shard, write it, publish it at once."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .simulation import tables, tables_of_shard
from .sinks import open_sink
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
        progress: called with the number of shards written and to write.

    Raises:
        UserError: the place is not ours, or cannot be written. Nothing there has been changed.
    """
    total = world.shards + 1
    settings = world.as_dict() | {"as_of": str(as_of)}
    with open_sink(to, loader=LOADER, settings=settings) as sink:
        for done, shard in enumerate(_shards(world, as_of, workers), start=1):
            for key, batch in shard.items():
                sink.write(key, batch)
            progress(done, total)
    return Result(sink.rows, sink.content_hash)


def _shards(world: World, as_of: np.datetime64, workers: int) -> Iterator[dict[str, pa.RecordBatch]]:
    """Every shard's tables in order, made by `workers` processes."""
    if workers == 1:
        yield from tables(world, as_of)
        return
    context = multiprocessing.get_context("spawn")
    waiting: deque[Future[dict[str, pa.RecordBatch]]] = deque()
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        try:
            for shard in range(-1, world.shards):
                waiting.append(pool.submit(tables_of_shard, world, as_of, shard))
                if len(waiting) > 2 * workers:  # what is finished waits in memory: not too much of it
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
