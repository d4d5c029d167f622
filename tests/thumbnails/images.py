"""Images in memory for the tests of pictures: files made by hand, and places that hold them."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from repack.model import Raw
from repack.thumbnails.drawing import File
from tests.raw_dicom import RawImage, text


@dataclass(frozen=True, slots=True)
class Held:
    """A place that holds its content; `piece` is the size of its chunks."""

    data: bytes
    piece: int = 1000

    def read(self) -> bytes:
        return self.data

    def read_start(self, length: int) -> bytes:
        return self.data[:length]

    def chunks(self) -> Iterator[bytes]:
        for at in range(0, len(self.data), self.piece):
            yield self.data[at : at + self.piece]

    def raw(self) -> Raw | None:
        return None


def held(content: bytes) -> File:
    return File(Held(content), len(content))


def words(array: np.ndarray) -> bytes:
    return array.astype("<u2").tobytes()


def slice_file(
    array: np.ndarray, *, position: tuple[float, float, float] | None = None,
    orientation: tuple[float, ...] = (1, 0, 0, 0, 1, 0), extra: bytes = b"", late: bytes = b"", **fields: object,
) -> bytes:  # fmt: skip
    """A 12-in-16 image with its place in the patient."""
    rows, columns = array.shape
    place = b""
    if position is not None:
        place = text(0x0020_0032, "DS", "\\".join(f"{part:g}" for part in position))
        place += text(0x0020_0037, "DS", "\\".join(f"{part:g}" for part in orientation))
    image = RawImage(words(array), rows, columns, extra=extra + place, late=late, **fields)  # type: ignore[arg-type]
    return image.content


def read_png(data: bytes) -> np.ndarray:
    """A PNG of bytes decoded by hand (ISO/IEC 15948 9.2): a second reader, which shares no code with the writer."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed, size, kind = 8, b"", (0, 0), 0
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if name == b"IHDR":
            columns, rows, bits, kind, *_ = struct.unpack(">IIBBBBB", body)
            assert bits == 8
            size = rows, columns
        packed += body if name == b"IDAT" else b""
        at += 12 + length
    samples = {0: 1, 2: 3}[kind]
    rows, columns = size
    lines = np.frombuffer(zlib.decompress(packed), "u1").reshape(rows, 1 + columns * samples)
    out = np.zeros((rows, columns * samples), np.uint8)
    for y in range(rows):
        for x in range(columns * samples):
            left = int(out[y, x - samples]) if x >= samples else 0
            above = int(out[y - 1, x]) if y else 0
            corner = int(out[y - 1, x - samples]) if y and x >= samples else 0
            guess = (0, left, above, (left + above) // 2, _paeth(left, above, corner))[lines[y, 0]]
            out[y, x] = (int(lines[y, 1 + x]) + guess) & 0xFF
    return out.reshape(rows, columns, 3) if samples == 3 else out


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))
