"""A large image is told from some of its frames: as near as is said, and with the same decisions as in a run."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.disc import DiscFile, write_folder, write_zip
from repack import piecewise, pipeline
from repack.codecs.frames import Codec
from repack.dicom import pieces
from repack.dicom.image import Cells
from repack.model import Action, Lost, Wishes
from repack.outcomes import Task
from repack.pipeline import Request, estimate
from repack.planning import estimate as engine
from repack.planning import large
from repack.planning.estimate import Estimate, Sampling
from tests.raw_dicom import RawImage, element
from tests.test_carrying import Bytes

pytestmark = pytest.mark.usefixtures("inline")
ROWS, FRAMES = 40, 60
CHANCE = random.Random(1)  # noqa: S311  the same words every time


def frame(number: int) -> bytes:
    """Noisier from frame to frame, as the slices of a volume differ."""
    noise = 20 + number
    return b"".join((1000 + n % ROWS * 9 + CHANCE.randrange(noise)).to_bytes(2, "little") for n in range(ROWS * ROWS))


WORDS = b"".join(map(frame, range(FRAMES)))
NOISE = CHANCE.randbytes(ROWS * ROWS * FRAMES)
PLAIN = RawImage(WORDS, ROWS, ROWS, frames=FRAMES)
IMAGES = {
    "plain": PLAIN,
    "with a tail": replace(PLAIN, behind=element(0xFFFC_FFFC, "OB", bytes(100))),
    "odd and implicit": replace(
        PLAIN, words=NOISE[:-1], allocated=8, stored=8, rows=1, columns=1, frames=95_999, explicit=False, padding=b"\0"
    ),
    "with words too wide": replace(PLAIN, words=b"".join(b"\x00\xf0" + frame(n)[2:] for n in range(FRAMES))),
    "all too wide": replace(PLAIN, words=b"\xff\xf0" * (len(WORDS) // 2)),
    "noise": replace(PLAIN, words=NOISE, allocated=8, stored=8),
    "empty": replace(PLAIN, words=bytes(len(WORDS))),
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is small here is large to the program."""
    monkeypatch.setattr(piecewise, "_LARGE", 10_000)


def lay(folder: Path, kind: str, image: RawImage) -> Path:
    files, disc = [DiscFile("IM1", image.content), DiscFile("IM2", PLAIN.content)], folder / f"disc.{kind}"
    if kind == "folder":
        write_folder(disc, files)
    else:
        write_zip(disc, files, method=kind)
    return disc


def assert_near(request: Request, how: Sampling | None = None, most: float = 0.05) -> Estimate:
    told, size = estimate(request, how), pipeline.run(request).size
    assert abs(told.after - size) <= told.error
    assert told.error < most * size
    return told


@pytest.mark.lengthy
@pytest.mark.parametrize("kind", ["deflated", "stored", "folder"])
@pytest.mark.parametrize("name", IMAGES)
def test_it_is_told_as_near_as_is_said(name: str, kind: str, tmp_path: Path):
    assert_near(Request(lay(tmp_path, kind, IMAGES[name]), tmp_path / "new.zip"))


@pytest.mark.lengthy
@pytest.mark.parametrize(
    "wishes", [Wishes(codec="jpegxl", is_codec_named=True), Wishes(codec="smallest"), Wishes(squeeze=True)]
)
def test_it_is_told_whatever_is_wished(wishes: Wishes, tmp_path: Path):
    assert_near(Request(lay(tmp_path, "stored", PLAIN), tmp_path / "new.zip", wishes))


def test_only_some_frames_are_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tried: list[int] = []

    def note(data: bytes, cells: Cells, codec: Codec, *, is_planar: bool) -> object:
        tried.append(len(data) // cells.layout.size)
        return encode(data, cells, codec, is_planar=is_planar)

    encode = pieces.encode
    monkeypatch.setattr(pieces, "encode", note)
    told = estimate(Request(lay(tmp_path, "stored", PLAIN), tmp_path / "new.zip"))
    assert (told.images, told.sampled) == (2, 2)
    assert 0 < sum(tried) <= 2 * FRAMES // 3


def test_many_large_images_are_told_from_some_frames_of_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "_WHOLE_BYTES", 0)
    size = 2 * ROWS * ROWS
    images = [replace(PLAIN, words=WORDS[n * size :] + WORDS[: n * size]) for n in range(12)]
    write_zip(tmp_path / "disc.zip", [DiscFile(f"IM{n}", image.content) for n, image in enumerate(images)])
    told = assert_near(Request(tmp_path / "disc.zip", tmp_path / "new.zip"), Sampling(4), most=0.1)
    assert told.sampled < told.images


def test_a_repacked_one_is_measured_as_a_whole(tmp_path: Path):
    pipeline.run(Request(lay(tmp_path, "stored", PLAIN), tmp_path / "once.zip"))
    wishes = Wishes(codec="rle", is_codec_named=True)
    assert_near(Request(tmp_path / "once.zip", tmp_path / "new.zip", wishes))


def test_one_that_ends_too_early_is_lost_as_in_a_run():
    place = Bytes(PLAIN.content[:10_000])
    task = Task(0, place, len(PLAIN.content), 1, Action.TRANSCODE, "", Wishes(), "1.2.840.10008.1.2.1", is_dicom=True)
    (told,) = large.work((task,))
    assert told.outcome == Lost(0, "it became shorter while it was read")
