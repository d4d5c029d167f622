"""Hypothesis strategies, named for what they make."""

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from repack.model import Deflating, Restorable
from tests.raw_dicom import RawImage, element, group_length, item, number, sequence, text, with_length


@st.composite
def stored_words(draw: st.DrawFn, count: int, allocated: int, stored: int, *, is_dirty: bool) -> bytes:
    """`count` words of 8 or 16 bits: smooth, noisy or constant; with `is_dirty` bits above Bits Stored may be set."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["noise", "ramp", "constant", "steps"]))
    top = 1 << stored
    if kind == "noise":
        words = chance.integers(0, top, count)
    elif kind == "ramp":
        words = np.arange(count) % top
    elif kind == "constant":
        words = np.full(count, chance.integers(0, top))
    else:
        words = chance.integers(0, top, count // 7 + 1).repeat(7)[:count]
    if is_dirty:
        words = words | chance.integers(0, 1 << (allocated - stored), count) << stored
    return words.astype("<u2" if allocated == 16 else "u1").tobytes()


@st.composite
def icons(draw: st.DrawFn, *, explicit: bool) -> bytes:
    """An Icon Image Sequence with Pixel Data of its own, native or encapsulated (T17)."""
    header = number(0x0028_0010, 4, explicit=explicit) + number(0x0028_0011, 4, explicit=explicit)
    if draw(st.booleans()) or not explicit:
        pixels = element(0x7FE0_0010, "OW", draw(st.binary(min_size=16, max_size=16)), explicit=explicit)
    else:
        fragments = item(b"") + item(b"\xff\xd8icon\xff\xd9\0\0") + b"\xfe\xff\xdd\xe0\0\0\0\0"
        pixels = element(0x7FE0_0010, "OB", fragments, length=0xFFFF_FFFF)
    return sequence(0x0088_0200, [header + pixels], explicit=explicit, defined=draw(st.booleans()))


@st.composite
def private_groups(draw: st.DrawFn, *, explicit: bool) -> bytes:
    """A private group, with its creator or without, with or without a group length, and bytes nobody can read."""
    creator = text(0x0009_0010, "LO", "SIEMENS CT VA0  COAD", explicit=explicit) if draw(st.booleans()) else b""
    value = draw(st.binary(max_size=40).filter(lambda b: len(b) % 2 == 0))
    rest = creator + element(0x0009_1001, "UN", value, explicit=explicit)
    return with_length(0x0009, rest, explicit=explicit) if draw(st.booleans()) else rest


@st.composite
def bytes_behind(draw: st.DrawFn, *, explicit: bool) -> bytes:
    """What may follow Pixel Data: nothing, zeros, or trailing padding (FFFC,FFFC)."""
    return draw(
        st.sampled_from(
            [
                b"",
                b"\0",
                bytes(7),
                element(0xFFFC_FFFC, "OB", bytes(10), explicit=explicit),
                element(0xFFFC_FFFC, "OB", b"\1\2\3\4", explicit=explicit),
            ]
        )
    )


@st.composite
def native_images(draw: st.DrawFn, *, encodings: tuple[bool, ...] = (True, False)) -> RawImage:
    """Native images of every shape that repack transcodes, with the oddities met in the field.

    `encodings` are the values of "is Explicit VR" to choose from.
    """
    explicit = draw(st.sampled_from(encodings))
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    allocated = draw(st.sampled_from([8, 16]))
    stored = draw(st.integers(1, allocated))
    samples = draw(st.sampled_from([1, 3]))
    frames = draw(st.integers(1, 4))
    words = draw(stored_words(rows * columns * samples * frames, allocated, stored, is_dirty=draw(st.booleans())))
    small = rows * columns * samples * allocated // 8 - 1
    padding = draw(st.binary(max_size=min(small, 5))) if small > 0 else b""
    extra = draw(private_groups(explicit=explicit)) if draw(st.booleans()) else b""
    comment = element(0x0020_4000, "LT", draw(st.binary(max_size=20)), explicit=explicit)
    icon = draw(icons(explicit=explicit)) if draw(st.booleans()) else b""
    return RawImage(
        words,
        rows,
        columns,
        allocated=allocated,
        stored=stored,
        high_bit=draw(st.one_of(st.none(), st.integers(0, allocated - 1))),
        sign=draw(st.sampled_from([0, 1])),
        samples=samples,
        photometric=draw(st.sampled_from(["", "YBR_FULL"] if samples == 3 else ["", "MONOCHROME1", "PALETTE COLOR"])),
        planar=draw(st.sampled_from([0, 1])) if samples == 3 else None,
        frames=frames if frames > 1 or draw(st.booleans()) else None,
        explicit=explicit,
        preamble=draw(st.sampled_from([bytes(128) + b"DICM", b"MZ" + bytes(126) + b"DICM", b""])),
        has_meta_length=draw(st.booleans()),
        extra=extra + comment,
        late=icon,
        has_image_group_length=draw(st.booleans()),
        has_pixel_group_length=draw(st.booleans()),
        pixel_vr="OW" if not explicit or allocated == 16 else draw(st.sampled_from(["OB", "OW"])),
        padding=padding,
        behind=draw(bytes_behind(explicit=explicit)),
    )


# --- implicit data sets ---

_RAW_TEXT = st.binary(max_size=24).map(lambda raw: raw + b" " * (len(raw) % 2))
_EVEN = st.binary(max_size=32).map(lambda raw: raw + b"\0" * (len(raw) % 2))

#: Tag, VR for pydicom, strategy of its raw value. Odd characters, wrong lengths and empty values are meant.
_PLAIN_ELEMENTS: tuple[tuple[int, str, st.SearchStrategy[bytes]], ...] = (
    (0x0008_0005, "CS", st.sampled_from([b"ISO_IR 192", b"ISO 2022 IR 87\\ISO 2022 IR 13 ", b"NONSENSE", b""])),
    (0x0008_0018, "UI", st.sampled_from([b"1.2.3\0", b"1.2.3 ", b""])),
    (0x0008_0060, "CS", st.sampled_from([b"CT", b"", b"ct? "])),
    (0x0010_0010, "PN", _RAW_TEXT),
    (0x0018_0050, "DS", st.sampled_from([b"0.30", b"  .3", b"nan ", b""])),
    (0x0018_9073, "FD", st.sampled_from([bytes(8), b"", b"\1\2\3\4\5\6\7\x08"])),
    (0x0020_000D, "UI", st.just(b"1.2.840.1 ")),
    (0x0020_4000, "LT", _RAW_TEXT),
    (0x0028_0009, "AT", st.sampled_from([b"\x18\0\x63\x10", b""])),
    (0x0028_0106, "US", st.sampled_from([b"\0\0", b"\xff\xff", b""])),
    (0x0028_1201, "OW", _EVEN),
    (0x0028_9999, "UN", _EVEN),  # in no dictionary
    (0x6000_0010, "US", st.just(b"\2\0")),
    (0x6000_3000, "OW", _EVEN),
)


def _lut(draw: st.DrawFn, *, first: bytes) -> bytes:
    """A LUT item: the VR of LUT Data depends on the descriptor's first value (PS3.3 C.11.1.1.1)."""
    descriptor = element(0x0028_3002, "US", first + b"\0\0\x10\0", explicit=False)
    return descriptor + element(0x0028_3006, "OW", draw(_EVEN), explicit=False)


