"""Reading a transaction log: the chosen columns as text, each row with its line number, whatever the file's format.

Three formats: CSV with a header, Parquet, and columns separated by white space, with or without a header. Text is
split with NumPy, a block of whole records at a time: every separator of a block is found at once, and Arrow then
takes the chosen fields. A row's line is the line of the file on which it begins (a quoted field may run over
several), the first line being 1; in Parquet it is the row's number, the first row being 1.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from warehouse.errors import UserError

Format = Literal["csv", "parquet", "whitespace"]
FORMATS: tuple[str, ...] = get_args(Format)
ROLES = ("customer", "date", "amount", "quantity")
_DELIMITERS = ",;\t|"
_HEAD = 1 << 20  # bytes that the format and the header are told from
_BLOCK = 16 << 20  # bytes read at a time
_LONGEST = 64 << 20  # bytes that a record may take
_QUOTE, _NEWLINE, _BLANK = ord('"'), ord("\n"), " \t\r\n\v\f\u00a0"

SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        # the row as it is written, where it does not have as many fields as it should
        ("misfit", pa.large_string()),
        *((role, pa.large_string()) for role in ROLES),
    ]
)


@dataclass(frozen=True)
class Layout:
    """Where in a file the chosen columns are.

    Attributes:
        format: one of :data:`FORMATS`.
        encoding: of a text file, as Python names it.
        delimiter: of a CSV file.
        header: whether the first record names the columns.
        width: fields in a record of a text file.
        positions: role to 0-based position, of the chosen columns only.
    """

    format: Format
    encoding: str
    delimiter: str
    header: bool
    width: int
    positions: dict[str, int]


def layout(
    path: Path,
    columns: dict[str, str],
    format: str | None = None,
    encoding: str = "utf-8",
) -> Layout:
    """Find out a file's format and where its columns are.

    Args:
        columns: role (of :data:`ROLES`) to the column's name; to its 1-based position where the file has no header.
        format: one of :data:`FORMATS`; None tells it from the file's name and first bytes.

    Raises:
        UserError: the file cannot be read as that, or does not have the columns.
    """
    if format not in (None, *FORMATS):
        raise UserError(f"--format {format}: it must be one of {', '.join(FORMATS)}")
    _check_encoding(encoding)
    try:
        if not path.is_file() and not path.is_dir() and path.stat():
            raise UserError(f"{path} is a pipe or a device, and a log is read more than once: save it to a file first")
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    if not start:
        raise UserError(f"{path} is empty")
    kind = format or _guess(path, start, encoding)
    if kind == "parquet":
        names = _parquet(path).schema_arrow.names
        return Layout("parquet", encoding, "", True, len(names), _positions(path, names, columns))
    first = next(_texts(path, encoding, _HEAD), "")
    lines = [line for line in first.splitlines()[:1000] if line.strip(_BLANK)]
    if not lines:
        raise UserError(f"{path} holds no rows")
    if kind == "csv":
        return _csv_layout(path, first, columns, encoding)
    fields = lines[0].split()
    if all(_is_position(c) for c in columns.values()):
        for role, column in columns.items():
            if int(column) > len(fields):
                raise UserError(f"--{role} {column}: {path} has {len(fields)} columns")
        positions = {role: int(c) - 1 for role, c in columns.items()}
        return Layout("whitespace", encoding, "", False, len(fields), positions)
    if any(_is_position(c) and c not in fields for c in columns.values()):
        raise UserError(
            "give either the names of all columns (the file has a header) or the positions of all (it has none)"
        )
    return Layout("whitespace", encoding, "", True, len(fields), _positions(path, fields, columns))


def _is_position(column: str) -> bool:
    return column.isascii() and column.isdigit() and 1 <= int(column) <= 100_000


def _check_encoding(encoding: str) -> None:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        # every text encoding can write a header, and reads it back
        same = decoder.decode("a,1\n".encode(encoding), final=True) == "a,1\n"
        if not same or codecs.lookup(encoding).name in ("idna", "punycode"):  # those two are for names of hosts
            raise LookupError
    except (LookupError, TypeError, ValueError):
        raise UserError(f"--encoding {encoding}: no such encoding; try utf-8, latin-1 or cp1252") from None


def _guess(path: Path, start: bytes, encoding: str) -> Format:
    """The format, from the first bytes, then the name, then the first line."""
    suffix = path.suffix.lower()
    if start == b"PAR1":
        return "parquet"
    if start[:2] == b"\x1f\x8b" or start in (b"PK\x03\x04", b"\x28\xb5\x2f\xfd"):
        raise UserError(f"{path} is compressed or a spreadsheet: unpack it, or save it as CSV, first")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") and not codecs.lookup(encoding).name.startswith("utf-16"):
        raise UserError(f"{path} is UTF-16 text: give --encoding utf-16")
    if suffix in (".parquet", ".pq"):
        return "parquet"
    if suffix in (".csv", ".tsv"):
        return "csv"
    text = next(_texts(path, encoding, _HEAD), "")
    first = next((line for line in text.splitlines() if line.strip(_BLANK)), "")
    return "csv" if any(d in first for d in _DELIMITERS) else "whitespace"


def _positions(path: Path, names: list[str], columns: dict[str, str]) -> dict[str, int]:
    for role, column in columns.items():
        if names.count(column) != 1:
            have = "more than one column" if column in names else "no column"
            raise UserError(
                f"--{role} {column}: {path} has {have} of that name; its columns are {', '.join(names)[:500]}"
            )
    return {role: names.index(column) for role, column in columns.items()}


def _csv_layout(path: Path, text: str, columns: dict[str, str], encoding: str) -> Layout:
    """The delimiter is the one under which the header names the wanted columns."""
    headers: dict[str, list[str]] = {}
    for delimiter in _DELIMITERS:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            header = next(row for row in rows if "".join(row).strip(_BLANK))
        except (csv.Error, StopIteration):
            continue
        headers[delimiter] = [name.strip(_BLANK) for name in header]
        if set(columns.values()) <= set(headers[delimiter]):
            break
    else:
        delimiter = max(headers, key=lambda d: len(headers[d]), default=",")
    names = headers.get(delimiter, [])
    return Layout("csv", encoding, delimiter, True, len(names), _positions(path, names, columns))


# --- blocks ----------------------------------------------------------------------------------------------------------


@dataclass
class Blanks:
    """How many blank lines a text file had: they are no rows."""

    count: int = 0


def read(path: Path, where: Layout, blanks: Blanks | None = None) -> Iterator[pa.Table]:
    """The file's rows as tables of :data:`SCHEMA`, in the file's order; fields without surrounding white space.

    Raises:
        UserError: the file cannot be read to its end.
    """
    blanks = blanks if blanks is not None else Blanks()
    if where.format == "parquet":
        yield from _read_parquet(path, where)
        return
    header = where.header
    line = 1
    for data in _records(path, where):
        bytes_ = np.frombuffer(data, dtype=np.uint8)
        split = _split_csv if where.format == "csv" else _split_whitespace
        offsets, first, count, lines = split(bytes_, where.delimiter, line, path)
        line += int(np.count_nonzero(bytes_ == _NEWLINE))
        kept = count > 0
        blanks.count += int(np.count_nonzero(~kept))
        if header and kept.any():
            kept[np.argmax(kept)] = False
            header = False
        yield _take(data, offsets, first[kept], count[kept], lines[kept], where)


def _take(
    data: bytes,
    offsets: NDArray[np.int64],
    first: NDArray[np.int64],
    count: NDArray[np.int64],
    lines: NDArray[np.int64],
    where: Layout,
) -> pa.Table:
    """The chosen fields of the records whose fields begin at `first` among all fields, which `offsets` cut."""
    right = count == where.width
    every = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
    columns: dict[str, pa.Array] = {
        "line": pa.array(lines, pa.int64()),
        "misfit": pc.replace_with_mask(
            pa.nulls(len(lines), pa.large_string()),
            pa.array(~right),
            _written(data, offsets, first[~right], count[~right], where),
        ),
    }
    for role in ROLES:
        if role not in where.positions:
            columns[role] = pa.nulls(len(lines), pa.large_string())
            continue
        indices = pa.array(np.where(right, first + where.positions[role], 0), mask=~right)
        columns[role] = _clean(every.take(indices), where)
    return pa.table(columns, schema=SCHEMA)


def _written(
    data: bytes, offsets: NDArray[np.int64], first: NDArray[np.int64], count: NDArray[np.int64], where: Layout
) -> pa.Array:
    """Those records as the file writes them, without the end of the line; a tab that parts fields is kept."""
    ends = _BLANK.replace(where.delimiter, "")
    spans = zip(offsets[first], offsets[first + count], strict=True)
    return pa.array([data[begin:end].decode().strip(ends) for begin, end in spans], pa.large_string())


def _clean(fields: pa.Array, where: Layout) -> pa.Array:
    """Fields without their separator, the white space around them, and their quotes."""
    fields = pc.utf8_trim(fields, characters=_BLANK + where.delimiter)
    if where.format == "csv":
        quoted = pc.and_(
            pc.match_substring_regex(fields, r'(?s)^".*"$'),
            pc.greater_equal(pc.utf8_length(fields), 2),
        )
        if pc.any(quoted).as_py():
            inner = pc.replace_substring(pc.utf8_slice_codeunits(fields, 1, -1), '""', '"')
            fields = pc.if_else(quoted, pc.utf8_trim(inner, characters=_BLANK), fields)
    return fields


def _split_csv(
    data: NDArray[np.uint8], delimiter: str, line: int, path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where the fields of whole records lie.

    Returns:
        offsets of all fields, shape (fields + 1,), each with its separator; then for each record its first field,
        how many fields it has (0: a blank line), and its line.
    """
    newline = data == _NEWLINE
    separator = newline | (data == ord(delimiter))
    quote = data == _QUOTE
    quoted = bool(quote.any())
    if quoted:
        inside = np.logical_xor.accumulate(quote)
        _refuse_stray(data, separator, inside, line, path)
        separator &= ~inside
    ends = np.flatnonzero(separator)
    offsets = np.concatenate([[0], ends + 1]).astype(np.int64)
    last = np.flatnonzero(newline[ends])  # the last field of each record
    first = np.concatenate([[0], last[:-1] + 1]).astype(np.int64)
    count = last - first + 1
    begins = offsets[first]
    lines = line + (np.searchsorted(np.flatnonzero(newline), begins) if quoted else np.arange(len(first)))
    single = np.flatnonzero(count == 1)
    size = offsets[first[single] + 1] - begins[single]
    blank = (size == 1) | ((size == 2) & (data[begins[single]] == ord("\r")))
    count[single[blank]] = 0
    return offsets, first, count, lines


