"""DICOM files put together from bytes by hand: a second writer, which shares no code with the one under test.

An element is a span of bytes; a file is a concatenation of spans, so a test knows where each byte belongs.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
UNCOMPRESSED_FRAGMENTS = "1.2.840.10008.1.2.1.98"
JPEG_LS = "1.2.840.10008.1.2.4.80"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
UNDEFINED = 0xFFFF_FFFF
ITEM_END, SEQUENCE_END = b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_LONG = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


def tag_bytes(tag: int) -> bytes:
    return (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")


def element(tag: int, vr: str, value: bytes, *, explicit: bool = True, length: int | None = None) -> bytes:
    """One element; `length` overrules the real length of its value."""
    size = len(value) if length is None else length
    if not explicit:
        return tag_bytes(tag) + size.to_bytes(4, "little") + value
    if vr in _LONG:
        return tag_bytes(tag) + vr.encode() + b"\0\0" + size.to_bytes(4, "little") + value
    return tag_bytes(tag) + vr.encode() + size.to_bytes(2, "little") + value


def text(tag: int, vr: str, value: str, *, explicit: bool = True) -> bytes:
    """A text element, padded to even length as PS3.5 6.2 wants it."""
    raw = value.encode("ascii")
    return element(tag, vr, raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2), explicit=explicit)


def number(tag: int, value: int, *, explicit: bool = True) -> bytes:
    """An unsigned short."""
    return element(tag, "US", value.to_bytes(2, "little"), explicit=explicit)


def item(content: bytes, *, defined: bool = True) -> bytes:
    if defined:
        return b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content
    return b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + content + ITEM_END


def sequence(tag: int, items: Iterable[bytes], *, explicit: bool = True, defined: bool = True, vr: str = "SQ") -> bytes:
    """A sequence of items, each given as the bytes of its elements."""
    content = b"".join(item(content, defined=defined) for content in items)
    if defined:
        return element(tag, vr, content, explicit=explicit)
    return element(tag, vr, content + SEQUENCE_END, explicit=explicit, length=UNDEFINED)


def group_length(group: int, rest: bytes, *, explicit: bool = True) -> bytes:
    return element(group << 16, "UL", len(rest).to_bytes(4, "little"), explicit=explicit)


def with_length(group: int, rest: bytes, *, explicit: bool = True) -> bytes:
    """The elements of a group behind their group length."""
    return group_length(group, rest, explicit=explicit) + rest


def file_meta(transfer_syntax: str | None, *, has_length: bool = True, sop_class: str = CT_IMAGE) -> bytes:
    """File meta information (PS3.10 7.1) without the preamble."""
    rest = b"".join(
        (
            element(0x0002_0001, "OB", b"\0\1"),
            text(0x0002_0002, "UI", sop_class),
            text(0x0002_0003, "UI", "1.2.3.4.5"),
            b"" if transfer_syntax is None else text(0x0002_0010, "UI", transfer_syntax),
            text(0x0002_0012, "UI", "1.2.3.99"),
            text(0x0002_0013, "SH", "HAND MADE 1.0"),
        )
    )
    return with_length(2, rest) if has_length else rest


@dataclass(frozen=True, slots=True)
class RawImage:
    """An image file in spans; `content` joins them. The defaults are a plain 12-in-16 monochrome image.

    `extra` are elements of groups below 0028, `late` those between 0028 and Pixel Data, `behind` all that follows the
    Pixel Data value. `planar` None leaves the attribute out.
    """

    words: bytes
    rows: int
    columns: int
    allocated: int = 16
    stored: int = 12
    high_bit: int | None = None
    sign: int = 0
    samples: int = 1
    photometric: str = ""
    planar: int | None = None
    frames: int | None = None
    explicit: bool = True
    preamble: bytes = bytes(128) + b"DICM"
    has_meta_length: bool = True
    syntax: str = ""
    extra: bytes = b""
    late: bytes = b""
    has_image_group_length: bool = False
    has_pixel_group_length: bool = False
    pixel_vr: str = ""
    padding: bytes = b""
    behind: bytes = b""
    changes: dict[int, bytes] = field(default_factory=dict)  # elements of group 0028 that replace ours

    @property
    def meta(self) -> bytes:
        return file_meta(
            self.syntax or (EXPLICIT_LE if self.explicit else IMPLICIT_LE), has_length=self.has_meta_length
        )

    def image_group(self, planar: int | None) -> bytes:
        """Group 0028, with a Planar Configuration that may be another than the file's."""
        high_bit = self.stored - 1 if self.high_bit is None else self.high_bit
        photometric = self.photometric or ("RGB" if self.samples == 3 else "MONOCHROME2")
        kwargs = {"explicit": self.explicit}
        elements = {
            0x0028_0002: number(0x0028_0002, self.samples, **kwargs),
            0x0028_0004: text(0x0028_0004, "CS", photometric, **kwargs),
            0x0028_0006: b"" if planar is None else number(0x0028_0006, planar, **kwargs),
            0x0028_0008: b"" if self.frames is None else text(0x0028_0008, "IS", str(self.frames), **kwargs),
            0x0028_0010: number(0x0028_0010, self.rows, **kwargs),
            0x0028_0011: number(0x0028_0011, self.columns, **kwargs),
            0x0028_0100: number(0x0028_0100, self.allocated, **kwargs),
            0x0028_0101: number(0x0028_0101, self.stored, **kwargs),
            0x0028_0102: number(0x0028_0102, high_bit, **kwargs),
            0x0028_0103: number(0x0028_0103, self.sign, **kwargs),
        }
        rest = b"".join((elements | self.changes).values())
        return with_length(0x28, rest, explicit=self.explicit) if self.has_image_group_length else rest

    def data_set(self, planar: int | None) -> bytes:
        """Everything between the file meta and group 7FE0."""
        first = text(0x0008_0016, "UI", CT_IMAGE, explicit=self.explicit)
        second = text(0x0008_0018, "UI", "1.2.3.4.5", explicit=self.explicit)
        return first + second + self.extra + self.image_group(planar) + self.late

    @property
    def value(self) -> bytes:
        return self.words + self.padding

    @property
    def pixels(self) -> bytes:
        """Group 7FE0 up to the end of the Pixel Data value."""
        vr = self.pixel_vr or ("OB" if self.allocated == 8 else "OW")
        pixel_data = element(0x7FE0_0010, vr, self.value, explicit=self.explicit)
        if self.has_pixel_group_length:
            return with_length(0x7FE0, pixel_data, explicit=self.explicit)
        return pixel_data

    @property
    def content(self) -> bytes:
        return self.preamble + self.meta + self.data_set(self.planar) + self.pixels + self.behind

    def expected_after(self, fragments: list[bytes]) -> bytes:
        """The file that must come out of an Explicit VR source, given the streams found in it."""
        offsets = [sum(len(f) + 8 for f in fragments[:n]) for n in range(len(fragments))]
        table = item(b"".join(offset.to_bytes(4, "little") for offset in offsets))
        encapsulated = table + b"".join(item(f) for f in fragments) + SEQUENCE_END
        pixels = element(0x7FE0_0010, "OB", encapsulated, length=UNDEFINED)
        if self.has_pixel_group_length:
            pixels = with_length(0x7FE0, pixels)
        meta = file_meta(JPEG_LS, has_length=self.has_meta_length)
        return self.preamble + meta + self.data_set(0 if self.planar is not None else None) + pixels + self.behind


