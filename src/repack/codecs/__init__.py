"""The tables of codecs and of readers. A new codec is a module beside this one and a row here."""

from collections.abc import Iterable

from repack.codecs import jpeg, jpeg2000, jpeglossless, jpegls, jpegxl, rle
from repack.codecs.frames import Codec, CodecFailed, Decode, FrameLayout, Reader, Unpacker

CODECS: tuple[Codec, ...] = (
    jpegls.LOSSLESS,
    jpeg2000.LOSSLESS,
    jpeg2000.HIGH_THROUGHPUT,
    jpegxl.LOSSLESS,
    rle.LOSSLESS,
)

#: Single lossless codecs, without options.
BY_NAME = {codec.name: codec for codec in CODECS}
BY_TRANSFER_SYNTAX = {codec.transfer_syntax: codec for codec in CODECS}

#: Codecs by the transfer syntax of a file, for who asks which programs open it: near-lossless JPEG-LS as lossless.
OPENED_AS = BY_TRANSFER_SYNTAX | {jpegls.NEAR_SYNTAX: jpegls.LOSSLESS}

#: What can be decoded: to compress it again, or to restore it.
READERS: dict[str, Reader] = {
    reader.transfer_syntax: reader
    for module in (rle, jpeglossless, jpegls, jpeg2000, jpegxl)
    for reader in module.READERS
}

#: What can be decoded to be looked at: the same, and what was compressed with loss. Never used for a proof.
VIEWERS: dict[str, Decode] = {uid: reader.decode for uid, reader in READERS.items()} | {
    "1.2.840.10008.1.2.4.50": jpeg.decode,
    "1.2.840.10008.1.2.4.51": jpeg.decode,
    "1.2.840.10008.1.2.4.81": READERS[jpegls.LOSSLESS.transfer_syntax].decode,
    "1.2.840.10008.1.2.4.91": READERS[jpeg2000.LOSSLESS.transfer_syntax].decode,
    "1.2.840.10008.1.2.4.112": READERS[jpegxl.LOSSLESS.transfer_syntax].decode,
    "1.2.840.10008.1.2.4.203": READERS[jpeg2000.HIGH_THROUGHPUT.transfer_syntax].decode,
}

LARGEST_ERROR = jpegls.LARGEST_ERROR

SMALLEST, NONE, NEAR = "smallest", "none", "jpegls-near"
NONE_OPENED_BY = "every program, old ones too (not compressed)"
#: `smallest` tries these for each image: the ones that most viewers open.
_SAFE = ("jpegls", "j2k")

#: What `--codec` takes.
NAMES: tuple[str, ...] = (*BY_NAME, NEAR, SMALLEST, NONE)


def choose(name: str, max_error: int = 0, effort: int | None = None) -> tuple[Codec, ...]:
    """The codecs that a name of `--codec` stands for, the preferred one first; the smallest result counts.

    One for a plain name, several for `smallest`, none at all for `none`: native Explicit VR Little Endian.
    `max_error` belongs to `jpegls-near` (1 or more; stored words, unsigned), `effort` to `jpegxl`; others ignore it.
    Raises KeyError for a name that is not in NAMES.
    """
    if name == NONE:
        return ()
    if name == SMALLEST:
        return tuple(BY_NAME[safe] for safe in _SAFE)
    if name == NEAR:
        return (jpegls.near(max_error),)
    if name == jpegxl.LOSSLESS.name and effort is not None:
        return (jpegxl.with_effort(effort),)
    return (BY_NAME[name],)


def find_unpackers(uids: Iterable[str]) -> dict[Unpacker, list[str]]:
    """The programs that make files in these transfer syntaxes uncompressed again, each with those that it reads."""
    found: dict[Unpacker, list[str]] = {}
    for uid in uids:
        for unpacker in OPENED_AS[uid].unpackers if uid in OPENED_AS else ():
            found.setdefault(unpacker, []).append(uid)
    return found


def find_problem(codec: Codec) -> str:
    """Why a codec does not work on this installation, found by trying it; empty where it works."""
    layout = FrameLayout(rows=32, columns=32, samples=1, width=2, precision=16)
    frame = bytes(range(256)) * (layout.size // 256)
    try:
        came_back = codec.decode(codec.encode(frame, layout), layout)
    except ImportError as error:
        return f"{error.name or 'a part of it'} is not installed"
    except CodecFailed as error:
        return str(error)
    is_right = came_back == frame or codec.max_error > 0
    return "" if is_right else "it does not give back what it was given"
