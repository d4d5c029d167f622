"""Pictures of whole files: native, in pieces, compressed with and without loss, volumes; and what cannot be drawn."""

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from repack.codecs import jpeg, png
from repack.codecs.frames import CodecFailed, FrameLayout
from repack.thumbnails import drawing, headers, opening
from repack.thumbnails.drawing import NoPicture, Picture, SliceTask
from repack.thumbnails.headers import SeriesTask
from tests.raw_dicom import RawImage, big_endian_file, deflated_file, encapsulated_file, fragmented_file, text
from tests.thumbnails.images import held, read_png, slice_file

RAMP = np.tile(np.arange(64, dtype=np.uint16) * 60, (48, 1))
CT = text(0x0008_0060, "CS", "CT")


def ramp(**fields: object) -> RawImage:
    return RawImage(RAMP.astype("<u2").tobytes(), *RAMP.shape, **fields)  # type: ignore[arg-type]


def draw(content: bytes, frame: int = 0) -> np.ndarray:
    found = drawing.draw(SliceTask(held(content), frame, "an image"))
    assert isinstance(found, tuple), found
    (picture,) = found
    pixels = read_png(picture.png)
    assert pixels.shape[:2] == (picture.height, picture.width)
    return pixels


def why_not(content: bytes) -> str:
    found = drawing.draw(SliceTask(held(content), 0, ""))
    assert isinstance(found, NoPicture)
    return found.reason


@pytest.mark.parametrize(
    "content",
    [
        ramp().content,
        ramp(explicit=False).content,
        big_endian_file(ramp()),
        deflated_file(ramp()),
        fragmented_file(ramp()),
        encapsulated_file(ramp(), "1.2.840.10008.1.2.4.80", [bytes(imagecodecs.jpegls_encode(RAMP))]),
        encapsulated_file(
            ramp(), "1.2.840.10008.1.2.4.90", [bytes(imagecodecs.jpeg2k_encode(RAMP, codecformat="J2K"))]
        ),
    ],
    ids=["explicit", "implicit", "big-endian", "deflated", "fragments", "JPEG-LS", "JPEG 2000"],
)
def test_one_image_looks_the_same_however_it_is_stored(content: bytes):
    pixels = draw(content)
    assert pixels.shape == RAMP.shape
    assert (np.diff(pixels[10].astype(int)) >= 0).all()
    assert (pixels[:, 0] == 0).all()
    assert (pixels[:, -1] == 255).all()
    assert (pixels == draw(ramp().content)).all()


def test_monochrome1_is_inverted():
    assert (draw(ramp(photometric="MONOCHROME1").content)[:, 0] == 255).all()


def test_a_large_image_becomes_a_small_picture():
    large = np.tile(np.arange(1000, dtype=np.uint16), (800, 1))
    pixels = draw(slice_file(large))
    assert pixels.shape == (256, drawing.EDGE)


def test_colours_by_plane_come_out_by_pixel():
    red = bytes([255]) * 16 + bytes(32)
    pixels = draw(RawImage(red, 4, 4, 8, 8, samples=3, planar=1).content)
    assert (pixels == [255, 0, 0]).all()


def test_jpeg_with_loss_is_drawn_in_its_colours():
    green = np.zeros((16, 16, 3), np.uint8)
    green[..., 1] = 200
    stream = bytes(imagecodecs.jpeg8_encode(green, level=95))
    image = RawImage(b"", 16, 16, 8, 8, samples=3, planar=0, photometric="YBR_FULL_422")
    pixels = draw(encapsulated_file(image, "1.2.840.10008.1.2.4.50", [stream + b"\0" * (len(stream) % 2)]))
    assert np.abs(pixels.astype(int) - [0, 200, 0]).max() < 8


