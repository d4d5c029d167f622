"""Encoding a file in pieces makes, byte for byte, what encoding it as a whole makes."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repack.codecs import BY_NAME, choose
from repack.codecs.frames import FrameLayout
from repack.dicom import pieces
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.pieces import Around, Begun, Encoded, TooNarrow
from repack.dicom.transcode import MAY_SHOW_OTHERWISE, Rewritten, invert, transcode
from repack.model import Restorable
from tests.raw_dicom import RawImage, element
from tests.strategies import native_images

JPEG_LS = Order(choose("jpegls"))
_FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])

WORDS = b"".join((n * 37 % 4000).to_bytes(2, "little") for n in range(32 * 32 * 6))
PLAIN = RawImage(WORDS, 32, 32, frames=6)


def in_pieces(data: bytes, order: Order, per_lot: int) -> tuple[bytes, Restorable, tuple[str, ...]] | NotDone:
    """The whole way, as the main process and its workers go it."""
    begun = pieces.begin(data, len(data), order)
    if not isinstance(begun, Begun):
        return begun or NotDone("it has to be looked at as a whole")
    for precision in begun.precisions:
        lots = encode_lots(data, begun, precision, per_lot)
        if isinstance(lots, NotDone):
            return lots
        if isinstance(lots, list):
            around = pieces.surround(
                begun, data[len(begun.head) + begun.words :], [n for lot in lots for n in lot.lengths]
            )
            if isinstance(around, NotDone):
                return around
            new = around.before + b"".join(lot.fragments for lot in lots) + around.behind
            notes = pieces.notes(may_show_otherwise=any(lot.may_show_otherwise for lot in lots))
            return new, around.restorable, notes
    pytest.fail("the widest precision was too narrow")


def encode_lots(data: bytes, begun: Begun, precision: int, per_lot: int) -> list[Encoded] | NotDone | TooNarrow:
    shape, at = begun.image, len(begun.head)
    cells = replace(shape.cells, layout=replace(shape.layout, precision=precision))
    found = []
    for start in range(at, at + begun.words, per_lot * shape.layout.size):
        lot = data[start : min(start + per_lot * shape.layout.size, at + begun.words)]
        encoded = pieces.encode(lot, cells, begun.codec, is_planar=shape.is_planar)
        if not isinstance(encoded, Encoded):
            return encoded
        found.append(encoded)
    return found


@pytest.mark.lengthy
@pytest.mark.parametrize("name", BY_NAME)
@_FEW
@given(image=native_images(), per_lot=st.integers(1, 5))
def test_pieces_make_the_same_file_as_the_whole(name: str, image: RawImage, per_lot: int) -> None:
    order = Order(choose(name))
    whole, parts = transcode(image.content, order), in_pieces(image.content, order, per_lot)
    if isinstance(whole, NotDone):
        assert isinstance(parts, NotDone)
        return
    assert not isinstance(parts, NotDone), parts.reason
    new, restorable, notes = parts
    assert new == whole.data
    assert restorable == whole.restorable
    assert set(notes) == set(whole.notes)
    assert invert(new, restorable) == image.content


def test_a_bit_above_bits_stored_asks_for_whole_cells() -> None:
    dirty = replace(PLAIN, words=WORDS[:-1] + b"\x80")
    begun = pieces.begin(dirty.content, len(dirty.content), JPEG_LS)
    assert isinstance(begun, Begun)
    assert begun.precisions == (12, 16)
    assert isinstance(encode_lots(dirty.content, begun, 12, 2), TooNarrow)
    parts = in_pieces(dirty.content, JPEG_LS, 2)
    assert not isinstance(parts, NotDone)
    assert parts[2] == (MAY_SHOW_OTHERWISE,)


def test_what_is_said_is_what_is_said_of_a_whole() -> None:
    begun, whole = pieces.begin(PLAIN.content, len(PLAIN.content), JPEG_LS), transcode(PLAIN.content, JPEG_LS)
    assert isinstance(begun, Begun)
    assert isinstance(whole, Rewritten)
    assert pieces.describe(begun, 12) == whole.reason


SIGNED = element(0xFFFA_FFFA, "SQ", b"")


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (replace(PLAIN, behind=SIGNED), "digital signature"),
        (replace(PLAIN, behind=b"\1\2\3\4\5\6\7\x08\x09"), "behind its image cannot be read"),
        (replace(PLAIN, words=WORDS[:-2]), "cut short"),
        (replace(PLAIN, padding=bytes(2048)), "more than the frames"),
        (replace(PLAIN, allocated=8, stored=12, frames=12), "contradicts itself"),
    ],
)
def test_what_a_whole_is_refused_for_pieces_are_refused_for(image: RawImage, says: str) -> None:
    whole, parts = transcode(image.content, JPEG_LS), in_pieces(image.content, JPEG_LS, 2)
    assert isinstance(whole, NotDone)
    assert isinstance(parts, NotDone)
    assert says in parts.reason
    assert parts.reason == whole.reason


@pytest.mark.parametrize(
    ("data", "order"),
    [
        (b"II*\0" + PLAIN.content[4:], JPEG_LS),  # what its offsets lead to lies anywhere
        (replace(PLAIN, syntax="1.2.840.10008.1.2.2").content, JPEG_LS),
        (PLAIN.content[:200], JPEG_LS),
        (PLAIN.content, Order(choose("smallest"))),
        (PLAIN.content, Order(choose("jpegls-near", 2))),
        (PLAIN.content, Order(())),
    ],
)
def test_some_files_have_to_be_looked_at_as_a_whole(data: bytes, order: Order) -> None:
    assert pieces.begin(data, len(data), order) is None


def test_a_decoder_that_gives_back_another_frame_is_noticed() -> None:
    begun = pieces.begin(PLAIN.content, len(PLAIN.content), JPEG_LS)
    assert isinstance(begun, Begun)

    def decode(stream: bytes, layout: FrameLayout) -> bytes:
        frame = begun.codec.decode(stream, layout)
        return frame[:-1] + bytes([frame[-1] ^ 1])

    cells = replace(begun.image.cells, layout=replace(begun.image.layout, precision=12))
    wrong = pieces.encode(WORDS, cells, replace(begun.codec, decode=decode), is_planar=False)
    assert isinstance(wrong, NotDone)
    assert "proof failed" in wrong.reason


def test_a_header_that_does_not_read_as_it_should_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = pieces.begin(PLAIN.content, len(PLAIN.content), JPEG_LS)
    assert isinstance(begun, Begun)
    assert isinstance(pieces.surround(begun, b"", (10, 20, 30, 40, 50, 60)), Around)
    real = pieces.assemble.frame_streams

    def shifted(around: object, lengths: tuple[int, ...], largest: int) -> tuple[bytes, bytes]:
        return real(around, (lengths[0] + 2, *lengths[1:]), largest)

    monkeypatch.setattr(pieces.assemble, "frame_streams", shifted)
    wrong = pieces.surround(begun, b"", (10, 20, 30, 40, 50, 60))
    assert isinstance(wrong, NotDone)
    assert "proof failed" in wrong.reason
