"""REPACK/restore.xz: what turns the new files back into the originals, all of it in one solid xz stream.

The stream, once decompressed, is a sequence of records. Each begins with one line of JSON, ended by a newline:

    {"entry": 17, "head": 3846, "tail": 0}

`entry` is the position in the manifest's list of entries; the line is followed by `head` and then `tail` bytes. The
original file is head + the stored words of all frames of the new file, colour by pixel and little endian + tail. The
line may have more keys, to be followed in this order:

    "frames": false            the head is the whole original
    "planes": true             each frame is put back from colour-by-pixel (RGBRGB) to colour-by-plane (RRGGBB) order
    "swapped": true            then the two bytes of each pair of bytes of the frame change places (big endian)
    "gap": "feff00e0..."       these bytes (hexadecimal) stand between each two frames
    "deflate": [n, l, m, "00"] the result is not yet the original: its bytes from the n-th on (counted from 0) are
                               replaced by what zlib.compressobj(l, zlib.DEFLATED, -15, m) makes of them, and the bytes
                               at the end (hexadecimal) follow

The first record is {"format": "repack restore data", "version": 1}.

Neighbouring slices share nearly all of their header: a solid stream takes some 20 to 100 bytes for each.
"""

import json
import lzma
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from repack.model import Deflating, Restorable

_Value = str | int | bool | list[int | str]
_OPENING: dict[str, _Value] = {"format": "repack restore data", "version": 1}
_KEYS = {"entry", "head", "tail", "frames", "planes", "swapped", "gap", "deflate"}
_LONGEST_LINE = 4096
_LOT = 256 << 10  # bytes compressed at once: record by record, the tables of the search never stay in the cache
#: A dictionary of 256 KiB spans a hundred slice headers, and its memory soon grows no more with the disc.
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 4, "dict_size": 256 << 10}]


class RestoreWriter:
    """Collects records and compresses them as they come."""

    def __init__(self) -> None:
        self._compressor = lzma.LZMACompressor(lzma.FORMAT_XZ, lzma.CHECK_CRC64, filters=_FILTERS)
        self._pieces: list[bytes] = []
        self._waiting = [_line(_OPENING)]
        self._size = 0  # of what waits
        self.records = 0

    def add(self, entry: int, restorable: Restorable) -> None:
        """Append what restores the entry at this position of the manifest."""
        record: dict[str, _Value] = {
            "entry": entry,
            "head": len(restorable.head),
            "tail": len(restorable.tail),
        }
        if restorable.is_planar:
            record["planes"] = True
        if not restorable.has_frames:
            record["frames"] = False
        if restorable.is_swapped:
            record["swapped"] = True
        if restorable.gap:
            record["gap"] = restorable.gap.hex()
        if restorable.deflating:
            how = restorable.deflating
            record["deflate"] = [how.start, how.level, how.memory, how.rest.hex()]
        self._waiting += (_line(record), restorable.head, restorable.tail)
        self._size += len(restorable.head) + len(restorable.tail)
        self.records += 1
        if self._size >= _LOT:
            self._compress()

    def finish(self) -> bytes:
        """The whole xz stream."""
        self._compress()
        self._pieces.append(self._compressor.flush())
        return b"".join(self._pieces)

    def _compress(self) -> None:
        self._pieces.append(self._compressor.compress(b"".join(self._waiting)))
        self._waiting, self._size = [], 0


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
                yield record["entry"], _restorable(head, tail, record)
    except (lzma.LZMAError, EOFError, KeyError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        raise ValueError("restore data is damaged") from error


def _restorable(head: bytes, tail: bytes, record: Mapping[str, Any]) -> Restorable:
    return Restorable(
        head,
        tail,
        is_planar=record.get("planes", False),
        has_frames=record.get("frames", True),
        is_swapped=record.get("swapped", False),
        gap=bytes.fromhex(record.get("gap", "")),
        deflating=_deflating(*record["deflate"]) if "deflate" in record else None,
    )


def _deflating(start: int, level: int, memory: int, rest: str) -> Deflating:
    return Deflating(start, level, memory, bytes.fromhex(rest))


def _is_record(record: Mapping[str, Any]) -> bool:
    """Are the keys known, and their values of the kinds that they should be? A bool is no number here."""
    numbers = (record["entry"], record["head"], record["tail"], *record.get("deflate", ())[:3])
    flags = (record.get("planes", False), record.get("frames", True), record.get("swapped", False))
    return (
        record.keys() <= _KEYS
        and all(type(n) is int and n >= 0 for n in numbers)
        and all(type(flag) is bool for flag in flags)
        and all(type(text) is str for text in (record.get("gap", ""), *record.get("deflate", ())[3:]))
        and ("deflate" not in record or _is_deflating(*record["deflate"]))
    )


def _is_deflating(_start: int, level: int, memory: int, _rest: str) -> bool:
    return level <= 9 and 1 <= memory <= 9


def _line(record: Mapping[str, _Value]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"