def test_jpeg_that_stores_rgb_is_left_as_it_is():
    green = np.zeros((16, 16, 3), np.uint8)
    green[..., 1] = 200
    stream = bytes(imagecodecs.jpeg8_encode(green, level=95, colorspace="RGB", outcolorspace="RGB"))
    assert jpeg.is_ybr(stream) is False
    image = RawImage(b"", 16, 16, 8, 8, samples=3, planar=0, photometric="YBR_FULL_422")  # which is not so
    pixels = draw(encapsulated_file(image, "1.2.840.10008.1.2.4.50", [stream + b"\0" * (len(stream) % 2)]))
    assert np.abs(pixels.astype(int) - [0, 200, 0]).max() < 8


def test_ybr_of_a_lossless_codec_becomes_rgb():
    ybr = np.zeros((8, 8, 3), np.uint8)
    ybr[...] = (76, 85, 255)
    stream = bytes(imagecodecs.jpegls_encode(ybr))
    image = RawImage(b"", 8, 8, 8, 8, samples=3, planar=0, photometric="YBR_FULL")
    pixels = draw(encapsulated_file(image, "1.2.840.10008.1.2.4.80", [stream + b"\0" * (len(stream) % 2)]))
    assert np.abs(pixels.astype(int) - [254, 0, 0]).max() < 3


def test_bytes_of_big_endian_words_change_places():
    colours = np.random.default_rng(3).integers(0, 256, (5, 5, 3), np.uint8)
    image = RawImage(colours.tobytes() + b"\0", 5, 5, 8, 8, samples=3, planar=0, pixel_vr="OW")
    assert (draw(big_endian_file(image)) == colours).all()
    twice = replace(image, words=colours.tobytes() * 2, frames=2)
    assert (draw(big_endian_file(twice), frame=1) == colours).all()


def test_only_the_wanted_frame_of_a_large_file_is_held(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(opening, "_MOST_AT_ONCE", 1000)
    frames = np.stack([np.full((16, 16), n * 100) for n in range(9)])
    frames[4, :, :8] = 0
    content = RawImage(frames.astype("<u2").tobytes(), 16, 16, frames=9).content
    pixels = draw(content, frame=4)
    assert (pixels[:, :8] == 0).all()
    assert (pixels[:, 8:] == 255).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (ramp().content[:-100], "its image is cut short"),
        (b"", "its header cannot be read"),
        (b"not DICOM at all", "its header cannot be read"),
        (RawImage(bytes(8), 8, 8, 1, 1).content, "samples of 1 bit are not drawn here"),
        (RawImage(b"", 65535, 65535, 16, 16).content, "it is too large"),
        (encapsulated_file(ramp(), "1.2.840.10008.1.2.4.80", [b"\xff\xd8 no stream"]), "it cannot be decoded"),
        (encapsulated_file(ramp(), "1.2.840.10008.1.2.4.102", [b"a film"]), "it is a video"),
        (encapsulated_file(ramp(), "1.2.840.10008.1.2.4.55", [b"old"]), "JPEG Full Progression (Process 10 and 12)"),
    ],
)
def test_what_cannot_be_drawn_says_why(content: bytes, reason: str):
    assert why_not(content).startswith(reason)