def _refuse_stray(
    data: NDArray[np.uint8], separator: NDArray[np.bool_], inside: NDArray[np.bool_], line: int, path: Path
) -> None:
    """A quotation mark opens a field at its start only, and another closes it; else it would swallow what follows."""
    opening = np.flatnonzero((data == _QUOTE) & inside)
    before = opening[opening > 0] - 1
    stray = before[~(separator[before] | (data[before] == _QUOTE))]
    if len(stray):
        raise UserError(
            f"{path} line {_line(data, stray[0] + 1, line)}: a quotation mark in the middle of a field; "
            'put the field in quotes and double the mark ("5"" belt")'
        )
    if inside[-1]:
        raise UserError(
            f"{path} line {_line(data, opening[-1], line)}: a quotation mark opens a field that is never closed"
        )


def _line(data: NDArray[np.uint8], at: int, first: int) -> int:
    """The line that position `at` of a block is on, whose first line is `first`."""
    return first + int(np.count_nonzero(data[:at] == _NEWLINE))


def _split_whitespace(
    data: NDArray[np.uint8], delimiter: str, line: int, path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """As :func:`_split_csv`, with fields parted by any run of white space."""
    space = (data == ord(" ")) | ((data >= 9) & (data <= 13))
    starts = np.flatnonzero(~space & np.concatenate([[True], space[:-1]]))
    newlines = np.flatnonzero(data == _NEWLINE)
    count = np.bincount(np.searchsorted(newlines, starts), minlength=len(newlines)).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.int64)
    offsets = np.concatenate([starts, [len(data)]]).astype(np.int64)
    return offsets, first, count, line + np.arange(len(newlines), dtype=np.int64)