def fragments_of(data: bytes) -> tuple[bytes, list[bytes]]:
    """The offset table and the fragments of the last encapsulated Pixel Data element of a file, walked by length."""
    at = data.rindex(element(0x7FE0_0010, "OB", b"", length=UNDEFINED)) + 12
    found: list[bytes] = []
    while data[at : at + 4] == b"\xfe\xff\x00\xe0":
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    assert data[at : at + 8] == SEQUENCE_END
    return found[0], found[1:]


def stream_precision(stream: bytes) -> int:
    """Bits per sample that a JPEG-LS stream declares in its SOF55 marker (ISO/IEC 14495-1 C.2.2)."""
    at = stream.index(b"\xff\xf7")
    return stream[at + 4]


def stream_interleaving(stream: bytes) -> int:
    """ILV of the first scan: 0 none, 1 line, 2 sample (ISO/IEC 14495-1 C.2.3)."""
    at = stream.index(b"\xff\xda")
    return stream[at + 4 + 1 + 2 * stream[at + 4] + 1]


# --- the same image in other encodings of the data set ---

_NUMBERS = {"AT": 2, "FD": 8, "FL": 4, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2} | {
    "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8,
}  # fmt: skip


def turned(value: bytes, size: int) -> bytes:
    """Each number of `size` bytes with its bytes in the other order; what is left over at the end stays."""
    whole = len(value) // size * size
    return b"".join(value[n : n + size][::-1] for n in range(0, whole, size)) + value[whole:]


