"""The bytes of one entry of a zip, without opening the whole archive.

A worker must not parse the directory of a whole disc for one slice, and compressed bytes are carried over as they are.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from repack import deflate
from repack.bundles import zip_encryption, zip_methods
from repack.bundles.zip_encryption import Lock, Locked
from repack.model import DEFLATED, STORED, EntryUnreadable, Raw
from repack.stopwatch import stage

_LOCAL_HEADER = struct.Struct("<4s5H3I2H")  # APPNOTE 4.3.7
_LOCAL_SIGNATURE = b"PK\x03\x04"
_PIECE, _SHORT_PIECE = 1 << 20, 16 << 10


@dataclass(frozen=True, slots=True)
class ZipPlace:
    """Where one entry lies in a zip; sizes and CRC are those of the central directory."""

    file: Path
    header_offset: int
    method: int
    stored: int
    size: int
    crc: int

    def raw(self) -> Raw:
        """The compressed bytes, found through the local header (APPNOTE 4.3.7). Raises EntryUnreadable."""
        try:
            with self.file.open("rb") as file:
                file.seek(self.header_offset)
                header = file.read(_LOCAL_HEADER.size)
                end = file.seek(0, 2)
        except OSError as error:
            raise EntryUnreadable(error.strerror or "the medium cannot be read") from error
        if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
            raise EntryUnreadable("its header in the zip is missing")
        *_rest, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        offset = self.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if offset + self.stored > end:
            raise EntryUnreadable("the zip ends before it does")
        return Raw(self.file, offset, self.stored, self.method, self.crc, self.size)

    def read(self) -> bytes:
        """The whole content, size and CRC checked. Raises EntryUnreadable."""
        if self.method != STORED:
            return b"".join(self.chunks())
        raw = self.raw()
        data = b"".join(_pieces(raw, raw.length, max(raw.length, 1)))  # in one piece: a large image is held once
        _check(raw, len(data), deflate.crc32(data))
        return data

    def read_start(self, length: int) -> bytes:
        """The first `length` bytes or fewer. Raises EntryUnreadable."""
        raw = self.raw()
        wanted = min(raw.length, length if self.method == STORED else length + 1024)
        compressed = b"".join(_pieces(raw, wanted))
        try:
            return compressed[:length] if self.method == STORED else deflate.inflate_start(compressed, length)
        except deflate.Damaged as error:
            raise EntryUnreadable(str(error)) from error

    def chunks(self) -> Iterator[bytes]:
        """The content in bounded pieces; size and CRC are checked at the end. Raises EntryUnreadable."""
        yield from read_raw(self.raw())


@dataclass(frozen=True, slots=True)
class PackedPlace:
    """Where an entry lies whose bytes no new zip may hold: another method than stored and deflated, or encrypted."""

    lies: ZipPlace
    method: int
    lock: Lock | None = None
    has_crc: bool = True  # AES entries may leave it out: they are sealed otherwise

    def raw(self) -> Raw | None:
        """None: these bytes cannot be carried over."""
        return None

    def read(self) -> bytes:
        """The whole content, size and CRC (or seal) checked. Raises EntryUnreadable."""
        return b"".join(self.chunks())

    def read_start(self, length: int) -> bytes:
        """The first `length` bytes or fewer. Raises EntryUnreadable."""
        found, size = [], 0
        for piece in self._unpack(_SHORT_PIECE):
            found.append(piece)
            size += len(piece)
            if size >= length:
                break
        return b"".join(found)[:length]

    def chunks(self) -> Iterator[bytes]:
        """The content in bounded pieces, checked at the end. Raises EntryUnreadable."""
        crc, size = 0, 0
        for piece in self._unpack(_PIECE):
            crc, size = deflate.crc32(piece, crc), size + len(piece)
            yield piece
        if size != self.lies.size:
            raise EntryUnreadable("its size is not the announced one")
        if self.has_crc and crc != self.lies.crc:
            raise EntryUnreadable("its checksum (CRC) is wrong")

    def _unpack(self, piece: int) -> Iterator[bytes]:
        raw = self.lies.raw()
        stream = _pieces(raw, raw.length, piece)
        if self.lock is not None:
            stream = zip_encryption.decrypt(self.lock, stream, raw.length)
        try:
            if self.method == STORED:
                yield from stream
            elif self.method == DEFLATED:
                yield from deflate.inflate_pieces(stream, raw.size)
            else:
                yield from zip_methods.decompress(self.method, stream, raw.size)
            for _rest in stream:  # lets the seal behind the last byte be checked
                pass
        except (deflate.Damaged, Locked) as error:
            raise EntryUnreadable(str(error)) from error


def read_raw(raw: Raw, look: Callable[[bytes], object] | None = None) -> Iterator[bytes]:
    """The content of such bytes in bounded pieces, size and CRC checked at the end; `look` sees the bytes themselves.

    Raises EntryUnreadable.
    """
    crc, size = 0, 0
    pieces = read_bytes(raw, look)
    try:
        for piece in pieces if raw.method == STORED else deflate.inflate_pieces(pieces, raw.size):
            crc, size = deflate.crc32(piece, crc), size + len(piece)
            yield piece
    except deflate.Damaged as error:
        raise EntryUnreadable(str(error)) from error
    _check(raw, size, crc)


def read_bytes(raw: Raw, look: Callable[[bytes], object] | None = None) -> Iterator[bytes]:
    """Such bytes as they lie, deflated or stored, in bounded pieces; `look` sees each first. Raises EntryUnreadable."""
    pieces = _pieces(raw, raw.length)
    return pieces if look is None else _shown(pieces, look)


def _check(raw: Raw, size: int, crc: int) -> None:
    if size != raw.size:
        raise EntryUnreadable("its size is not the announced one")
    if crc != raw.crc:
        raise EntryUnreadable("its checksum (CRC) is wrong")


def _shown(pieces: Iterator[bytes], look: Callable[[bytes], object]) -> Iterator[bytes]:
    for piece in pieces:
        look(piece)
        yield piece


def _pieces(raw: Raw, length: int, most: int = _PIECE) -> Iterator[bytes]:
    try:
        with raw.file.open("rb") as file:
            file.seek(raw.offset)
            left = length
            while left > 0:
                with stage("read"):
                    piece = file.read(min(left, most))
                if not piece:
                    raise EntryUnreadable("the zip ends before it does")
                left -= len(piece)
                yield piece
    except OSError as error:
        raise EntryUnreadable(error.strerror or "the medium cannot be read") from error
