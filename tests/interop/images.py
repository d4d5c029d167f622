"""Images of every shape that a codec takes, put together by hand; and what is in a file, word by word."""

from io import BytesIO

import numpy as np
from pydicom import Dataset, dcmread

from tests.raw_dicom import RawImage, element, text

ROWS, COLUMNS = 24, 26
CELLS = ROWS * COLUMNS


def identity(*, explicit: bool = True) -> bytes:
    """Patient, study and series: without them a server does not know where an image belongs."""
    patient = text(0x0010_0020, "LO", "NOBODY", explicit=explicit)
    study = text(0x0020_000D, "UI", "1.2.3.1", explicit=explicit)
    return patient + study + text(0x0020_000E, "UI", "1.2.3.2", explicit=explicit)


def grey(
    stored: int, *, allocated: int = 16, sign: int = 0, frames: int = 1, high: int | None = None, dirty: int = 0
) -> bytes:
    words = np.arange(CELLS * frames) * 11 % (1 << stored)
    if sign:
        words = words - (1 << (stored - 1))
    words = words | dirty
    raw = (words % (1 << allocated)).astype(f"<u{allocated // 8}").tobytes()
    image = RawImage(
        raw,
        ROWS,
        COLUMNS,
        allocated=allocated,
        stored=stored,
        high_bit=high,
        sign=sign,
        frames=frames if frames > 1 else None,
        extra=identity(),
    )
    return image.content


def colour(planar: int, *, allocated: int = 8, frames: int = 1, explicit: bool = True, photometric: str = "") -> bytes:
    words = (np.arange(3 * CELLS * frames) * 7 % 253).astype(f"<u{allocated // 8}").tobytes()
    image = RawImage(
        words,
        ROWS,
        COLUMNS,
        allocated=allocated,
        stored=allocated,
        samples=3,
        photometric=photometric,
        planar=planar,
        frames=frames if frames > 1 else None,
        explicit=explicit,
        extra=identity(explicit=explicit),
    )
    return image.content


def palette() -> bytes:
    """Indexes into a table of colours (PS3.3 C.7.6.3.1.5)."""
    entries = element(0x0028_1101, "US", b"\0\1\0\0\x10\0"), element(0x0028_1201, "OW", bytes(range(256)) * 2)
    table = b"".join(
        entry.replace(entry[:4], entry[:2] + bytes([entry[2] + colour]) + entry[3:4], 1)
        for entry in entries
        for colour in range(3)
    )
    return RawImage(
        (np.arange(CELLS) * 7 % 253).astype("u1").tobytes(),
        ROWS,
        COLUMNS,
        allocated=8,
        stored=8,
        photometric="PALETTE COLOR",
        extra=identity(),
        late=table,
    ).content


SYNTHETIC = {
    "8 bits": grey(8, allocated=8),
    "7 in 8 bits": grey(7, allocated=8),
    "6 in 8 bits": grey(6, allocated=8),
    "signed 8 bits": grey(8, allocated=8, sign=1),
    "16 bits": grey(16),
    "signed 16 bits": grey(16, sign=1),
    "12 in 16 bits": grey(12),
    "9 in 16 bits": grey(9),
    "8 in 16 bits": grey(8),
    "signed 12 in 16 bits": grey(12, sign=1),
    "3 frames of 12 in 16 bits": grey(12, frames=3),
    "3 frames of 8 bits": grey(8, allocated=8, frames=3),
    "colour by pixel": colour(0),
    "colour by plane": colour(1),
    "colour by plane, 2 frames": colour(1, frames=2),
    "colour by pixel, 16 bits": colour(0, allocated=16),
    "colour by plane, 16 bits": colour(1, allocated=16),
    "colour by plane, implicit": colour(1, explicit=False),
    "YBR_FULL by pixel": colour(0, photometric="YBR_FULL"),
    "YBR_FULL by plane": colour(1, photometric="YBR_FULL"),
    "palette": palette(),
    "dirty bits in every word": grey(12, dirty=0xF000),
    "one dirty bit": grey(12, dirty=0x8000),
    "high bit 15 of 12 in 16": grey(12, high=15),
}


def read(content: bytes) -> Dataset:
    return dcmread(BytesIO(content))


def frame_bytes(image: Dataset) -> int:
    """Bytes of one frame of native words."""
    return image.Rows * image.Columns * image.SamplesPerPixel * image.BitsAllocated // 8


def frames_of(image: Dataset) -> int:
    return int(image.get("NumberOfFrames") or 1)


def words_of(image: Dataset) -> bytes:
    """The native words of all frames, little endian, colour by pixel, without what follows the last frame."""
    words = image.PixelData[: frame_bytes(image) * frames_of(image)]
    if image.BitsAllocated == 16 and not image.file_meta.TransferSyntaxUID.is_little_endian:
        words = np.frombuffer(words, ">u2").astype("<u2").tobytes()
    if image.SamplesPerPixel == 1 or image.get("PlanarConfiguration", 0) == 0:
        return words
    return by_pixel(words, image)


def by_pixel(planes: bytes, image: Dataset) -> bytes:
    """Words in colour-by-plane order, put into colour-by-pixel order."""
    cells = np.frombuffer(planes, f"<u{image.BitsAllocated // 8}")
    return cells.reshape(-1, image.SamplesPerPixel, image.Rows * image.Columns).transpose(0, 2, 1).tobytes()