def to_big_endian(spans: bytes) -> bytes:
    """Explicit VR Little Endian elements, items and delimiters as Explicit VR Big Endian (PS3.5 7.3)."""
    new, at = b"", 0
    while at < len(spans):
        tag, at = spans[at : at + 4], at + 4
        new += turned(tag, 2)
        if tag[:2] == b"\xfe\xff":
            length, at = spans[at : at + 4], at + 4
            new += turned(length, 4)  # an item's content follows as further elements
            continue
        vr, at = spans[at : at + 2].decode("ascii"), at + 2
        if vr in _LONG:
            length, at = spans[at + 2 : at + 6], at + 6
            new += vr.encode() + b"\0\0" + turned(length, 4)
        else:
            length, at = spans[at : at + 2], at + 2
            new += vr.encode() + turned(length, 2)
        if vr != "SQ":
            size = int.from_bytes(length, "little")
            new += turned(spans[at : at + size], _NUMBERS.get(vr, 1))
            at += size
    return new


def big_endian_file(image: RawImage) -> bytes:
    """An explicit image as a big-endian file."""
    behind = to_big_endian(image.behind) if any(image.behind) else image.behind
    meta = replace(image, syntax=BIG_ENDIAN).meta
    return image.preamble + meta + to_big_endian(image.data_set(image.planar) + image.pixels) + behind


def deflated_file(image: RawImage, level: int = 6, memory: int = 8, pad: bytes = b"") -> bytes:
    """An explicit image as a deflated file."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15, memory)
    data_set = image.data_set(image.planar) + image.pixels + image.behind
    stream = deflater.compress(data_set) + deflater.flush()
    return image.preamble + replace(image, syntax=DEFLATED).meta + stream + pad


def fragmented_file(image: RawImage, *, has_table: bool = True) -> bytes:
    """An explicit image with each frame, padded to even length, in a fragment (PS3.5 A.4.11)."""
    count = image.frames or 1
    size = len(image.words) // count
    frames = [image.words[n * size : (n + 1) * size] + b"\0" * (size % 2) for n in range(count)]
    return encapsulated_file(image, UNCOMPRESSED_FRAGMENTS, frames, has_table=has_table)


def encapsulated_file(image: RawImage, syntax: str, frames: list[bytes], *, has_table: bool = True) -> bytes:
    """An explicit image with one fragment a frame, and a Basic Offset Table or an empty one."""
    offsets = [sum(len(frame) + 8 for frame in frames[:n]) for n in range(len(frames))]
    table = item(b"".join(offset.to_bytes(4, "little") for offset in offsets) if has_table else b"")
    value = table + b"".join(item(frame) for frame in frames) + SEQUENCE_END
    pixels = element(0x7FE0_0010, "OB", value, length=UNDEFINED)
    head = image.preamble + replace(image, syntax=syntax).meta + image.data_set(image.planar)
    return head + pixels + image.behind
