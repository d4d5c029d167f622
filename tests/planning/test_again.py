"""`--max-size` on a zip that repack made: no rung is tried in vain, and what fits is never refused."""

import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.disc import DiscFile, dental_disc, write_zip
from repack import outcomes, pipeline, sizing
from repack.model import Lost, Outcome, Wishes
from repack.outcomes import Task
from repack.pipeline import Request
from repack.planning import estimate
from repack.planning.again import estimate_again
from repack.planning.estimate import Estimate, Sampling
from repack.progress import NoProgress
from repack.report import words
from repack.survey import make_plan, survey
from tests.commands import Run, contents, flat, manifest_of
from tests.inline import Inline
from tests.raw_dicom import RawImage

pytestmark = pytest.mark.usefixtures("inline")

IMAGES = 40
DISC = [file for file in dental_disc(IMAGES, size=64) if file.path.startswith("DICOM")]
DISC += [DiscFile("Befund.pdf", b"%PDF-1.4\n" + bytes(range(256)) * 40), DiscFile("notes.txt", b"notes " * 900)]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("once")
    write_zip(folder / "scan.zip", DISC)
    return pipeline.run(Request(folder / "scan.zip", folder / "new.zip", jobs=0)).target.read_bytes()


@pytest.fixture
def repacked(once: bytes, tmp_path: Path) -> Path:
    """A disc without a viewer that was repacked: then every lossless codec may be chosen."""
    (tmp_path / "scan.zip").write_bytes(once)
    return tmp_path / "scan.zip"


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few are enough to be told from a sample."""
    monkeypatch.setattr(estimate, "_WHOLE_BYTES", 0)
    monkeypatch.setattr(sizing, "_SAMPLING", Sampling(6))


def told_of(path: Path, wishes: Wishes, how: Sampling) -> Estimate | None:
    pool = Inline(1)
    found = survey(path, (), pool, NoProgress())
    assert found.past is not None
    return estimate_again(make_plan(found, wishes), found.past, pool, how, NoProgress(), {})


def note_work(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Which images are worked on, with which codec."""
    seen: list[tuple[int, str]] = []

    def note(tasks: tuple[Task, ...]) -> tuple[Outcome | Lost, ...]:
        seen.extend((task.index, task.wishes.codec) for task in tasks)
        return work(tasks)

    work = outcomes.work
    monkeypatch.setattr(outcomes, "work", note)
    return seen


@pytest.mark.usefixtures("sampled")
def test_no_codec_is_tried_on_all_images_where_nothing_fits(
    repacked: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = note_work(monkeypatch)
    code, _out, err = run(repacked, "-q", "--max-size", "10k")
    assert (code, "it would take about" in err) == (5, True)
    assert {codec for _index, codec in seen} == {"smallest", "jpegxl"}
    assert 0 < len(seen) == len(set(seen)) < IMAGES / 2
    assert [path.name for path in repacked.parent.iterdir()] == ["scan.zip"]


@pytest.mark.lengthy
@pytest.mark.usefixtures("sampled")
def test_what_fits_is_found(repacked: Path, run: Run) -> None:
    made = repacked.with_name("made.zip")
    assert run(repacked, "-q", "--codec", "jpegxl", "-o", made)[0] == 0
    size, target = made.stat().st_size, repacked.with_name("new.zip")
    assert size < repacked.stat().st_size - 1000
    code, out, err = run(repacked, "-o", target, "--max-size", f"{(size + 400) / 1000:.3f}k")
    assert (code, err) == (0, "")
    assert f"--codec jpegxl; as asked it would take {words.size(repacked.stat().st_size)}" in flat(out)
    assert manifest_of(target)["options"]["codec"] == "jpegxl"


@pytest.mark.usefixtures("sampled")
def test_a_dry_run_knows_that_what_is_there_is_too_large(repacked: Path, run: Run) -> None:
    code, out, _err = run(repacked, "--dry-run", "--max-size", f"{repacked.stat().st_size * 0.99 / 1000:.3f}k")
    assert (code, "to fit into --max-size" in flat(out)) == (0, True)
    code, out, _err = run(repacked, "--dry-run", "--max-size", f"{repacked.stat().st_size / 1000:.3f}k")
    assert (code, "is what these options give already" in flat(out)) == (0, True)
    assert run(repacked, "--dry-run", "--max-size", "10k")[0] == 5


@pytest.mark.lengthy
@pytest.mark.usefixtures("sampled")
@pytest.mark.parametrize("count", [4, 6, 1000])
@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(),
        Wishes(codec="smallest", is_codec_named=True),
        Wishes(codec="jpegxl", is_codec_named=True),
        Wishes(codec="none", is_codec_named=True),
        Wishes(codec="smallest", is_codec_named=True, drop_path=("*.pdf",)),
        Wishes(drop_path=("DICOM/I000000?",)),
    ],
    ids=str,
)
def test_the_least_is_no_more_than_the_zip(repacked: Path, tmp_path: Path, wishes: Wishes, count: int) -> None:
    told = told_of(repacked, wishes, Sampling(count))
    size = pipeline.run(Request(repacked, tmp_path / "new.zip", wishes, jobs=0)).size
    assert told is not None
    assert told.after - told.error <= size
    assert abs(told.after - size) <= told.error


