"""Read back the frames of a file that repack wrote: for the proof, and for the way back to the original."""

from collections.abc import Iterator

from repack import codecs
from repack.codecs.frames import CodecFailed, Decode, FrameLayout
from repack.dicom import encapsulated, header, image, part10, samples, syntaxes
from repack.dicom.image import NotDone


def read(new: bytes, decode: Decode | None = None) -> tuple[FrameLayout, Iterator[bytes]]:
    """The shape of the frames of a file, and each of them by pixel and little endian.

    `decode` overrules the decoder of the file's transfer syntax. Raises CodecFailed and Unparseable, the latter where
    repack did not write the file, too.
    """
    top = header.read(new)
    if top.pixel_data is None or top.meta is None:
        raise part10.Unparseable("no Pixel Data in the transcoded file")
    layout = _stated_layout(top)
    return layout, _frames_of(new, top, layout, decode)


def _frames_of(new: bytes, top: header.Header, layout: FrameLayout, decode: Decode | None) -> Iterator[bytes]:
    """The frames of a file that we wrote, by pixel and little endian."""
    pixels, syntax = top.pixel_data, top.meta.transfer_syntax if top.meta else None
    if pixels is None or syntax is None:
        raise part10.Unparseable("no Pixel Data in the transcoded file")
    if syntax == syntaxes.EXPLICIT_LE:
        yield from _native_frames(new, top, pixels, layout)
        return
    decode = decode or _find_decoder(syntax)
    fragments = encapsulated.read(new, top)
    if isinstance(fragments, NotDone):
        raise part10.Unparseable(fragments.reason)
    for number in range(len(fragments.frames)):
        yield decode(fragments.stream(new, number), layout)


def _native_frames(new: bytes, top: header.Header, pixels: part10.Element, layout: FrameLayout) -> Iterator[bytes]:
    frames = top.frames or 0
    if pixels.length == part10.UNDEFINED or not layout.size * frames <= pixels.length <= len(new) - pixels.value:
        raise part10.Unparseable("the Pixel Data of the transcoded file is cut short")
    is_planar = layout.samples > 1 and top.number(image.PLANAR_CONFIGURATION) == 1
    for start in range(pixels.value, pixels.value + layout.size * frames, layout.size):
        frame = new[start : start + layout.size]
        yield samples.by_pixel(frame, layout) if is_planar else frame


def _find_decoder(syntax: str) -> Decode:
    if syntax in codecs.BY_TRANSFER_SYNTAX:
        return codecs.BY_TRANSFER_SYNTAX[syntax].decode
    if syntax in codecs.READERS:
        return codecs.READERS[syntax].decode
    raise CodecFailed("no codec for this transfer syntax is installed")


def _stated_layout(top: header.Header) -> FrameLayout:
    rows, columns, colours, allocated = (
        top.number(tag) or 0 for tag in (image.ROWS, image.COLUMNS, image.SAMPLES_PER_PIXEL, image.BITS_ALLOCATED)
    )
    return FrameLayout(rows, columns, colours, allocated // 8, allocated)
