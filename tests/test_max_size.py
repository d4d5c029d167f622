"""`--max-size`: the new zip is never larger, is chosen with the least harm, or one line says what is missing."""

import json
import re
import shlex
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.disc import DiscFile, dental_disc, write_folder, write_zip
from repack import outcomes, piecewise, sizing
from repack.cli import options
from repack.errors import WrongUsage
from repack.model import Lost, Outcome
from repack.outcomes import Task
from repack.planning.estimate import Estimate, estimate_plan
from tests.commands import Run, flat, manifest_of
from tests.raw_dicom import RawImage

pytestmark = pytest.mark.usefixtures("inline")
SQUEEZED = pytest.param(("--squeeze",), marks=pytest.mark.slow)
SOME = tuple(f"Viewer/{tag}/" for tag in ("en", "de", "es", "fr", "it", "ja", "pl", "ru"))
DISC = tuple(
    file for file in dental_disc(10, size=96) if not file.path.endswith(".resources.dll") or file.path.startswith(SOME)
)
IMAGES = tuple(file for file in DISC if file.path.startswith("DICOM"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("made") / "scan.zip"
    write_zip(path, DISC)
    return path.read_bytes()


@pytest.fixture
def disc(tmp_path: Path, made: bytes) -> Path:
    path = tmp_path / "scan.zip"
    path.write_bytes(made)
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A disc without a viewer: then every lossless codec may be chosen."""
    path = tmp_path / "images.zip"
    write_zip(path, [file for file in dental_disc(3, size=256) if file.path.startswith("DICOM")])
    return path


TINY = Estimate(before=1, after=1, error=0, images=0, sampled=0)


def size_of(run: Run, disc: Path, *words: str) -> int:
    """Bytes of the zip that these options give."""
    target = disc.with_name("size.zip")
    assert run(disc, "-o", target, "--overwrite", "-q", *words)[0] == 0
    size = target.stat().st_size
    target.unlink()
    return size


def added_of(record: dict) -> list[str]:
    """The options that the search has added, as the summary says them."""
    said = [re.fullmatch(r"to fit into --max-size [^:]+: (.*); as asked .*", line) for line in record["warnings"]]
    return shlex.split(said[0][1].replace(",", "")) if said and said[0] else []


# --- what is typed ---


@given(
    st.integers(1, 999_999),
    st.sampled_from(["k", "M", "G", "kB", "MB", "gb", "KiB", "MiB", "GIB"]),
    st.sampled_from(["", " "]),
)
def test_sizes_are_read_in_both_kinds_of_units(number: int, unit: str, blank: str):
    base = 1024 if "i" in unit.lower() else 1000
    expected = number * base ** (" kmg".index(unit[0].lower()))
    assert options.read_size(f"{number}{blank}{unit}") == expected


@pytest.mark.parametrize(("text", "size"), [("1.5M", 1_500_000), ("0,5 GB", 500_000_000), ("1.5MiB", 1_572_864)])
def test_sizes_may_have_a_fraction(text: str, size: int):
    assert options.read_size(text) == size


@pytest.mark.parametrize("text", ["", "500", "M", "-5M", "0M", "5 Mbit", "1e3M", "٣M", "nanM", "5MM"])
def test_what_is_no_size_is_refused(text: str, disc: Path, run: Run):
    with pytest.raises(WrongUsage, match="500M"):
        options.read_size(text)
    code, _out, err = run(disc, f"--max-size={text}")
    assert (code, err.count("\n")) == (2, 1)


# --- what comes out ---


def test_what_fits_as_it_is_asked_for_is_left_alone(disc: Path, run: Run):
    limit = size_of(run, disc) + 100_000
    assert run(disc, "-q", "--max-size", f"{limit / 1e6:.6f}M")[0] == 0
    record = manifest_of(disc.with_name("scan.repacked.zip"))
    assert added_of(record) == []
    assert record["options"]["max_size"] == limit
    assert record["options"]["codec"] == "jpegls"


@pytest.mark.lengthy
def test_what_fits_once_it_is_squeezed_is_left_alone(disc: Path, run: Run):
    stored = disc.with_name("stored.zip")
    with zipfile.ZipFile(disc) as old, zipfile.ZipFile(stored, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    squeezed = size_of(run, stored, "--squeeze")
    assert squeezed < 0.9 * size_of(run, stored)
    limit = f"{squeezed // 1000 + 5}k"
    target = disc.with_name("fits.zip")
    assert run(stored, "-o", target, "-q", "--squeeze", "--max-size", limit)[0] == 0
    assert all(entry["action"] != "dropped" for entry in manifest_of(target)["entries"])


@pytest.mark.lengthy
@pytest.mark.parametrize("words", [(), SQUEEZED])
@pytest.mark.parametrize("kind", ["zip", "stored", "folder"])
def test_what_just_fits_loses_nothing(kind: str, words: tuple[str, ...], tmp_path: Path, run: Run):
    disc, target = tmp_path / "disc.zip", tmp_path / "new.zip"
    if kind == "folder":
        write_folder(disc, DISC)
    else:
        write_zip(disc, DISC, method="stored" if kind == "stored" else "deflated")
    limit = size_of(run, disc, *words) + 400
    assert run(disc, "-q", "-o", target, *words, "--max-size", f"{limit / 1e6:.6f}M")[0] == 0
    assert added_of(manifest_of(target)) == []
    assert run(disc, "-q", "-o", target, "--overwrite", *words, "--max-size", f"{limit / 1e6 * 0.95:.6f}M")[0] == 0
    assert added_of(manifest_of(target)) != []


@pytest.mark.lengthy
@pytest.mark.parametrize("share", [0.95, 0.8, 0.6, 0.45, 0.35, 0.2, 0.05])
def test_it_is_never_larger_and_never_loses_an_image(share: float, disc: Path, run: Run):
    limit = int(size_of(run, disc) * share) // 1000
    names = {path.name for path in disc.parent.iterdir()}
    code, _out, err = run(disc, "-q", "--max-size", f"{limit}k")
    target = disc.with_name("scan.repacked.zip")
    if code == 5:
        assert err.count("\n") == 1
        assert re.search(r"it would take .* more than --max-size", err)
        assert {path.name for path in disc.parent.iterdir()} == names
        return
    assert code == 0
    assert target.stat().st_size <= limit * 1000
    record = manifest_of(target)
    for entry in record["entries"]:
        if entry["category"] in {"dicom", "dicomdir", "unknown", "document", "viewer", "runtime", "launcher"}:
            assert entry["after"] is not None, entry["path"]
            assert entry["proof"] in {"exact", "identical"}


@pytest.mark.lengthy
def test_both_ends_of_the_sweep_are_met(disc: Path, run: Run):
    full = size_of(run, disc)
    assert run(disc, "-q", "--max-size", f"{full * 0.8 / 1000:.0f}k")[0] == 0
    assert added_of(manifest_of(disc.with_name("scan.repacked.zip")))[0] == "--drop-redist"
    assert run(disc, "-q", "--overwrite", "--max-size", "10k")[0] == 5


@pytest.mark.lengthy
def test_it_is_the_run_with_the_chosen_options_written_out(disc: Path, run: Run):
    limit = size_of(run, disc) * 0.8 / 1000
    assert run(disc, "-q", "--max-size", f"{limit:.0f}k")[0] == 0
    chosen = manifest_of(disc.with_name("scan.repacked.zip"))
    target = disc.with_name("same.zip")
    assert run(disc, "-q", "-o", target, *added_of(chosen))[0] == 0
    same = manifest_of(target)
    assert same["entries"] == chosen["entries"]
    assert chosen["options"].pop("max_size")
    assert same["options"].pop("max_size") is None
    assert same["options"] == chosen["options"]


@pytest.mark.lengthy
def test_without_a_viewer_a_smaller_codec_is_chosen_first(images: Path, run: Run):
    asked, smallest, tiny = (size_of(run, images, "--codec", name) for name in ("jpegls", "smallest", "jpegxl"))
    assert tiny < smallest < asked
    for limit, codec in ((smallest, "smallest"), (tiny, "jpegxl")):
        target = images.with_name(f"{codec}.zip")
        assert run(images, "-q", "-o", target, "--max-size", f"{(limit + 400) / 1000:.3f}k")[0] == 0
        record = manifest_of(target)
        assert added_of(record)[-2:] == ["--codec", codec]
        assert {entry["proof"] for entry in record["entries"]} == {"exact"}
        rare = "hardly any program opens JPEG XL yet, only Weasis 4.6+, dicom-rs, dcm4che"
        assert (rare in record["warnings"]) == (codec == "jpegxl")


def test_a_purpose_keeps_its_codec_and_says_what_is_missing(images: Path, run: Run):
    limit = size_of(run, images, "--for", "cd") * 0.7 / 1000
    code, _out, err = run(images, "-q", "--for", "cd", "--max-size", f"{limit:.0f}k")
    assert code == 5
    assert "allow more" in err


def test_what_is_missing_and_what_would_help_is_one_line(disc: Path, run: Run):
    code, out, err = run(disc, "--max-size", "10k")
    assert (code, out, err.count("\n")) == (5, "", 1)
    for said in ("--drop viewer --drop runtime", "would save", "not enough", "--codec smallest", "--drop-redist"):
        assert said in err


def test_a_codec_that_was_tried_is_no_advice(images: Path, run: Run):
    _code, _out, err = run(images, "-q", "--max-size", "10k")
    assert "--codec smallest may" not in err
    assert "jpegxl is smaller" not in err
    _code, _out, err = run(images, "-q", "--max-size", "10k", "--codec", "jpegls")
    assert "--codec smallest may help a little; --codec jpegxl is smaller" in err


@pytest.mark.lengthy
def test_what_would_help_helps(disc: Path, run: Run):
    _code, _out, err = run(disc, "--max-size", "2M")
    words = re.search(r"((?:--drop \w+ ?)+) would save (.*) (.)B", err)
    assert words is not None
    assert "not enough" not in err
    assert run(disc, "-q", "--max-size", "2M", *words[1].split())[0] == 0
    assert disc.with_name("scan.repacked.zip").stat().st_size <= 2_000_000


# --- the zip itself decides ---


def test_an_estimate_that_is_too_low_is_found_out(disc: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    limit = size_of(run, disc) * 0.8 / 1000
    monkeypatch.setattr(sizing, "estimate_plan", lambda *_: TINY)
    assert run(disc, "-q", "--max-size", f"{limit:.0f}k")[0] == 0
    target = disc.with_name("scan.repacked.zip")
    assert target.stat().st_size <= limit * 1000
    assert "as asked it would take about" not in manifest_of(target)["warnings"][0]  # it was tried


def test_nothing_is_left_where_even_the_last_try_is_too_large(disc: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sizing, "estimate_plan", lambda *_: TINY)
    code, _out, err = run(disc, "-q", "--max-size", "10k")
    assert (code, {path.name for path in disc.parent.iterdir()}) == (5, {"scan.zip"})
    assert "about" not in err.partition("; ")[0]


@pytest.mark.parametrize("kind", ["zip", "stored", "folder"])
@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--codec", "j2k"),
        ("--drop-redist", "--keep-locales", "en"),
        pytest.param(("--squeeze", "--drop-redist"), marks=pytest.mark.slow),
    ],
)
def test_an_estimate_comes_near(
    kind: str, words: tuple[str, ...], tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
):
    disc = tmp_path / "disc.zip"
    if kind == "folder":
        write_folder(disc, DISC)
    else:
        write_zip(disc, DISC, method="stored" if kind == "stored" else "deflated")
    seen: list[Estimate] = []

    def watch(*arguments: object) -> Estimate:
        seen.append(estimate_plan(*arguments))
        return TINY

    monkeypatch.setattr(sizing, "estimate_plan", watch)
    monkeypatch.setattr(sizing, "upper_bound", lambda _plan: 1 << 60)
    assert run(disc, "-q", "-o", tmp_path / "new.zip", "--max-size", "1G", *words)[0] == 0
    (found,) = seen
    assert abs(found.after - (tmp_path / "new.zip").stat().st_size) <= found.error
    assert found.error < 0.01 * found.after


# --- the other views ---


@pytest.mark.lengthy
def test_a_dry_run_shows_the_choice_and_writes_nothing(disc: Path, run: Run):
    limit = size_of(run, disc) * 0.8 / 1000
    code, out, _err = run(disc, "--dry-run", "--max-size", f"{limit:.0f}k")
    assert code == 0
    assert "to fit into --max-size" in flat(out)
    assert "--drop-redist" in flat(out)
    code, out, _err = run(disc, "--dry-run", "--json", "--max-size", f"{limit:.0f}k")
    assert json.loads(out)["warnings"][0].startswith("to fit into --max-size")
    assert run(disc, "--dry-run", "--max-size", "10k")[0] == 5
    assert {path.name for path in disc.parent.iterdir()} == {"scan.zip"}


def test_again_nothing_happens_and_a_smaller_limit_goes_on(disc: Path, run: Run):
    assert run(disc, "-q")[0] == 0
    first = disc.with_name("scan.repacked.zip")
    limit = first.stat().st_size
    code, out, _err = run(first, "--max-size", f"{limit + 1000}KiB")
    assert (code, "nothing was written" in flat(out)) == (0, True)
    target = disc.with_name("smaller.zip")
    assert run(first, "-q", "-o", target, "--max-size", f"{limit * 0.8 / 1000:.0f}k")[0] == 0
    assert target.stat().st_size <= limit * 0.8
    assert run("restore", target, "-o", disc.with_name("back"), "DICOM/**", "DICOMDIR")[0] == 0
    for file in DISC:
        if file.path.startswith("DICOM"):
            assert (disc.with_name("back") / file.path).read_bytes() == file.content


@pytest.mark.lengthy
def test_a_large_image_is_told_from_some_frames(disc: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(piecewise, "_LARGE", 10_000)
    image = RawImage(bytes((7, 3)) * 100 * 40 * 100, 100, 40, frames=100)
    write_zip(disc, [*DISC, DiscFile("LARGE.DCM", image.content)])
    limit = size_of(run, disc) * 0.9 / 1000
    assert run(disc, "-q", "--max-size", f"{limit:.0f}k")[0] == 0
    target = disc.with_name("scan.repacked.zip")
    assert target.stat().st_size <= limit * 1000
    assert "as asked it would take about" in manifest_of(target)["warnings"][0]  # no zip was written in vain


def test_what_was_tried_is_not_tried_again(disc: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    tried: list[tuple[int, str]] = []

    def note(tasks: tuple[Task, ...]) -> tuple[Outcome | Lost, ...]:
        tried.extend((task.index, task.wishes.codec) for task in tasks)
        return work(tasks)

    work = outcomes.work
    monkeypatch.setattr(outcomes, "work", note)
    assert run(disc, "-q", "--max-size", "10k")[0] == 5
    images = sum(file.path.startswith("DICOM/") for file in DISC)
    assert (len(tried), len(set(tried))) == (images + 1, images + 1)  # with the DICOMDIR
    assert {codec for _index, codec in tried} == {"jpegls"}


def test_an_entry_that_cannot_be_read_stops_the_run_and_is_named(disc: Path, run: Run):
    with zipfile.ZipFile(disc) as archive:
        where = archive.getinfo("DICOM/I0000002").header_offset
    broken = bytearray(disc.read_bytes())
    broken[where : where + 4] = b"XXXX"
    disc.write_bytes(broken)
    without, limited = run(disc, "-q"), run(disc, "-q", "--max-size", "1M")
    assert without == limited
    assert (limited[0], "DICOM/I0000002" in limited[2]) == (3, True)


def test_a_report_stays_however_small_it_has_to_be(tmp_path: Path, run: Run):
    write_zip(tmp_path / "scan.zip", [*IMAGES, DiscFile("Befund.pdf", b"%PDF-1.4\n" + bytes(range(256)) * 40)])
    assert run(tmp_path / "scan.zip", "-q", "--max-size", "1G")[0] == 0
    assert run(tmp_path / "scan.zip", "-q", "--overwrite", "--max-size", "9k")[0] == 5
