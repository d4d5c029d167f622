"""What a run would save, against what it does save: within 5 % on every fixture disc, and the error is stated."""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from fixtures import golden_disc
from fixtures.dicom import dicomdir, image_file
from fixtures.disc import DiscFile, dental_disc, dress, write_folder, write_zip
from fixtures.header import SeriesHeader
from fixtures.phantom import slice_words
from repack import pipeline
from repack.errors import BundleUnreadable
from repack.model import Wishes
from repack.pipeline import Request, estimate
from repack.planning.estimate import Estimate, Sampling, add_up, estimate_plan
from repack.progress import NoProgress
from repack.survey import make_plan, survey
from tests.inline import Inline
from tests.shared_data import shared_files

SERIES = [path for path in shared_files("ct-series/S2030") if path.name != "LICENSE"]
GOLDEN = sorted(folder.name for folder in golden_disc.FOLDER.iterdir() if folder.is_dir())
pytestmark = pytest.mark.usefixtures("inline")
SMALLER = Wishes(keep_locales=("en", "es"), drop_redist=True)


class Remembering(Inline):
    """Does each task once, so that many draws can be compared."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, ...], object] = {}

    def run(self, function: Callable, tasks: Iterable, _allow: Callable | None = None) -> Iterator:
        for task in tasks:
            key = tuple(one.index for one in task)
            if key not in self.known:
                self.known[key] = function(task)
            yield self.known[key]


def compare(bundle: Path, wishes: Wishes, how: Sampling | None = None) -> tuple[Estimate, int]:
    """The estimate, and what a run really saves."""
    target = bundle.with_name("new.zip")
    request = Request(bundle, target, wishes, overwrite=True)
    told = estimate(request, how or Sampling())
    assert not target.exists()
    done = pipeline.run(request)
    before = bundle.stat().st_size if bundle.is_file() else done.manifest.totals.before.size
    assert told.before == before
    return told, before - target.stat().st_size


def assert_near(told: Estimate, saved: int) -> None:
    assert abs(told.saved - saved) <= 0.05 * abs(saved)
    assert abs(told.saved - saved) <= told.error


@pytest.mark.parametrize("wishes", [pytest.param(Wishes(), marks=pytest.mark.slow), SMALLER], ids=["plain", "smaller"])
@pytest.mark.parametrize("name", GOLDEN)
def test_fixture_discs_are_told_within_5_percent(name: str, wishes: Wishes, tmp_path: Path):
    write_zip(tmp_path / "disc.zip", golden_disc.build(name))
    assert_near(*compare(tmp_path / "disc.zip", wishes))


@pytest.mark.lengthy
def test_a_sample_of_a_larger_disc_is_enough(tmp_path: Path):
    write_zip(tmp_path / "disc.zip", dental_disc(150, size=256), method="stored")
    told, saved = compare(tmp_path / "disc.zip", SMALLER)
    assert_near(told, saved)
    assert told.images == 150
    assert told.sampled < 60


@pytest.mark.lengthy
def test_a_folder_is_told_too(tmp_path: Path):
    write_folder(tmp_path / "disc", dental_disc(8, size=64))
    assert_near(*compare(tmp_path / "disc", SMALLER))


@pytest.mark.lengthy
@pytest.mark.parametrize("codec", ["none", "rle", "jpegls-near"])
def test_the_chosen_codec_is_the_one_that_is_tried(codec: str, tmp_path: Path):
    write_zip(tmp_path / "disc.zip", dental_disc(6, size=64))
    assert_near(*compare(tmp_path / "disc.zip", Wishes(codec=codec, is_codec_named=True, max_error=3)))


@pytest.mark.lengthy
def test_a_repacked_zip_saves_nothing_more_and_another_codec_is_tried_on_it(tmp_path: Path):
    write_zip(tmp_path / "disc.zip", dental_disc(6, size=64))
    pipeline.run(Request(tmp_path / "disc.zip", tmp_path / "once.zip"))
    told = estimate(Request(tmp_path / "once.zip", tmp_path / "new.zip"))
    assert (told.saved, told.error) == (0, 0)
    assert_near(*compare(tmp_path / "once.zip", Wishes(codec="rle", is_codec_named=True)))


def two_studies() -> list[DiscFile]:
    """A small study, a larger one, and the DICOMDIR of both."""
    images = [
        DiscFile(
            f"DICOM/S{study}I{index}",
            image_file(
                slice_words(index, count, 32), index=index, count=count, series=SeriesHeader(study_number=study)
            ),
        )
        for study, count in ((1, 2), (2, 30))
        for index in range(count)
    ]
    return [DiscFile("DICOMDIR", dicomdir((file.path, file.content) for file in images)), *images]


def tell_parts(request: Request) -> list[Estimate]:
    """The estimate of each zip that a run would make."""
    pool = Inline(1)
    found = survey(request.bundle, (), pool, NoProgress())
    parts = pipeline.split_up(request, found)
    return [estimate_plan(make_plan(found, part.wishes), found.past, pool) for part in parts]


@pytest.mark.lengthy
def test_each_part_is_told_with_the_index_that_it_gets(tmp_path: Path):
    disc, whole = tmp_path / "disc.zip", tmp_path / "whole.zip"
    write_zip(disc, two_studies())
    pipeline.run(Request(disc, whole))
    for bundle in (disc, whole):
        request = Request(bundle, bundle.with_name(f"{bundle.stem}.new.zip"), split=True)
        for told, done in zip(tell_parts(request), pipeline.run_parts(request), strict=True):
            assert told.error < 150  # the manifest alone: nothing is extrapolated
            assert abs(told.after - done.size) <= told.error
    first = Request(
        tmp_path / "disc.new.study1of2.zip", tmp_path / "again.zip", Wishes(codec="rle", is_codec_named=True)
    )
    (told,) = tell_parts(first)
    assert abs(told.after - pipeline.run(first).size) <= told.error < 150


@pytest.mark.lengthy
def test_an_entry_that_cannot_be_read_stops_the_estimate_as_it_stops_the_run(tmp_path: Path):
    write_zip(tmp_path / "disc.zip", dental_disc(3, size=16))
    with zipfile.ZipFile(tmp_path / "disc.zip") as archive:
        where = archive.getinfo("DICOM/I0000002").header_offset
    broken = bytearray((tmp_path / "disc.zip").read_bytes())
    broken[where : where + 4] = b"XXXX"
    (tmp_path / "disc.zip").write_bytes(broken)
    with pytest.raises(BundleUnreadable, match="I0000002"):
        estimate(Request(tmp_path / "disc.zip", tmp_path / "new.zip"))


def test_errors_of_many_discs_add_up_as_squares():
    one, other = Estimate(1000, 600, 30, 10, 4), Estimate(500, 450, 40, 5, 5)
    assert add_up([one, other]) == Estimate(1500, 1050, 50, 15, 9)
    assert add_up([one, other]).saved == 450
    assert add_up([]) == Estimate(0, 0, 0, 0, 0)


def count_within(bundle: Path, how_many: int) -> tuple[int, float]:
    """How many of so many draws come within their stated error, and the worst of them as a share of the saving."""
    pool = Remembering()
    plan = make_plan(survey(bundle, (), Inline(1), NoProgress()), SMALLER)
    truth = estimate_plan(plan, None, pool, Sampling(10**6))
    told = [estimate_plan(plan, None, pool, Sampling(seed=seed)) for seed in range(how_many)]
    off = [abs(one.after - truth.after) for one in told]
    return sum(a <= one.error for a, one in zip(off, told, strict=True)), max(off) / truth.saved


@pytest.mark.slow
@pytest.mark.skipif(not SERIES, reason="shared/data is not here")
@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_the_real_series_is_told_within_its_error_whatever_the_draw(kind: str, tmp_path: Path):
    files = dress([(path.name, path.read_bytes()) for path in SERIES])
    bundle = tmp_path / ("disc.zip" if kind == "zip" else "disc")
    if kind == "zip":
        write_zip(bundle, files)
    else:
        write_folder(bundle, files)
    assert_near(*compare(bundle, SMALLER))
    within, worst = count_within(bundle, 100)
    assert within >= 90
    assert worst < 0.05
