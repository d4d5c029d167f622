"""One frame's bare stream, decoded to words by programs that know nothing of DICOM."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.interop.programs import call

_SIZ, _COD = b"\xff\x4f\xff\x51", b"\xff\x52"  # ISO/IEC 15444-1 A.4.1, A.5.1, A.6.1
_SOF55 = b"\xff\xf7"  # ISO/IEC 14495-1 C.2.2


@dataclass(frozen=True, slots=True)
class Shape:
    rows: int
    columns: int
    samples: int
    width: int  # bytes per sample

    @property
    def count(self) -> int:
        return self.rows * self.columns * self.samples


def jpegls_precision(stream: bytes) -> int:
    return stream[stream.index(_SOF55) + 4]


def jpeg2000_precision(stream: bytes) -> int:
    assert stream.startswith(_SIZ)
    return (stream[42] & 0x7F) + 1


def is_signed_jpeg2000(stream: bytes) -> bool:
    assert stream.startswith(_SIZ)
    return stream[42] >= 0x80


def has_colour_transform(stream: bytes) -> bool:
    """Does a JPEG 2000 code stream turn RGB into YCbCr (reversibly) by itself?"""
    return stream[stream.index(_COD) + 8] == 1


def _widen(cells: NDArray[np.unsignedinteger], shape: Shape) -> bytes:
    assert cells.size == shape.count
    return cells.astype(f"<u{shape.width}").tobytes()


def _run_ffmpeg(name: str, stream: bytes, shape: Shape, folder: Path, precision: int) -> bytes:
    """The words as ffmpeg's own decoder gives them: in cells of 8 or 16 bits, shifted to the top of the cell."""
    (folder / name).write_bytes(stream)
    call("ffmpeg", "-v", "error", "-y", "-i", folder / name, "-f", "rawvideo", folder / "ffmpeg.raw")
    raw = (folder / "ffmpeg.raw").read_bytes()
    size = len(raw) // shape.count
    return _widen(np.frombuffer(raw, f"<u{size}") >> (8 * size - precision), shape)


def ffmpeg_jpegls(stream: bytes, shape: Shape, folder: Path) -> bytes:
    return _run_ffmpeg("frame.jls", stream, shape, folder, jpegls_precision(stream))


def ffmpeg_jpeg2000(stream: bytes, shape: Shape, folder: Path) -> bytes:
    precision = jpeg2000_precision(stream)
    words = _run_ffmpeg("frame.j2k", stream, shape, folder, precision)
    if not is_signed_jpeg2000(stream):
        return words
    # It shows signed samples from zero upwards: take that off again, and sign-extend.
    return _widen(np.frombuffer(words, f"<u{shape.width}") - (1 << (precision - 1)), shape)


def opj_decompress(stream: bytes, shape: Shape, folder: Path) -> bytes:
    """OpenJPEG writes samples as they are, signed ones too, colour by plane."""
    (folder / "frame.j2k").write_bytes(stream)
    call("opj_decompress", "-i", folder / "frame.j2k", "-o", folder / "opj.rawl")
    raw = (folder / "opj.rawl").read_bytes()
    kind = "i" if is_signed_jpeg2000(stream) else "u"
    cells = np.frombuffer(raw, f"<{kind}{len(raw) // shape.count}")
    if jpeg2000_precision(stream) < 8 * cells.itemsize and kind == "i":
        spare = 8 * cells.itemsize - jpeg2000_precision(stream)
        cells = cells << spare >> spare  # it leaves the sign in the stream's own highest bit
    return _widen(cells.reshape(shape.samples, -1).T, shape)


def _read_netpbm(path: Path, shape: Shape) -> bytes:
    """The samples of a binary PGM or PPM (netpbm.sourceforge.net/doc/pgm.html): big endian above 8 bits."""
    magic, columns_rows, highest, raw = path.read_bytes().split(b"\n", 3)
    assert magic == (b"P5" if shape.samples == 1 else b"P6")
    assert columns_rows.split() == [b"%d" % shape.columns, b"%d" % shape.rows]
    return _widen(np.frombuffer(raw, ">u2" if int(highest) > 255 else "u1"), shape)


def ojph_expand(stream: bytes, shape: Shape, folder: Path) -> bytes:
    (folder / "frame.j2c").write_bytes(stream)
    if shape.samples == 3:
        call("ojph_expand", "-i", folder / "frame.j2c", "-o", folder / "ojph.ppm")
        return _read_netpbm(folder / "ojph.ppm", shape)
    call("ojph_expand", "-i", folder / "frame.j2c", "-o", folder / "ojph.raw")
    raw = (folder / "ojph.raw").read_bytes()
    return _widen(np.frombuffer(raw, f"<u{len(raw) // shape.count}"), shape)


def djxl(stream: bytes, shape: Shape, folder: Path) -> bytes:
    (folder / "frame.jxl").write_bytes(stream)
    target = folder / ("djxl.pgm" if shape.samples == 1 else "djxl.ppm")
    call("djxl", folder / "frame.jxl", target)
    return _read_netpbm(target, shape)


Reader = Callable[[bytes, Shape, Path], bytes]