@st.composite
def implicit_elements(draw: st.DrawFn, depth: int = 0) -> bytes:
    """The bytes of one level of an Implicit VR data set, ascending, every kind of element in it."""
    spans: dict[int, bytes] = {}
    for tag, vr, values in _PLAIN_ELEMENTS:
        if draw(st.booleans()):
            spans[tag] = element(tag, vr, draw(values), explicit=False)
    if depth < 2:
        for tag in (0x0008_1140, 0x0040_0275):  # Referenced Image, Request Attributes
            if draw(st.integers(0, 3)) == 0:
                items = draw(st.lists(implicit_elements(depth + 1), max_size=2))
                spans[tag] = sequence(tag, items, explicit=False, defined=draw(st.booleans()))
    if draw(st.booleans()):
        first = draw(st.sampled_from([b"\1\0", b"\0\1", b""]))
        spans[0x0028_3000] = sequence(
            0x0028_3000, [_lut(draw, first=first)], explicit=False, defined=draw(st.booleans())
        )
    spans |= draw(_private_blocks())
    if draw(st.booleans()):
        image = b"".join(spans[tag] for tag in sorted(spans) if tag >> 16 == 0x28)
        spans[0x0028_0000] = group_length(0x28, image, explicit=False)
    return b"".join(spans[tag] for tag in sorted(spans))


@st.composite
def _private_blocks(draw: st.DrawFn) -> dict[int, bytes]:
    """Private elements: known to the dictionaries or not, with a creator or without, a sequence among them."""
    spans: dict[int, bytes] = {}
    if draw(st.booleans()):
        creator = draw(st.sampled_from([b"SIEMENS CT VA0  COAD", b"GEMS_IDEN_01", b"NOBODY KNOWS", b"\xc4\xff"]))
        spans[0x0009_0010] = element(0x0009_0010, "LO", creator, explicit=False)
    if draw(st.booleans()):
        for tag in (0x0009_1001, 0x0009_1002, 0x0009_1010, 0x0009_1027, 0x0009_10E3):
            spans[tag] = element(tag, "UN", draw(_EVEN), explicit=False)
    if draw(st.booleans()):
        spans[0x2005_0010] = element(0x2005_0010, "LO", b"Philips MR Imaging DD 001 ", explicit=False)
        inner = element(0x0008_0060, "CS", b"MR", explicit=False)
        spans[0x2005_1080] = sequence(0x2005_1080, [inner], explicit=False, defined=draw(st.booleans()))
    return spans


# --- restore data ---


def restorables() -> st.SearchStrategy[Restorable]:
    """What turns a new file back into the original, heads with line ends and lookalike records among them."""
    lookalike = st.sampled_from([b"", b"\n", b'{"entry": 1, "head": 3, "tail": 0}\n', b"\xfd7zXZ\0"])
    blob: Callable[..., st.SearchStrategy[bytes]] = st.binary
    heads = st.one_of(lookalike, blob(max_size=300))
    whole = st.integers(0, 2**40)
    deflating = st.builds(Deflating, whole, st.integers(0, 9), st.integers(1, 9), st.binary(max_size=8))
    flags = (st.booleans(), st.booleans(), st.booleans())
    return st.builds(Restorable, heads, heads, *flags, st.binary(max_size=9), st.none() | deflating)