def _records(path: Path, where: Layout) -> Iterator[bytes]:
    """The file as UTF-8, in blocks that end where a record ends."""
    rest = b""
    for text in _texts(path, where.encoding, _BLOCK):
        data = rest + text.encode()
        end = _last_end(data, where)
        if not end and len(data) > _LONGEST:
            end = len(data)  # a quotation mark swallowed it: splitting says where
        rest = data[end:]
        if end:
            yield data[:end]
    if rest:
        yield rest + b"\n"


def _last_end(data: bytes, where: Layout) -> int:
    """Where the last whole record of `data` ends; 0 where none does."""
    if where.format != "csv" or b'"' not in data:
        return data.rfind(b"\n") + 1
    bytes_ = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero((bytes_ == _NEWLINE) & ~np.logical_xor.accumulate(bytes_ == _QUOTE))
    return int(ends[-1]) + 1 if len(ends) else 0


def _texts(path: Path, encoding: str, size: int) -> Iterator[str]:
    """The file's text in blocks, without its byte-order mark, lines ended by a newline."""
    name = codecs.lookup(encoding).name
    decoder = codecs.getincrementaldecoder("utf-8-sig" if name == "utf-8" else encoding)()
    old_mac: bool | None = None
    done = 0
    try:
        with path.open("rb") as file:
            while True:
                block = file.read(size)
                text = decoder.decode(block, final=not block)
                if old_mac is None and text:
                    old_mac = "\r" in text and "\n" not in text
                if text:
                    yield text.replace("\r", "\n") if old_mac else text
                if not block:
                    return
                done += text.count("\n")
    except UnicodeError as error:
        bad = getattr(error, "start", 0)
        number = done + 1 + (getattr(error, "object", b"") or b"")[:bad].count(b"\n")
        raise UserError(
            f"{path} line {number} is not {encoding} text: give --encoding, such as latin-1 or cp1252"
        ) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} is not a Parquet file that can be read: {str(error).splitlines()[0][:200]}") from None


def _read_parquet(path: Path, where: Layout) -> Iterator[pa.Table]:
    file = _parquet(path)
    names = file.schema_arrow.names
    chosen = {role: names[position] for role, position in where.positions.items()}
    row = 1
    try:
        for batch in file.iter_batches(batch_size=1 << 18, columns=sorted(set(chosen.values()))):
            n = batch.num_rows
            columns: dict[str, pa.Array] = {
                "line": pa.array(np.arange(row, row + n)),
                "misfit": pa.nulls(n, pa.large_string()),
            }
            for role in ROLES:
                column = batch.column(chosen[role]) if role in chosen else pa.nulls(n, pa.large_string())
                columns[role] = pc.utf8_trim(_as_text(column), characters=_BLANK)
            yield pa.table(columns, schema=SCHEMA)
            row += n
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} cannot be read as text columns: {str(error).splitlines()[0][:200]}") from None


def _as_text(column: pa.Array) -> pa.Array:
    """A column's values as they would stand in a CSV file."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.large_string())
