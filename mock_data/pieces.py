"""A run in pieces: some shards at a time become Parquet files in a hidden folder, and wait there until all are done.

A run that ends early leaves its finished pieces, and the same command, with the same code, carries on from them.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
import pyarrow as pa

from warehouse.errors import UserError

from .content_hash import ContentHasher, Sums
from .sinks import UNCHANGED
from .sinks.parquet import TableFiles
from .workers import WorkerDied, in_turn
from .world import World, end_of

_MOST_SHARDS = 16  # in a piece: a million rows in the largest table's file, so that there are not too many of them
_FEWEST_PIECES = 32  # so that every worker has some
_SAMPLES = 5  # shards that tell how large all are
_FEWEST_SHARDS_TO_SAMPLE = 100 * _SAMPLES  # so that it costs one part in a hundred at most


def pieces(shards: int) -> list[range]:
    """The shards of each piece: first the shared one, then the others in order."""
    size = min(max(shards // _FEWEST_PIECES, 1), _MOST_SHARDS)
    return [range(-1, 0), *(range(s, min(s + size, shards)) for s in range(0, shards, size))]


class Run(AbstractContextManager["Run"]):
    """The pieces of one world as of a day, in a folder of their own: files, and a note for each finished piece.

    Leaving the block after an exception keeps what is finished; after success, the folder is removed, and with it those
    of earlier runs to the same place.

    Args:
        waiting: beginning of the folder's path, see :attr:`.sinks.Sink.waiting`; the settings decide the rest.
    """

    def __init__(self, waiting: Path, world: World, as_of: np.datetime64) -> None:
        self.world = world
        self.as_of = as_of
        self.waiting = waiting
        self.folder = waiting.with_name(f"{waiting.name}.run-{_fingerprint(world, as_of)}")
        self.shards = world.shards(end_of(as_of))
        self.pieces = pieces(self.shards)
        self.lock: IO[str] | None = None

    @property
    def tables(self) -> Path:
        """The folder of the files, ``<schema>/<table>/<piece>.parquet``."""
        return self.folder / "tables"

    def make(self, workers: int, size: float) -> Iterator[int]:
        """Make the pieces that are not finished yet, and yield each shard when it is there.

        Args:
            size: bytes on the disk for a byte of these files.

        Raises:
            UserError: the folder cannot be written, the disk is or would be full, a worker died, or another run makes
                the same pieces.
        """
        self._begin()
        finished = self.finished()
        for number in finished:
            yield from self.pieces[number]
        missing = [number for number in range(len(self.pieces)) if number not in finished]
        try:
            self._refuse_too_large(sum(len(self.pieces[number]) for number in missing), size)
            yield from in_turn(partial(make_piece, self.world, self.as_of, self.folder), missing, workers)
        except WorkerDied as death:
            shard = self.pieces[death.number][0] if death.step is None else death.step
            raise UserError(
                f"the worker that made shard {shard} of {self.shards} died ({death.how}): nothing was changed; "
                "the same command carries on from the finished shards"
            ) from None
        except OSError as error:
            if error.errno != errno.ENOSPC:
                why = error.strerror or str(error)
                raise UserError(f"cannot write {self.folder}: {why}: nothing was changed") from None
            raise UserError(
                f"the disk of {self.folder} is full: nothing was changed; make room there, and the same command "
                "carries on from the finished shards"
            ) from None

    def finished(self) -> list[int]:
        """Numbers of the pieces that are there."""
        return sorted(int(note.stem) for note in self.folder.glob("*.json"))

    def sums(self) -> Sums:
        """The content of all pieces, as :class:`ContentHasher` adds it up."""
        whole = ContentHasher()
        for number in self.finished():
            whole.add(json.loads(_note(self.folder, number).read_text()))
        return whole.sums

    def _begin(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock = _lock(self.folder)
            if self.lock is None:
                raise UserError(f"another run is making the same in {self.folder}: wait until it has ended")
            if not self.tables.exists():  # the files of these notes were published
                for number in self.finished():
                    _note(self.folder, number).unlink()
                self.tables.mkdir()
        except OSError as error:
            raise UserError(f"cannot write {self.folder}: {error.strerror}") from None

    def _refuse_too_large(self, shards: int, size: float) -> None:
        """Raise where the disk has no room for so many shards; some are made to see how large they are.

        A small world is tried at once: a disk that is too small for it stops it soon enough.
        """
        if shards < _FEWEST_SHARDS_TO_SAMPLE:
            return
        sample = self.folder / "sample"
        with TableFiles(sample, 0) as files:
            for i in range(_SAMPLES):
                shard = self.shards * (2 * i + 1) // (2 * _SAMPLES)
                for key, batch in _tables(self.world, self.as_of, shard).items():
                    files.write(key, batch)
        one = sum(file.stat().st_size for file in sample.rglob("*.parquet")) / _SAMPLES
        shutil.rmtree(sample)
        needed, free = one * shards * size, shutil.disk_usage(self.folder).free
        if needed > free:
            raise UserError(
                f"this needs about {needed / 1e9:,.1f} GB on the disk of {self.folder.parent}, where {free / 1e9:,.1f} "
                "GB are free: nothing was changed; ask for fewer contacts, or name another place with --to"
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.lock is None:
            return
        if UNCHANGED in getattr(error, "__notes__", ()) and self.finished():
            error.add_note("the same command carries on from the finished shards")  # type: ignore[union-attr]
        if kind is None or not self.finished():
            shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()
        for old in self._earlier() if kind is None else ():
            if lock := _lock(old):  # nobody is at work there
                shutil.rmtree(old, ignore_errors=True)
                lock.close()
        if isinstance(error, UserError) and (left := [str(f) for f in self._earlier() if str(f) not in str(error)]):
            raise UserError(
                f"{error}; shards of runs that did not end wait in {', '.join(left)}: delete what you do not want"
            ) from None

    def _earlier(self) -> list[Path]:
        """The folders of earlier runs to the same place: those that a run has put its lock in."""
        names = f"{glob.escape(self.waiting.name)}.run-{'[0-9a-f]' * 16}"
        return [folder for folder in self.waiting.parent.glob(names) if (folder / "lock").is_file()]


def make_piece(world: World, as_of: np.datetime64, folder: Path, number: int) -> Iterator[int]:
    """Write the files of one piece and then its note; yields each shard before it is made."""
    hasher = ContentHasher()
    with TableFiles(folder / "tables", number) as files:
        for shard in pieces(world.shards(end_of(as_of)))[number]:
            yield shard
            for key, batch in _tables(world, as_of, shard).items():
                hasher.update(key, batch)
                files.write(key, batch)
        if number == 0:
            files.write_empty()
    partial_note = _note(folder, number).with_suffix(".partial")
    partial_note.write_text(json.dumps(hasher.sums))
    os.replace(partial_note, _note(folder, number))


def _tables(world: World, as_of: np.datetime64, shard: int) -> dict[str, pa.RecordBatch]:
    """Every table's rows of one shard."""
    from .simulation import tables_of_shard  # here, not above: who only hands out shards does not wait for it

    return tables_of_shard(world, as_of, shard)


def _note(folder: Path, number: int) -> Path:
    """The file that says that a piece is finished, and what is in it."""
    return folder / f"{number:05}.json"


def _lock(folder: Path) -> IO[str] | None:
    """The only hold on a run's folder, until it is closed; None where another process has it."""
    file = (folder / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _fingerprint(world: World, as_of: np.datetime64) -> str:
    """What tells runs apart: the world, the day, and the code and libraries that make its rows."""
    digest = hashlib.blake2b(json.dumps([world.as_dict(), str(as_of)], sort_keys=True).encode(), digest_size=8)
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    for library in ("faker", "numpy", "pyarrow"):
        digest.update(version(library).encode())
    return digest.hexdigest()
