"""Deflated Explicit VR Little Endian (PS3.5 A.5): the data set behind the file meta is one raw deflate stream.

The way back needs the very stream. zlib makes one stream of the same bytes for each pair of level and memory level, so
the pair that made a file can be found by trying; streams of other makers cannot be made again.
"""

import zlib
from collections.abc import Iterator

from repack.dicom.part10 import Unparseable
from repack.model import Deflating

_RAW = -15
_LARGEST = 1 << 30  # a small file may inflate to a thousand times its size
_LEVELS, _MEMORIES = (6, 9, 1, 5, 7, 8, 4, 3, 2, 0), (8, 9)
_PIECE = 64 << 10
_LONGEST_REST = 64  # bytes behind the stream: a zero to make it even, or what a zlib or gzip wrapper ends with


def inflate(original: bytes, at: int) -> tuple[bytes, bytes]:
    """The file with its data set inflated, and the bytes behind the stream at `at`. Raises Unparseable."""
    inflater = zlib.decompressobj(_RAW)
    try:
        data_set = inflater.decompress(memoryview(original)[at:], _LARGEST)
    except zlib.error as error:
        raise Unparseable("its deflated data set is damaged") from error
    if inflater.unconsumed_tail or (not inflater.eof and len(data_set) == _LARGEST):
        raise Unparseable("its data set is larger than 1 GiB when inflated")
    if not inflater.eof:
        raise Unparseable("it ends too early")
    return original[:at] + data_set, inflater.unused_data


def find_deflating(original: bytes, inflated: bytes, at: int, rest: bytes) -> Deflating | None:
    """How zlib makes the stream at `at` of the original from the inflated file; None where it does not."""
    if len(rest) > _LONGEST_REST:
        return None
    for level in _LEVELS:
        for memory in _MEMORIES:
            deflating = Deflating(at, level, memory, rest)
            if _makes(original, inflated, deflating):
                return deflating
    return None


def _makes(original: bytes, inflated: bytes, deflating: Deflating) -> bool:
    at = deflating.start
    for piece in _pieces(inflated, deflating):
        if not original.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(original)


def _pieces(inflated: bytes, deflating: Deflating) -> Iterator[bytes]:
    """The stream in pieces, and what lies behind it: a wrong guess shows in the first."""
    deflater = zlib.compressobj(deflating.level, zlib.DEFLATED, _RAW, deflating.memory)
    for start in range(deflating.start, len(inflated), _PIECE):
        yield deflater.compress(memoryview(inflated)[start : start + _PIECE])
    yield deflater.flush() + deflating.rest


def deflate(inflated: bytes, deflating: Deflating) -> bytes:
    """The original file of an inflated one: the inverse of `inflate`."""
    return inflated[: deflating.start] + b"".join(_pieces(inflated, deflating))
