"""Inflate and deflate (RFC 1951), as zip entries hold them: raw streams without a header.

isal is the fast reader; zlib writes, because at level 6 it makes smaller streams than isal's best.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, cast

from isal import isal_zlib

from repack.model import DEFLATED, STORED, EntryUnreadable, Packed, Place, Streamed
from repack.stopwatch import stage, timed

_STREAM_ERROR = cast("type[Exception]", isal_zlib.error)
_RAW = -15  # window bits of a stream without zlib header
_LONGEST_STORED_BLOCK = 65_535  # RFC 1951 3.2.4
_PIECE = 1 << 20
_WORTH_A_SEARCH = 0.97  # a slow search through compressed frames pays only where a sample of them shrinks
_SAMPLE = 32 << 10


class Damaged(ValueError):
    """The stream is no deflate stream, ends early, or gives another number of bytes than announced."""


def crc32(data: bytes | memoryview, before: int = 0) -> int:
    """CRC-32 as zip wants it (APPNOTE 4.4.7), carried on from that of the bytes before."""
    return int(isal_zlib.crc32(data, before))


def inflate(stream: bytes, size: int) -> bytes:
    """All `size` bytes of a raw deflate stream. Raises Damaged; never makes more than `size` + 1 bytes."""
    return b"".join(inflate_pieces((stream,), size))


def inflate_pieces(stream: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The `size` bytes of a raw deflate stream that comes in pieces, in pieces of bounded length. Raises Damaged."""
    inflater = isal_zlib.decompressobj(wbits=_RAW)
    left = size
    try:
        for piece in stream:
            waiting = piece
            is_full = False
            while (waiting or is_full) and not inflater.eof:
                limit = min(left, _PIECE * 8) + 1
                with stage("inflate"):
                    out = inflater.decompress(waiting, max_length=limit)
                left -= len(out)
                if left < 0:
                    raise Damaged("it holds more bytes than its directory announces")
                yield out
                waiting = inflater.unconsumed_tail
                is_full = len(out) == limit  # then more may wait inside the inflater, although its input is used up
    except _STREAM_ERROR as error:
        raise Damaged("its compressed bytes are damaged") from error
    if not inflater.eof or left:
        raise Damaged("it ends before its announced size")


def inflate_start(stream: bytes, length: int) -> bytes:
    """Up to `length` first bytes of a raw deflate stream that may be cut short. Raises Damaged."""
    try:
        out: bytes = isal_zlib.decompressobj(wbits=_RAW).decompress(stream, max_length=length)
    except _STREAM_ERROR as error:
        raise Damaged("its compressed bytes are damaged") from error
    return out


@timed("deflate")
def pack(data: bytes, crc: int | None = None) -> Packed:
    """Store or deflate, whichever is smaller."""
    crc = crc32(data) if crc is None else crc
    quick: bytes = isal_zlib.compress(data, 1, _RAW) if data else b""
    if not data or len(quick) >= len(data):  # noise: a slower search finds nothing either
        return Packed(data, STORED, crc, len(data))
    slow = _deflate(data)
    return Packed(min(slow, quick, key=len), DEFLATED, crc, len(data))


@timed("deflate")
def pack_text(pieces: Iterable[bytes]) -> Packed:
    """Deflate a text that comes in pieces and is never held as a whole."""
    deflater = zlib.compressobj(6, zlib.DEFLATED, _RAW)
    packed: list[bytes] = []
    crc = size = 0
    for piece in pieces:
        crc, size = crc32(piece, crc), size + len(piece)
        packed.append(deflater.compress(piece))
    packed.append(deflater.flush())
    return Packed(b"".join(packed), DEFLATED, crc, size)


@timed("deflate")
def pack_around(parts: Sequence[tuple[bytes, bool]]) -> Packed:
    """Store or deflate a file of which only some parts shrink, whichever is smaller.

    `parts` are the file in order, each with "is worth deflating". Compressed frames are not: they go as stored
    blocks inside the deflate stream (RFC 1951 3.2.4), so that only the headers cost time.
    """
    crc, size = 0, 0
    for part, _worth in parts:
        crc, size = crc32(part, crc), size + len(part)
    deflater = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    pieces: list[bytes] = []
    for part, worth in parts:
        if worth:
            pieces += (deflater.compress(part), deflater.flush(zlib.Z_FULL_FLUSH))
        else:
            pieces += _stored_blocks(part)
    pieces.append(deflater.flush(zlib.Z_FINISH))
    around = b"".join(pieces)
    whole = b"".join(part for part, _worth in parts)
    frames = sum(len(part) for part, worth in parts if not worth)
    others = min(len(around), size) - frames if frames else 0
    best = (
        Packed(around, DEFLATED, crc, size, others) if len(around) < size else Packed(whole, STORED, crc, size, others)
    )
    sample = whole[size // 2 : size // 2 + _SAMPLE]
    if len(isal_zlib.compress(sample, 1, _RAW)) < _WORTH_A_SEARCH * len(sample):  # long runs shrink once more
        slow = _deflate(whole)
        if len(slow) < best.length:
            return Packed(slow, DEFLATED, crc, size, max(0, others - best.length + len(slow)))
    return best


def pack_streamed(place: Place, look: Callable[[bytes], None]) -> Streamed:
    """Pack a content in bounded memory, only to learn its length; `look` sees every piece. Raises EntryUnreadable."""
    deflater = _fast_deflater()
    crc = size = length = 0
    for piece in place.chunks():
        look(piece)
        crc, size = crc32(piece, crc), size + len(piece)
        length += len(deflater.compress(piece))
    length += len(deflater.flush())
    if length < size:
        return Streamed(place, DEFLATED, crc, size, length)
    return Streamed(place, STORED, crc, size, size)


def pack_again(streamed: Streamed) -> Iterator[bytes]:
    """The bytes that `pack_streamed` counted, in pieces. Raises EntryUnreadable where they are others now."""
    deflater = _fast_deflater() if streamed.method == DEFLATED else None
    crc = length = 0
    for piece in streamed.place.chunks():
        crc = crc32(piece, crc)
        out = deflater.compress(piece) if deflater else piece
        length += len(out)
        if length > streamed.length:
            break
        yield out
    out = deflater.flush() if deflater else b""
    if (crc, length + len(out)) != (streamed.crc, streamed.length):
        raise EntryUnreadable("it changed while it was being read")
    yield out


def _fast_deflater() -> "_Deflater":
    """isal at its best: ten times as fast as zlib, some percent larger; a large file is packed twice."""
    return cast("_Deflater", isal_zlib.compressobj(3, zlib.DEFLATED, _RAW))


class _Deflater(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def guess_deflated(data: bytes) -> int:
    """About how many bytes `data` takes in a zip: a fast upper bound, some percent above the best."""
    return min(len(data), len(isal_zlib.compress(data, 1, _RAW)))


def _deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, _RAW)
    return deflater.compress(data) + deflater.flush()


def _stored_blocks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _LONGEST_STORED_BLOCK):
        block = data[start : start + _LONGEST_STORED_BLOCK]
        yield b"\0" + len(block).to_bytes(2, "little") + (len(block) ^ 0xFFFF).to_bytes(2, "little")
        yield block
