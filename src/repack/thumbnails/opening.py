"""The frames of an image that are wanted, and no others: a file of any size is read in bounded memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from repack import codecs
from repack.codecs import jpeg
from repack.codecs.frames import CodecFailed, FrameLayout
from repack.dicom import deflated, encapsulated, header, part10, samples, showing, syntaxes
from repack.dicom.header import Header
from repack.dicom.image import NotDone
from repack.dicom.part10 import UNDEFINED
from repack.dicom.showing import Shape
from repack.dicom.syntaxes import Kind
from repack.model import EntryUnreadable, Place

_START = 16 << 10  # bytes that hold the header of nearly every slice
_MOST_HEADER = 64 << 20
_MOST_AT_ONCE = 64 << 20  # a native file above this is read in pieces
_MOST_COMPRESSED = 512 << 20  # a compressed file is held as a whole
_MOST_FRAME = 256 << 20
_UNDONE = frozenset({"YBR_RCT", "YBR_ICT"})  # PS3.3 C.7.6.3.1.2
_WIDTHS = frozenset({8, 16, 32})


class Undrawable(Exception):
    """No picture can be made of this image; the text says why, to people."""


def read_top(place: Place, size: int) -> Header:
    """The header of an image, read no further than it reaches. Raises Undrawable."""
    try:
        start = place.read_start(_START)
        while True:
            needed = 0
            try:
                top = header.read(start)
                needed = top.needed
            except part10.CutShort as error:
                top, needed = None, error.needed
            if needed <= len(start) or len(start) >= min(size, _MOST_HEADER):
                break
            more = place.read_start(min(max(needed + _START, 2 * len(start)), size, _MOST_HEADER))
            if len(more) <= len(start):
                break
            start = more
    except (EntryUnreadable, part10.Unparseable) as error:
        raise Undrawable("its header cannot be read") from error
    if top is None:
        raise Undrawable("its header cannot be read")
    return top


def read_frames(place: Place, size: int, wanted: Sequence[int]) -> tuple[Header, Shape, Mapping[int, bytes]]:
    """The header, the shape, and the wanted frames by pixel and little endian. Raises Undrawable."""
    top = read_top(place, size)
    try:
        if top.meta is not None and top.meta.transfer_syntax == syntaxes.DEFLATED_EXPLICIT:
            _refuse(size > _MOST_AT_ONCE, "it is too large")
            data, _rest = deflated.inflate(place.read(), top.meta.data_set)
            top = header.read_inflated(data, top.meta)
            shape = _shape_of(top)
            return top, shape, _native(data, top, shape, wanted)
        shape = _shape_of(top)
        if top.pixel_data is None:
            raise Undrawable("it holds no pixels that can be drawn")
        if top.pixel_data.length != UNDEFINED:
            if size <= _MOST_AT_ONCE:
                return top, shape, _native(place.read(), top, shape, wanted)
            return top, shape, _picked(place, top, shape, wanted)
        _refuse(size > _MOST_COMPRESSED, "it is too large")
        return top, *_compressed(place.read(), top, shape, wanted)
    except (EntryUnreadable, part10.Unparseable) as error:
        raise Undrawable("it cannot be read") from error
    except CodecFailed as error:
        raise Undrawable("it cannot be decoded") from error


def _refuse(is_refused: bool, why: str) -> None:  # noqa: FBT001  reads as a sentence
    if is_refused:
        raise Undrawable(why)


def _shape_of(top: Header) -> Shape:
    shape = showing.read_shape(top)
    if shape is None:
        raise Undrawable("its header does not say the shape of its image")
    bits = "1 bit" if shape.allocated == 1 else f"{shape.allocated} bits"
    _refuse(shape.allocated not in _WIDTHS, f"samples of {bits} are not drawn here")
    _refuse(shape.samples not in {1, 3}, "its colours are stored in a way that is not drawn here")
    _refuse(shape.size > _MOST_FRAME, "it is too large")
    return shape


def _native(data: bytes, top: Header, shape: Shape, wanted: Sequence[int]) -> Mapping[int, bytes]:
    return {n: _in_order(data[slice(*_span(top, shape, n))], top, shape, n) for n in wanted}


def _picked(place: Place, top: Header, shape: Shape, wanted: Sequence[int]) -> Mapping[int, bytes]:
    """The same out of a content that is too large to hold; it is read no further than needed."""
    spans = {n: _span(top, shape, n) for n in wanted}
    last = max(end for _start, end in spans.values())
    found = {n: bytearray() for n in wanted}
    at = 0
    for chunk in place.chunks():
        for n, (start, end) in spans.items():
            found[n] += chunk[max(start - at, 0) : max(end - at, 0)]
        at += len(chunk)
        if at >= last:
            break
    return {n: _in_order(bytes(frame), top, shape, n) for n, frame in found.items()}


def _is_swapped(top: Header, shape: Shape) -> bool:
    """Do two bytes of each word change places (PS3.5 7.3)? Those of 8-bit samples in OW do, too."""
    pixels = top.pixel_data
    return top.encoding.order == "big" and pixels is not None and pixels.vr == b"OW" and shape.allocated <= 16


def _span(top: Header, shape: Shape, n: int) -> tuple[int, int]:
    """Where a native frame lies, in whole words where they are swapped."""
    first = top.pixel_data.value if top.pixel_data else 0
    start, end = n * shape.size, (n + 1) * shape.size
    if _is_swapped(top, shape):
        start, end = start - start % 2, end + end % 2
    return first + start, first + end


def _in_order(frame: bytes, top: Header, shape: Shape, n: int) -> bytes:
    """A native frame by pixel and little endian."""
    _refuse(len(frame) < shape.size, "its image is cut short")
    _refuse(shape.samples == 3 and "422" in shape.photometric, "its colours are stored in a way that is not drawn here")
    if _is_swapped(top, shape):
        lead = n * shape.size % 2
        frame = samples.swap(frame[: len(frame) // 2 * 2])[lead : lead + shape.size]
    elif top.encoding.order == "big" and shape.allocated == 32:
        frame = samples.swap_long(frame)
    return samples.by_pixel(frame, _layout_of(shape)) if shape.is_planar else frame


def _compressed(data: bytes, top: Header, shape: Shape, wanted: Sequence[int]) -> tuple[Shape, Mapping[int, bytes]]:
    """The shape with the colours that the decoder gives, and the frames."""
    uid = top.meta.transfer_syntax if top.meta else None
    syntax = syntaxes.find(uid)
    _refuse(syntax.kind is Kind.VIDEO, "it is a video")
    fragments = encapsulated.read(data, top)
    if isinstance(fragments, NotDone):
        raise Undrawable(fragments.reason)
    _refuse(max(wanted) >= len(fragments.frames), "its image is cut short")
    streams = {n: fragments.stream(data, n) for n in wanted}
    if uid == syntaxes.ENCAPSULATED_UNCOMPRESSED:
        return shape, {n: _in_order(stream[: shape.size], top, shape, n) for n, stream in streams.items()}
    decode = codecs.VIEWERS.get(uid or "")
    if decode is None:
        raise Undrawable(f"{syntax.name} is not drawn here")
    shape = replace(shape, photometric=_colours(uid or "", streams[wanted[0]], shape))
    return shape, {n: decode(stream, _layout_of(shape)) for n, stream in streams.items()}


def _colours(uid: str, stream: bytes, shape: Shape) -> str:
    """What the three samples of a decoded pixel are: JPEG 2000 undoes its transform, a JPEG stream may know better."""
    if shape.samples == 1:
        return shape.photometric
    if shape.photometric in _UNDONE:
        return "RGB"
    if uid in {syntaxes.JPEG_BASELINE, syntaxes.JPEG_EXTENDED} and (is_ybr := jpeg.is_ybr(stream)) is not None:
        return "YBR_FULL" if is_ybr else "RGB"
    return shape.photometric


def _layout_of(shape: Shape) -> FrameLayout:
    return FrameLayout(
        shape.rows, shape.columns, shape.samples, shape.allocated // 8, shape.allocated, is_signed=shape.is_signed
    )