def test_a_stream_that_claims_another_size_is_refused():
    stream = bytes(imagecodecs.jpeg8_encode(np.zeros((16, 16), np.uint8)))
    with pytest.raises(CodecFailed):
        jpeg.decode(stream, FrameLayout(17, 16, 1, 1, 8))
    assert len(jpeg.decode(stream, FrameLayout(16, 16, 1, 1, 8))) == 256
    for cut in range(len(stream) // 2):
        with pytest.raises(CodecFailed):
            jpeg.decode(stream[:cut], FrameLayout(16, 16, 1, 1, 8))


def test_a_png_comes_back_as_it_was():
    grey = np.random.default_rng(1).integers(0, 256, (13, 17), np.uint8)
    colours = np.random.default_rng(2).integers(0, 256, (5, 7, 3), np.uint8)
    assert (read_png(png.encode(grey)) == grey).all()
    assert (read_png(png.encode(colours)) == colours).all()


# --- series ---


def volume(count: int = 20) -> list[bytes]:
    """Axial slices from the feet to the head, each as bright as it lies high; a bright column towards the back."""
    found = []
    for n in range(count):
        array = np.full((40, 60), 100 + n * 50, np.uint16)
        array[30:, :] = 4000
        window = text(0x0028_1050, "DS", "1000") + text(0x0028_1051, "DS", "2000")
        found.append(slice_file(array, position=(0, 0, n * 3.0), extra=CT, late=window))
    return found


def overview(files: list[bytes], *, with_patient: bool = False) -> headers.Overview:
    return headers.look_through(SeriesTask(tuple(held(content) for content in files), with_patient))


def pictures(found: headers.Overview) -> list[Picture]:
    drawn = [drawing.draw(task) for task in found.tasks]
    assert not any(isinstance(one, NoPicture) for one in drawn), drawn
    return [picture for one in drawn if isinstance(one, tuple) for picture in one]


def test_a_volume_gets_three_slices_and_two_planes_the_right_way_up():
    found = overview(volume()[::-1])
    assert found.sizes == ((60, 40),)
    drawn = pictures(found)
    assert [picture.caption for picture in drawn] == [
        "image 1 of 20",
        "image 11 of 20",
        "image 20 of 20",
        "coronal plane through the middle",
        "sagittal plane through the middle",
    ]
    first, _middle, last, coronal, sagittal = (read_png(picture.png) for picture in drawn)
    assert first[0, 0] < last[0, 0]
    assert coronal[0, 0] > coronal[-1, 0]  # the head, which is brighter, is above
    assert sagittal[100, -1] == 255  # the back is to the right
    assert sagittal[100, 0] < 255


def test_a_single_image_gets_one_picture_without_a_number():
    assert [picture.caption for picture in pictures(overview(volume(1)))] == [""]
    assert len(overview(volume(2)).tasks) == 2


def test_a_damaged_slice_costs_one_picture():
    files = volume()
    files[0] = files[0][:-50]
    drawn = [drawing.draw(task) for task in overview(files).tasks]
    assert sum(isinstance(one, NoPicture) for one in drawn) == 2  # the slice itself, and the planes that need it
    assert sum(isinstance(one, tuple) for one in drawn) == 2


def test_pictures_that_may_show_the_name_are_withheld_unless_asked_for():
    burned = slice_file(RAMP, late=text(0x0028_0301, "CS", "YES"))
    assert overview([burned]).withheld == "the name may be written in the picture itself"
    assert not overview([burned]).tasks
    assert overview([burned], with_patient=True).tasks


def test_whose_images_they_are_is_told_only_where_it_is_asked_for():
    named = slice_file(RAMP, extra=CT + text(0x0010_0010, "PN", "Doe^Jane"))
    assert overview([named]).person.name == ""
    assert {"doe", "jane"} <= overview([named]).hidden_words
    assert overview([named], with_patient=True).person.name == "Doe Jane"


def test_frames_of_one_file_are_slices_at_the_stated_distance():
    frames = np.stack([np.full((40, 40), n * 10) for n in range(30)])
    gap = text(0x0018_0050, "DS", "1.5")
    place = text(0x0020_0032, "DS", "0\\0\\0") + text(0x0020_0037, "DS", "1\\0\\0\\0\\1\\0")
    content = RawImage(frames.astype("<u2").tobytes(), 40, 40, frames=30, extra=CT + gap + place).content
    assert len(pictures(overview([content]))) == 5
    assert len(pictures(overview([content.replace(b"CT", b"XA")]))) == 3  # a film is no volume


def test_a_fault_of_ours_costs_a_series_or_a_picture_and_no_more(monkeypatch: pytest.MonkeyPatch):
    def fail(*_all: object) -> None:
        raise ZeroDivisionError

    (task,) = overview(volume(1)).tasks
    monkeypatch.setattr(headers.planes, "in_order", fail)
    assert overview(volume(1)).withheld == "a fault in repack (ZeroDivisionError)"
    monkeypatch.setattr(drawing.groups, "read", fail)
    assert drawing.draw(task) == NoPicture("a fault in repack (ZeroDivisionError)")
