"""Which programs read which codec. A codec that nothing outside reads must be named here, or a test fails.

dcm4che and Weasis, which read JPEG XL in DICOM files, are no Debian packages: nothing here speaks for them.
"""

from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread

from repack import codecs
from repack.codecs.frames import Codec
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, transcode
from tests.interop import streams
from tests.interop.images import SYNTHETIC, frame_bytes, words_of
from tests.interop.programs import call
from tests.raw_dicom import fragments_of

NEAR, NEAR_ERROR = "jpegls-near", 2

#: Every codec that can be asked for by name; `smallest` chooses among them and `none` is no codec.
CODECS = [name for name in codecs.NAMES if name not in {"smallest", "none"}]

#: Programs that make a whole file native again, with the words before the file names, and the codecs that they know.
FILE_READERS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "dcmdjpls": ((), {"jpegls", NEAR}),
    "dcmdrle": ((), {"rle"}),
    "gdcmconv": (("--raw",), {"jpegls", NEAR, "j2k", "rle"}),
}

#: Programs that decode a bare stream. DCMTK and GDCM of Debian 12 know neither HTJ2K nor JPEG XL in DICOM files.
STREAM_READERS: dict[str, tuple[streams.Reader, set[str]]] = {
    "ffmpeg, JPEG-LS": (streams.ffmpeg_jpegls, {"jpegls", NEAR}),
    "ffmpeg, JPEG 2000": (streams.ffmpeg_jpeg2000, {"j2k"}),
    "opj_decompress": (streams.opj_decompress, {"j2k", "htj2k"}),
    "ojph_expand": (streams.ojph_expand, {"htj2k"}),
    "djxl": (streams.djxl, {"jpegxl"}),
}

#: Codecs whose files no program here can open as DICOM: only their bare streams are checked.
READ_AS_STREAMS_ONLY = {"htj2k", "jpegxl"}

_COLOUR = {name for name in SYNTHETIC if name.startswith(("colour", "YBR"))}

#: What a program gets wrong although it knows the codec, whoever wrote the file. Tests say how, or try DCMTK's.
BEYOND: dict[tuple[str, str], set[str]] = {
    # 5.1 has not implemented "sample interleaved", which is how everybody writes colour.
    ("ffmpeg, JPEG-LS", "jpegls"): _COLOUR,
    ("ffmpeg, JPEG-LS", NEAR): _COLOUR,
    # 3.0.21 stops at an assertion (7 in 8 bits), clears bits above Bits Stored, and mixes the colours of 16 bits.
    ("gdcmconv", "rle"): {
        "7 in 8 bits",
        "6 in 8 bits",
        "dirty bits in every word",
        "one dirty bit",
        "colour by pixel, 16 bits",
        "colour by plane, 16 bits",
    },
    # 0.9 writes negative samples as zero (test_streams.py).
    ("ojph_expand", "htj2k"): {"signed 8 bits", "signed 16 bits", "signed 12 in 16 bits"},
}

#: What a codec refuses, so that the original stays.
REFUSED: dict[str, set[str]] = {
    NEAR: {
        "7 in 8 bits",  # its stream has 8: a value could pass Bits Stored, and be shown as a small one
        "6 in 8 bits",
        "8 in 16 bits",  # its stream has 9
        "signed 8 bits",
        "signed 16 bits",
        "signed 12 in 16 bits",
        "palette",
        "dirty bits in every word",
        "one dirty bit",
        "high bit 15 of 12 in 16",
    },
}


def pairs(table: dict[str, tuple]) -> list[tuple[str, str]]:
    """Each program with each codec that it reads, as far as this installation writes it."""
    return [(program, codec) for program, row in table.items() for codec in CODECS if codec in row[1]]


def find_codec(name: str) -> Codec:
    (codec,) = codecs.choose(name, max_error=NEAR_ERROR)
    return codec


def rewrite(original: bytes, codec: str) -> bytes | NotDone:
    """The new file, or why there is none; any image that is stored without loss is written anew."""
    result = transcode(original, Order((find_codec(codec),), is_named=True))
    return result.data if isinstance(result, Rewritten) else result


def decode_file(program: str, new: bytes, folder: Path) -> Dataset:
    """A transcoded file as a program writes it uncompressed."""
    words, _codecs = FILE_READERS[program]
    (folder / "new.dcm").write_bytes(new)
    call(program, *words, folder / "new.dcm", folder / "native.dcm")
    return dcmread(folder / "native.dcm")


def decode_streams(program: str, new: bytes, original: Dataset, folder: Path) -> bytes:
    """The words of all frames of a transcoded file, each decoded on its own."""
    reader, _codecs = STREAM_READERS[program]
    shape = streams.Shape(original.Rows, original.Columns, original.SamplesPerPixel, original.BitsAllocated // 8)
    _table, fragments = fragments_of(new)
    assert len(fragments) * frame_bytes(original) == len(words_of(original))
    return b"".join(reader(fragment, shape, folder) for fragment in fragments)


def check_equal(found: bytes, wanted: bytes, original: Dataset, codec: str) -> None:
    """Every word as it was; for a near-lossless codec, within the error that was asked for."""
    if codec != NEAR:
        assert found == wanted
        return
    now, was = (np.frombuffer(words, f"<u{original.BitsAllocated // 8}").astype(int) for words in (found, wanted))
    assert now.shape == was.shape
    assert np.abs(now - was).max() <= NEAR_ERROR