@pytest.mark.lengthy
@pytest.mark.parametrize("codec", ["htj2k", "j2k"])
def test_images_that_have_no_original_are_told_too(repacked: Path, tmp_path: Path, codec: str) -> None:
    """Their samples are what they go on from."""
    rle = pipeline.run(Request(repacked, tmp_path / "rle.zip", Wishes(codec="rle", is_codec_named=True), jobs=0)).target
    images = [DiscFile(name, data) for name, data in contents(rle).items() if not name.startswith("REPACK/")]
    write_zip(tmp_path / "disc.zip", images)
    made = pipeline.run(Request(tmp_path / "disc.zip", tmp_path / "made.zip", jobs=0))
    assert "samples" in {entry.proof for entry in made.manifest.entries}
    wishes = Wishes(codec=codec, is_codec_named=True)
    told = told_of(made.target, wishes, Sampling(6))
    done = pipeline.run(Request(made.target, tmp_path / "new.zip", wishes, jobs=0))
    assert told is not None
    assert told.images == IMAGES
    assert abs(told.after - done.size) <= told.error


def test_an_image_that_a_codec_makes_no_smaller_stays_as_long_as_it_is(tmp_path: Path) -> None:
    """RLE gains nothing on noise: neither on what is JPEG-LS now, nor on what no codec made smaller."""
    chance = random.Random(1)  # noqa: S311  pictures, no secrets
    slopes = [(600 * x + 300 * y + chance.randrange(256)) % 65536 for y in range(64) for x in range(64)]
    noise = [chance.randrange(65536) for _word in slopes]
    images = [RawImage(struct.pack(f"<{len(words)}H", *words), 64, 64).content for words in (slopes, noise)]
    write_zip(tmp_path / "disc.zip", [DiscFile(f"I{n}", image) for n, image in enumerate(images)])
    made = pipeline.run(Request(tmp_path / "disc.zip", tmp_path / "made.zip", jobs=0))
    assert [entry.action for entry in made.manifest.entries] == ["transcoded", "copied"]
    wishes = Wishes(codec="rle", is_codec_named=True)
    told = told_of(made.target, wishes, Sampling(6))
    done = pipeline.run(Request(made.target, tmp_path / "new.zip", wishes, jobs=0))
    assert [entry.after for entry in done.manifest.entries] == [entry.after for entry in made.manifest.entries]
    assert told is not None
    assert (told.images, abs(told.after - done.size) < 500) == (2, True)


def test_where_more_is_packed_anew_only_the_run_can_tell(repacked: Path) -> None:
    wishes = Wishes(codec="smallest", is_codec_named=True)
    assert told_of(repacked, wishes, Sampling(6)) is not None
    assert told_of(repacked, replace(wishes, squeeze=True), Sampling(6)) is None
