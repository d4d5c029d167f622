"""Deflate as small as it gets: libdeflate at its best, proven by inflating with another library.

Zopfli gains another 0.7 % at a fiftieth of the speed (0.2 MB/s against 8 to 13), which is no use on a disc.
"""

from repack import deflate
from repack.model import DEFLATED, Packed, Raw
from repack.stopwatch import stage

_BEST = 12
_WORTH_IT = 0.99  # what a quick deflate does not bring below this share is compressed in itself already


@stage("squeeze")
def or_else(data: bytes, plain: Packed | Raw) -> Packed | Raw:
    """`data` as a raw deflate stream (RFC 1951); `plain`, which holds the same, where that is no larger."""
    import imagecodecs  # noqa: PLC0415  most runs do not ask for it

    if deflate.guess_deflated(data) >= _WORTH_IT * len(data):
        return plain
    try:
        stream = bytes(imagecodecs.deflate_encode(data, level=_BEST, raw=True))
        is_better = len(stream) < plain.length and deflate.inflate(stream, len(data)) == data
    except (imagecodecs.DeflateError, deflate.Damaged):
        return plain
    return Packed(stream, DEFLATED, plain.crc, len(data)) if is_better else plain
