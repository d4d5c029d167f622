"""Compression methods of zip besides stored and deflated (APPNOTE 4.4.5): read only, never written.

Each reader gives at most the announced bytes and works in bounded memory, whatever the stream says.
"""

import bz2
import lzma
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from repack.deflate import Damaged

DEFLATE64, BZIP2, LZMA, ZSTANDARD, XZ = 9, 12, 14, 93, 95
NAMES = {1: "Shrink", 6: "Implode", 10: "IBM TERSE", 16: "IBM CMPSC", 18: "IBM TERSE", 19: "IBM LZ77", 20: "Zstandard"}
NAMES |= {94: "MP3", 96: "JPEG", 97: "WavPack", 98: "PPMd"}
_PIECE = 1 << 20
_MOST_MEMORY = 512 << 20  # for a dictionary; archivers use 64 MB at their highest level
_SHORT = 256  # bytes of Deflate64 fed at a time: they can become 7 MB, for its lengths go up to 65,538


class _Decompressor(Protocol):
    """What bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def decompress(method: int, stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The `size` bytes of a compressed stream that comes in pieces, in pieces of bounded length. Raises Damaged."""
    left = size
    try:
        for out in _READERS[method](stream, size):
            left -= len(out)
            if left < 0:
                raise Damaged("it holds more bytes than its directory announces")
            yield out
    except (OSError, EOFError, ValueError, lzma.LZMAError, struct.error) as error:
        if isinstance(error, Damaged):
            raise
        raise Damaged("its compressed bytes are damaged") from error
    if left:
        raise Damaged("it ends before its announced size")


def _bzip2(stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    return _run(bz2.BZ2Decompressor(), stream, size)


def _xz(stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    return _run(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY), stream, size)


def _lzma(stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    """LZMA with the header that zip puts before it (APPNOTE 5.8.8): version, length, properties, dictionary size."""
    pieces = iter(stream)
    start = b""
    while len(start) < 9 and (piece := next(pieces, b"")):
        start += piece
    _version, length, properties, dictionary = struct.unpack_from("<HHBI", start)
    if length != 5 or properties >= 9 * 5 * 5:
        raise Damaged("its compressed bytes are damaged")
    dictionary = max(min(dictionary, size), 4096)  # no match reaches further back than the content is long
    if dictionary > _MOST_MEMORY:
        raise Damaged("unpacking it would take too much memory")
    settings = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": dictionary,
        "lc": properties % 9,
        "lp": properties // 9 % 5,
        "pb": properties // 45,
    }
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[settings])
    return _run(decompressor, _chain(start[9:], pieces), size)


def _chain(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from pieces


def _zstandard(stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    # Rare, and a library of its own before Python 3.14: loaded when such an entry is met.
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    try:
        yield from _run(zstd.ZstdDecompressor(), stream, size)  # refuses windows above 128 MB by itself
    except zstd.ZstdError as error:
        raise Damaged("its compressed bytes are damaged") from error


def _run(decompressor: _Decompressor, stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    left = size
    for piece in stream:
        waiting = piece
        while not decompressor.eof:
            out = decompressor.decompress(waiting, max_length=min(left, _PIECE) + 1)
            waiting = b""
            left -= len(out)
            yield out
            if left < 0 or decompressor.needs_input:
                break


def _deflate64(stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    import inflate64  # noqa: PLC0415  only for zips that Windows Explorer made above 2 GB

    inflater = inflate64.Inflater()
    left = size
    for piece in stream:
        for at in range(0, len(piece), _SHORT):
            if inflater.eof:
                return
            out: bytes = inflater.inflate(piece[at : at + _SHORT])
            left -= len(out)
            yield out
            if left < 0:
                return
    if not inflater.eof:
        raise Damaged("it ends before its announced size")


_READERS: dict[int, Callable[[Iterable[bytes], int], Iterator[bytes]]] = {
    DEFLATE64: _deflate64,
    BZIP2: _bzip2,
    LZMA: _lzma,
    ZSTANDARD: _zstandard,
    XZ: _xz,
}
#: The methods that this module reads.
READABLE = frozenset(_READERS)
