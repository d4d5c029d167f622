"""Near-lossless: what the image says of itself, which images are refused, and how its bound is proven (T11, T13)."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from repack.codecs import choose
from repack.codecs.frames import Codec, FrameLayout
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, transcode
from repack.model import Proof
from tests.raw_dicom import RawImage, element, fragments_of, number, sequence, text, to_big_endian

NEAR_SYNTAX = "1.2.840.10008.1.2.4.81"
WORDS = (np.arange(64 * 60) * 37 % 4096).astype("<u2").tobytes()
PLAIN = RawImage(WORDS, 64, 60)


def near(most: int) -> Codec:
    (codec,) = choose("jpegls-near", most)
    return codec


def order_for(most: int) -> Order:
    return Order((near(most),), is_named=True)


def rewrite(content: bytes, most: int = 2) -> Rewritten:
    result = transcode(content, order_for(most))
    assert isinstance(result, Rewritten), result
    return result


def reason_of(image: RawImage, order: Order | None = None) -> str:
    result = transcode(image.content, order or order_for(2))
    assert isinstance(result, NotDone), result
    return result.reason


def read(content: bytes) -> Dataset:
    return dcmread(BytesIO(content))


@pytest.mark.parametrize("explicit", [True, False])
def test_t13_image_says_what_was_done_to_it(*, explicit: bool):
    image_type = text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\AXIAL", explicit=explicit)
    image = replace(PLAIN, explicit=explicit)
    content = image.content.replace(
        text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2", explicit=explicit),
        image_type + text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2", explicit=explicit),
    )
    result = rewrite(content)
    assert (result.proof, result.restorable, result.transfer_syntax) == (Proof.BOUNDED, None, NEAR_SYNTAX)
    assert "error of at most 2" in result.reason
    assert "the original samples are gone" in result.reason
    new = read(result.data)
    assert list(new.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]
    assert new.LossyImageCompression == "01"
    assert new.LossyImageCompressionMethod == "ISO_14495_1"
    streams = fragments_of(result.data)[1]
    assert float(new.LossyImageCompressionRatio) == pytest.approx(len(WORDS) / sum(map(len, streams)), rel=1e-3)
    assert new.SOPInstanceUID == new.file_meta.MediaStorageSOPInstanceUID == result.sop_instance
    assert new.SOPInstanceUID.is_valid
    assert new.SOPInstanceUID.startswith("2.25.")
    assert [int(tag) for tag in new.keys()] == sorted(int(tag) for tag in new.keys())  # noqa: SIM118  no conversion
    at = result.data.index(b"\2\0\0\0UL\4\0") + 8
    assert int.from_bytes(result.data[at : at + 4], "little") == result.data.index(b"\x08\0\x08\0CS") - at - 4


def test_t13_earlier_losses_stay_on_record():
    before = b"".join(
        (
            text(0x0028_2110, "CS", "01"),
            text(0x0028_2112, "DS", "5.5"),
            text(0x0028_2114, "CS", "ISO_10918_1"),
        )
    )
    new = read(rewrite(replace(PLAIN, late=before).content).data)
    assert list(new.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_14495_1"]
    assert len(new.LossyImageCompressionRatio) == 2
    assert float(new.LossyImageCompressionRatio[0]) == 5.5
    assert new.LossyImageCompression == "01"


def test_t13_everything_else_stays_byte_for_byte():
    odd, private = element(0x0010_0010, "PN", b"M\xfcller\\\xff\xfe "), element(0x0029_1010, "UN", b"\1\2\3\4")
    result = rewrite(replace(PLAIN, extra=odd, late=private, has_image_group_length=True).content)
    assert odd in result.data
    start = result.data.index(element(0x0028_0000, "UL", b"")[:6]) + 12
    stated = int.from_bytes(result.data[start - 4 : start], "little")
    assert result.data[start + stated :].startswith(private + b"\xe0\x7f\x10\0OB")


def test_new_uid_depends_on_the_image_and_the_error_alone():
    one, again, other = rewrite(PLAIN.content), rewrite(PLAIN.content), rewrite(PLAIN.content, 3)
    assert one == again
    assert one.sop_instance != other.sop_instance
    renamed = rewrite(PLAIN.content.replace(b"1.2.3.4.5\0", b"1.2.3.4.6\0"))
    assert renamed.sop_instance != one.sop_instance


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sign": 1, "stored": 16}, "its words are signed"),
        ({"photometric": "PALETTE COLOR"}, "numbers of palette colours"),
        ({"words": b"\xff\xff" * 3840}, "bits outside Bits Stored"),
        ({"high_bit": 15}, "bits outside Bits Stored"),
    ],
)
def test_images_that_would_suffer_are_refused(change: dict[str, object], words: str):
    assert words in reason_of(replace(PLAIN, **change))  # type: ignore[arg-type]


def test_image_without_its_own_name_is_refused():
    content = PLAIN.content
    for uid in (text(0x0008_0018, "UI", "1.2.3.4.5"), text(0x0002_0003, "UI", "1.2.3.4.5")):
        result = transcode(content.replace(uid, b""), order_for(2))
        assert isinstance(result, NotDone)
        assert "no SOP Instance UID" in result.reason


def test_exact_only_refuses_every_loss():
    order = replace(order_for(2), is_exact_only=True)
    assert "--exact-only asks for that" in reason_of(PLAIN, order)


def test_second_pass_leaves_the_first_one_alone():
    first = rewrite(PLAIN.content)
    again = transcode(first.data, order_for(2))
    assert isinstance(again, NotDone)
    assert "compressed with loss" in again.reason


def test_codec_that_breaks_its_bound_fails_the_proof():
    codec = near(2)

    def worse(frame: bytes, layout: FrameLayout) -> bytes:
        words = np.frombuffer(frame, "<u2").copy()
        words[100] += 6 if words[100] < 4000 else -6
        return codec.encode(words.tobytes(), layout)

    result = transcode(PLAIN.content, Order((replace(codec, encode=worse),), is_named=True))
    assert result == NotDone("the proof failed: decoding did not give back the same samples")


def test_big_endian_source_gets_its_attributes_too():
    big = RawImage(WORDS, 64, 60, syntax="1.2.840.10008.1.2.2")
    content = big.preamble + big.meta + to_big_endian(big.data_set(None) + big.pixels)
    new = read(rewrite(content).data)
    assert (new.LossyImageCompression, new.Rows) == ("01", 64)


@pytest.mark.parametrize("defined", [True, False])
def test_frames_of_an_enhanced_image_are_derived_too(*, defined: bool):
    def frame_type(value: str) -> bytes:
        kind = sequence(0x0018_9329, [text(0x0008_9007, "CS", value)], defined=defined)
        return kind + sequence(0x0028_9145, [number(0x0028_0010, 5)], defined=defined)

    groups = sequence(
        0x5200_9230, [frame_type("ORIGINAL\\PRIMARY\\VOLUME\\NONE"), frame_type("DERIVED\\X")], defined=defined
    )
    lookalike = element(0x0029_1010, "UN", text(0x0008_9007, "CS", "ORIGINAL\\PRIMARY"))
    result = rewrite(replace(PLAIN, late=lookalike + groups).content)
    assert lookalike in result.data
    one, two = read(result.data).PerFrameFunctionalGroupsSequence
    assert list(one.CTImageFrameTypeSequence[0].FrameType) == ["DERIVED", "PRIMARY", "VOLUME", "NONE"]
    assert list(two.CTImageFrameTypeSequence[0].FrameType) == ["DERIVED", "X"]
    assert two[0x0028_9145].value[0].Rows == 5
