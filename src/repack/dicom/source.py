"""A file opened for its image: where the words of its frames come from, and what gives the file back.

Native images (Implicit VR, Explicit VR, big-endian, deflated, in uncompressed fragments) come back byte for byte; of
compressed ones the words do. No memory is taken on the word of a header.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from repack.codecs import READERS
from repack.codecs.frames import CodecFailed, FrameLayout, Reader
from repack.dicom import deflated, encapsulated, header, image, part10, samples, syntaxes
from repack.dicom.encapsulated import Fragments
from repack.dicom.header import Header
from repack.dicom.image import Image, NotDone
from repack.dicom.order import Order, explain_leaving
from repack.dicom.part10 import UNDEFINED
from repack.dicom.samples import Words
from repack.model import Restorable

_MOST_PER_BYTE, _SMALL = 1000, 64 << 20  # pixels of a frame that a stream may plausibly hold; below, nobody asks
_UNDONE_COLOURS = "its colours are stored in a way that is left alone (3 x YBR_RCT)"
_OTHER_ZLIB = "restoring it byte for byte takes a zlib that compresses as that of this computer does"


@dataclass(frozen=True, slots=True)
class Source:
    """An image to be written anew.

    `data` is the file, its data set inflated; `frames` gives each frame by pixel and little endian, any number of
    times; `restorable` is None where only the words come back.
    """

    data: bytes
    image: Image
    frames: Callable[[], Iterable[bytes]]
    words: Words
    restorable: Restorable | None
    notes: tuple[str, ...] = ()


def read(original: bytes, order: Order) -> Source | NotDone:
    """Open a DICOM file for its image, or say why it is left alone. Raises CodecFailed where it cannot be decoded."""
    try:
        data, top, rest = _open(original)
    except part10.Unparseable as error:
        return NotDone(f"its header cannot be read ({error})")
    syntax = top.meta.transfer_syntax if top.meta else None
    leave = image.refuse_content(data, top, explain_leaving(syntax, order)) or image.refuse_any_change(data, top)
    if leave:
        return NotDone(leave)
    if syntax == syntaxes.ENCAPSULATED_UNCOMPRESSED:
        return _read_fragments(data, top, order)
    if syntax in READERS:
        return _read_compressed(data, top, READERS[syntax])
    found = _read_native(data, top)
    return _deflate_too(original, found, rest, order) if syntax == syntaxes.DEFLATED_EXPLICIT else found


def _open(original: bytes) -> tuple[bytes, Header, bytes]:
    """The file with its data set inflated, its header, and the bytes behind a deflated data set."""
    meta = part10.read_meta(original)
    if meta is None or meta.transfer_syntax != syntaxes.DEFLATED_EXPLICIT:
        return original, header.read(original), b""
    data, rest = deflated.inflate(original, meta.data_set)
    return data, header.read_inflated(data, meta), rest


# --- native ---


def _read_native(data: bytes, top: Header) -> Source | NotDone:
    pixels = top.pixel_data
    leave = refuse_native(top, len(data))
    if leave or pixels is None:
        return NotDone(leave)
    found = image.read_shape(data, top, pixels.end)
    if isinstance(found, NotDone):
        return found
    leave = refuse_lengths(found)
    if leave:
        return NotDone(leave)
    size, start = found.layout.size, pixels.value
    is_swapped = top.encoding.order == "big" and pixels.vr == b"OW"
    if is_swapped and size % 2:
        return NotDone("its frames end in the middle of a big-endian word")
    end = start + size * found.frames
    if top.encoding.order == "big" and pixels.vr == b"OB" and found.layout.width > 1:
        words = data[start:end]
        if samples.swap(words) != words:  # PS3.5 A.2 wants OW here; readers differ on what this means
            return NotDone(
                "its 16-bit samples are marked as bytes (OB), so their order in a big-endian file is unclear"
            )
    return Source(
        data,
        found,
        lambda: _native_frames(data, found, end, is_swapped=is_swapped),
        Words(((data, start, end),), ">" if is_swapped else "<"),
        Restorable(data[:start], data[end:], is_planar=found.is_planar, is_swapped=is_swapped),
    )


def _native_frames(data: bytes, found: Image, end: int, *, is_swapped: bool) -> Iterator[bytes]:
    size = found.layout.size
    for start in range(found.pixel_data.value, end, size):
        frame = data[start : start + size]
        if is_swapped:
            frame = samples.swap(frame)
        yield samples.by_pixel(frame, found.layout) if found.is_planar else frame


def refuse_native(top: Header, size: int) -> str:
    """The reason why a native image of a file of `size` bytes is left alone whatever its shape, or nothing."""
    pixels = top.pixel_data
    if pixels is None:
        return "it holds no image (no Pixel Data element)"
    if pixels.length == UNDEFINED:
        return "its image is in fragments although its transfer syntax says that it is not"
    if part10.EXTENDED_OFFSET_TABLE in top.elements:
        return "its header speaks of fragments although its transfer syntax says that there are none"
    if pixels.vr not in {b"OB", b"OW", b""}:
        return "its Pixel Data element has an unusual type (VR)"
    if pixels.end > size:
        return "its image is cut short: the file ends inside the Pixel Data element"
    return ""


def refuse_lengths(found: Image) -> str:
    """The reason why a native image is left alone whose Pixel Data has another length than its frames, or nothing."""
    size = found.layout.size
    spare = found.pixel_data.length - size * found.frames
    if spare < 0:
        return "its image is cut short: Pixel Data is smaller than rows x columns x frames"
    if spare >= size and spare > 1:
        return "its Pixel Data holds more than the frames that its header announces"
    if found.photometric == "YBR_RCT":
        return _UNDONE_COLOURS
    return ""


def _deflate_too(original: bytes, found: Source | NotDone, rest: bytes, order: Order) -> Source | NotDone:
    """The same source, from a deflated file: with the recipe that deflates it again, where one is found."""
    if isinstance(found, NotDone) or found.restorable is None or not order.is_lossless:
        return found
    deflating = deflated.find_deflating(original, found.data, found.image.meta.data_set, rest)
    if deflating is not None:
        return replace(found, restorable=replace(found.restorable, deflating=deflating), notes=(_OTHER_ZLIB,))
    if order.is_exact_only:
        return NotDone("its deflated data set cannot be made again byte for byte, and --exact-only asks for that")
    return replace(found, restorable=None)


# --- in fragments ---


def _read_fragments(data: bytes, top: Header, order: Order) -> Source | NotDone:
    """Encapsulated Uncompressed Explicit VR Little Endian (PS3.5 A.4.11): stored words in fragments."""
    opened = _open_fragments(data, top)
    if isinstance(opened, NotDone):
        return opened
    fragments, found = opened
    if found.photometric == "YBR_RCT":
        return NotDone(_UNDONE_COLOURS)
    size = found.layout.size
    streams = [fragments.stream(data, n) for n in range(found.frames)]
    if any(len(stream) - size not in {0, size % 2} for stream in streams):
        return NotDone("its image is cut short: a fragment is smaller or larger than its frame")
    frames = [stream[:size] for stream in streams]
    if found.is_planar:
        frames = [samples.by_pixel(frame, found.layout) for frame in frames]
    spans = [spans[0] for spans in fragments.frames]
    gaps = {data[a[0] + size : b[0]] for a, b in pairwise(spans)}
    is_regular = len(gaps) < 2 and all(len(spans) == 1 for spans in fragments.frames)
    restorable = None
    if is_regular:
        head, tail = data[: spans[0][0]], data[spans[-1][0] + size :]
        restorable = Restorable(head, tail, is_planar=found.is_planar, gap=b"".join(gaps))
    elif order.is_exact_only:
        return NotDone("its fragments cannot be made again byte for byte, and --exact-only asks for that")
    return Source(data, found, lambda: frames, _words_of(frames), restorable)


def _read_compressed(data: bytes, top: Header, reader: Reader) -> Source | NotDone:
    """Frames that are compressed without loss, decoded, by two libraries where there are two."""
    opened = _open_fragments(data, top)
    if isinstance(opened, NotDone):
        return opened
    fragments, found = opened
    if found.photometric == "YBR_RCT" and not reader.undoes_colours:
        return NotDone(_UNDONE_COLOURS)
    frames = []
    for number in range(found.frames):
        stream = fragments.stream(data, number)
        if found.layout.size > max(_SMALL, _MOST_PER_BYTE * len(stream)):
            return NotDone("its header announces an image that its few bytes cannot hold")
        if not reader.holds_one_image(stream):
            return NotDone("what is compressed for one frame is not just one image, and the rest would be lost")
        frames.append(_decode(reader, stream, found.layout))
    found = replace(found, is_planar=False)
    return Source(data, found, lambda: frames, _words_of(frames), None)


def _open_fragments(data: bytes, top: Header) -> tuple[Fragments, Image] | NotDone:
    if encapsulated.has_inner_image(data, top):
        return NotDone("it holds a small image (an icon) that is compressed in the same way, and cannot follow it")
    fragments = encapsulated.read(data, top)
    if isinstance(fragments, NotDone):
        return fragments
    found = image.read_shape(data, top, fragments.behind)
    return found if isinstance(found, NotDone) else (fragments, found)


def _decode(reader: Reader, stream: bytes, layout: FrameLayout) -> bytes:
    frame = reader.decode(stream, layout)
    if len(frame) != layout.size:
        raise CodecFailed("its compressed image has another size than its header says")
    if reader.second_decode is not None and reader.second_decode(stream, layout) != frame:
        raise CodecFailed(f"{reader.tool.library} and another library decode its image differently")
    return frame


def _words_of(frames: Iterable[bytes]) -> Words:
    return Words(tuple((frame, 0, len(frame)) for frame in frames))
