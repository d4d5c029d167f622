"""REPACK/restore.xz: what turns the new files back into the originals, all of it in one solid xz stream.

The stream, once decompressed, is a sequence of records. Each begins with one line of JSON, ended by a newline:

    {"entry": 17, "head": 3846, "tail": 0}

`entry` is the position in the manifest's list of entries; the line is followed by `head` and then `tail` bytes. The
original file is head + the stored words of all frames of the new file, little endian + tail. `"planes": true` says that
the words of each frame have to be put back from colour-by-pixel to colour-by-plane order. `"frames": false` says that
the head is the whole original. The first record is {"format": "repack restore data", "version": 1}.

Neighbouring slices share nearly all of their header: a solid stream takes some 20 to 100 bytes for each.
"""

import json
import lzma
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from repack.model import Restorable

_OPENING: dict[str, str | int] = {"format": "repack restore data", "version": 1}
_LONGEST_LINE = 4096
#: A dictionary of 4 MiB spans hundreds of slice headers and keeps the memory of the main process small.
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 4, "dict_size": 4 << 20}]


class RestoreWriter:
    """Collects records and compresses them as they come."""

    def __init__(self) -> None:
        self._compressor = lzma.LZMACompressor(lzma.FORMAT_XZ, lzma.CHECK_CRC64, filters=_FILTERS)
        self._pieces = [self._compressor.compress(_line(_OPENING))]
        self.records = 0

    def add(self, entry: int, restorable: Restorable) -> None:
        """Append what restores the entry at this position of the manifest."""
        record: dict[str, int | bool] = {
            "entry": entry,
            "head": len(restorable.head),
            "tail": len(restorable.tail),
        }
        if restorable.is_planar:
            record["planes"] = True
        if not restorable.has_frames:
            record["frames"] = False
        self._pieces.append(self._compressor.compress(_line(record) + restorable.head + restorable.tail))
        self.records += 1

    def finish(self) -> bytes:
        """The whole xz stream."""
        self._pieces.append(self._compressor.flush())
        return b"".join(self._pieces)


def read_records(file: BinaryIO) -> Iterator[tuple[int, Restorable]]:
    """The records of an xz stream, in order: position in the manifest, and what restores the entry.

    Raises ValueError where the stream is damaged or of another format.
    """
    try:
        with lzma.open(file) as stream:
            if json.loads(stream.readline(_LONGEST_LINE)) != _OPENING:
                raise ValueError("restore data of an unknown format")
            while line := stream.readline(_LONGEST_LINE):
                record = json.loads(line)
                if not _is_record(record):
                    raise ValueError("restore data is damaged")
                head, tail = stream.read(record["head"]), stream.read(record["tail"])
                if len(head) != record["head"] or len(tail) != record["tail"]:
                    raise ValueError("restore data ends early")
                yield (
                    record["entry"],
                    Restorable(head, tail, record.get("planes", False), record.get("frames", True)),
                )
    except (lzma.LZMAError, EOFError, KeyError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        raise ValueError("restore data is damaged") from error


def _is_record(record: dict[str, object]) -> bool:
    """Are the values of the kinds that they should be? A bool is no number here."""
    numbers = (record["entry"], record["head"], record["tail"])
    flags = (record.get("planes", False), record.get("frames", True))
    return all(type(n) is int and n >= 0 for n in numbers) and all(type(flag) is bool for flag in flags)


def _line(record: Mapping[str, str | int]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"
