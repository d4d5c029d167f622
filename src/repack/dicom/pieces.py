"""A large native image, encoded in pieces: its head first, lots of frames that know nothing of each other, its tail.

What comes out is, byte for byte, what `transcode` makes of the whole file, and it is proven the same way: each frame is
decoded again, and what lies around the frames is kept as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from repack.codecs.frames import Codec, CodecFailed, FrameLayout
from repack.dicom import assemble, encapsulated, explicit, header, image, part10, samples, source, syntaxes, transcode
from repack.dicom.image import Cells, Image, NotDone
from repack.dicom.order import LARGEST_OFFSET, Order, explain_leaving
from repack.dicom.samples import Words
from repack.model import Restorable

NATIVE = frozenset({syntaxes.EXPLICIT_LE, syntaxes.IMPLICIT_LE})
_TIFF_MARKS = (b"II", b"MM")  # what their offsets lead to lies anywhere in the file


@dataclass(frozen=True, slots=True)
class Begun:
    """An image of which only the head is known: the bytes before its first frame."""

    head: bytes
    image: Image  # its Pixel Data element ends where the tail does
    codec: Codec
    precisions: tuple[int, ...]  # of the stream, to be tried in this order

    @property
    def words(self) -> int:
        """Bytes of all frames."""
        return self.image.layout.size * self.image.frames


@dataclass(frozen=True, slots=True)
class TooNarrow:
    """Words of a lot have bits above Bits Stored: the stream has to declare whole cells."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A lot of frames as fragments, with the length of each stream."""

    fragments: bytes
    lengths: tuple[int, ...]
    may_show_otherwise: bool


def begin(start: bytes, size: int, order: Order) -> Begun | NotDone | None:
    """What is known from the first bytes of a file of `size` bytes; None: it has to be looked at as a whole."""
    try:
        top = header.read(start)
    except part10.Unparseable:
        return None
    pixels, meta = top.pixel_data, top.meta
    if pixels is None or meta is None or len(order.candidates) != 1 or order.candidates[0].max_error:
        return None
    if (
        meta.transfer_syntax not in NATIVE
        or start.startswith(_TIFF_MARKS)
        or explain_leaving(meta.transfer_syntax, order)
    ):
        return None
    leave = (
        image.refuse_content(start, top, "") or image.refuse_any_change(start, top) or source.refuse_native(top, size)
    )
    if leave:
        return NotDone(leave)
    head = start[: pixels.value]
    found = image.read_shape(head, top, len(head))  # of the tail more is said at the end
    if isinstance(found, NotDone):
        return found
    leave = source.refuse_lengths(found)
    if leave:
        return NotDone(leave)
    spare = pixels.length - found.layout.size * found.frames
    found = replace(found, header=replace(found.header, data=head), behind=len(head) + spare)
    codec = order.candidates[0]
    precisions = _choose_precisions(found.cells, codec)
    refusal = codec.refuse(replace(found.layout, precision=precisions[0]))
    return NotDone(refusal) if refusal else Begun(head, found, codec, precisions)


def _choose_precisions(cells: Cells, codec: Codec) -> tuple[int, ...]:
    whole = 8 * cells.layout.width
    if not codec.has_free_precision:
        return (whole,)
    narrow = samples.choose_precision(cells, Words(()))
    return (narrow, whole) if narrow < whole else (whole,)


def encode(data: bytes, cells: Cells, codec: Codec, *, is_planar: bool) -> Encoded | TooNarrow | NotDone:
    """Encode a lot of frames and decode each again; `cells.layout.precision` is that of the streams.

    Pure, for worker processes. What comes back out of the streams is `data`, or the reason is given.
    """
    layout, words = cells.layout, Words(((data, 0, len(data)),))
    is_narrow = layout.precision < 8 * layout.width
    if is_narrow and samples.choose_precision(cells, words) != layout.precision:
        return TooNarrow()
    streams = []
    try:
        for start in range(0, len(data), layout.size):
            frame = data[start : start + layout.size]
            stream = codec.encode(samples.by_pixel(frame, layout) if is_planar else frame, layout)
            if not _gives_back(stream, frame, layout, codec, is_planar=is_planar):
                return NotDone("the proof failed: decoding did not give back the same bytes")
            streams.append(stream + b"\0" if len(stream) % 2 else stream)
    except CodecFailed as error:
        return NotDone(str(error))
    shows = not is_narrow and samples.may_show_otherwise(cells, words)
    return Encoded(encapsulated.write_fragments(streams), tuple(map(len, streams)), shows)


def _gives_back(stream: bytes, frame: bytes, layout: FrameLayout, codec: Codec, *, is_planar: bool) -> bool:
    pixels = codec.decode(stream, layout)
    return (samples.by_plane(pixels, layout) if is_planar else pixels) == frame


@dataclass(frozen=True, slots=True)
class Around:
    """What stands before the fragments in the new file, and behind them; what gives the original back."""

    before: bytes
    behind: bytes
    restorable: Restorable


def surround(begun: Begun, tail: bytes, lengths: Sequence[int]) -> Around | NotDone:
    """Close a file of whose frames only the streams' lengths are needed; `tail` is all that followed the last frame.

    The length of `before` depends on the number of frames only.
    """
    shape, codec = begun.image, begun.codec
    hollow = begun.head + tail  # the file without its frames
    closed = image.read_shape(hollow, shape.header, shape.behind)
    if isinstance(closed, NotDone):
        return closed
    try:
        around = assemble.surround(hollow, shape, codec.transfer_syntax, {})
        if shape.header.number(image.PLANAR_CONFIGURATION) == 1:
            around = assemble.clear_planes(around)
        before, behind = assemble.frame_streams(around, lengths, LARGEST_OFFSET)
    except explicit.NotConvertible as error:
        return NotDone(str(error))
    except part10.Unparseable as error:
        return NotDone(f"its header cannot be converted ({error})")
    if not _reads_back(before, begun, lengths):
        return NotDone("the proof failed: the new header does not read as it should")
    return Around(before, behind, Restorable(begun.head, tail, is_planar=shape.is_planar))


def _reads_back(before: bytes, begun: Begun, lengths: Sequence[int]) -> bool:
    """Does a reader find the frames where they are, of the shape that they have?"""
    top = header.read(before)
    if top.pixel_data is None or top.meta is None or top.meta.transfer_syntax != begun.codec.transfer_syntax:
        return False
    table = part10.read_header(before, top.pixel_data.value)
    offsets = accumulate((8 + length for length in lengths[:-1]), initial=0)  # an item's header takes 8 bytes
    shape = begun.image.layout
    stated = (top.number(image.ROWS), top.number(image.COLUMNS), top.number(image.SAMPLES_PER_PIXEL), top.frames)
    return (
        stated == (shape.rows, shape.columns, shape.samples, begun.image.frames)
        and table.end == len(before)
        and before[table.value :] == b"".join(offset.to_bytes(4, "little") for offset in offsets)
    )


def describe(begun: Begun, precision: int) -> str:
    """What was done, in words for people."""
    return transcode.describe_lossless(f"{begun.image.frames} frames encoded", precision, is_exact=True)


def notes(*, may_show_otherwise: bool) -> tuple[str, ...]:
    """What has to be said of an image whose words hold more than their samples."""
    return (transcode.MAY_SHOW_OTHERWISE,) if may_show_otherwise else ()
