"""--squeeze: what is kept as it is becomes smaller or stays, never larger and never another content."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.disc import write_folder
from repack import outcomes, pipeline, squeeze
from repack.model import DEFLATED, STORED, Packed, Raw, Wishes
from tests.bundles.handmade import Made, make_zip
from tests.commands import Run, contents, entries_of, manifest_of
from tests.discs import small_disc, write_small_disc
from tests.entries import make_packed

pytestmark = pytest.mark.usefixtures("inline")
#: Words of a command line -> all that it says.
Say = Callable[..., str]
TEXT = b"".join(b"line %d of a long list of texts\r\n" % (n * n) for n in range(3_000))
NOISE = hashlib.shake_128(b"noise").digest(50_000)


@pytest.fixture
def say(run: Run) -> Say:
    """A command line that succeeds."""

    def call(*words: str | Path) -> str:
        code, out, err = run(*words)
        assert code == 0, err
        return out + err

    return call


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_small_disc(tmp_path / "scan.zip", 3)


# --- one content ---


@given(st.binary(max_size=2_000) | st.binary(max_size=40).map(lambda piece: piece * 99), st.sampled_from([0, 8]))
def test_never_larger_and_always_the_same(data: bytes, method: int) -> None:
    plain = make_packed(data, method)
    found = squeeze.or_else(data, plain)
    assert found.length <= plain.length
    assert (found.crc, found.size) == (zlib.crc32(data), len(data))
    assert isinstance(found, Packed)
    assert (zlib.decompress(found.data, -15) if found.method == DEFLATED else found.data) == data


def test_smaller_than_zlib_at_its_best() -> None:
    found = squeeze.or_else(TEXT, make_packed(TEXT, STORED))
    assert found.method == DEFLATED
    assert found.length < len(zlib.compress(TEXT, 9)) - 6


@pytest.mark.parametrize("spoilt", [b"\x03\x00", b"", b"\xff" * 9, zlib.compress(TEXT[:-1] + b"?", 9)[2:-4]])
def test_a_stream_that_does_not_give_back_the_content_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, spoilt: bytes
) -> None:
    plain = make_packed(TEXT, STORED)
    assert squeeze.or_else(TEXT, plain) is not plain
    monkeypatch.setattr(imagecodecs, "deflate_encode", lambda *_args, **_options: spoilt)
    assert squeeze.or_else(TEXT, plain) is plain


# --- a bundle ---


def squeezed(tmp_path: Path, *made: Made) -> dict[str, dict]:
    (tmp_path / "in.zip").write_bytes(make_zip(made))
    pipeline.run(pipeline.Request(tmp_path / "in.zip", tmp_path / "out.zip", Wishes(squeeze=True), overwrite=True))
    return entries_of(tmp_path / "out.zip")


def test_each_entry_takes_the_smaller_form(tmp_path: Path) -> None:
    best = imagecodecs.deflate_encode(TEXT, level=12, raw=True)
    lines = squeezed(
        tmp_path,
        Made(name=b"stored.txt", data=TEXT),
        Made(name=b"deflated.txt", data=TEXT, method=8),
        Made(name=b"best.txt", data=TEXT, method=8, stored=bytes(best)),
        Made(name=b"noise.bin", data=NOISE),
        Made(name=b"empty.txt", data=b""),
    )
    for name in ("stored.txt", "deflated.txt"):
        line = lines[name]
        assert (line["action"], line["proof"]) == ("copied", "identical")
        assert line["after"]["stored"] == len(best) < line["before"]["stored"]
        assert line["reason"].endswith("; deflated anew")
    for name in ("best.txt", "noise.bin", "empty.txt"):
        line = lines[name]
        assert line["after"] == line["before"]
        assert "anew" not in line["reason"]
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        assert [archive.read(f"{name}.txt") for name in ("stored", "deflated", "best")] == [TEXT] * 3


def test_what_is_too_large_stays_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "_LARGE", len(TEXT) - 1)
    line = squeezed(tmp_path, Made(name=b"a.txt", data=TEXT, method=8))["a.txt"]
    assert line["after"] == line["before"]
    assert line["reason"].endswith("; too large to be deflated anew in memory")


def test_a_damaged_entry_is_carried_over_as_broken_as_it_is(tmp_path: Path) -> None:
    line = squeezed(tmp_path, Made(name=b"a.txt", data=TEXT, method=8, crc=1))["a.txt"]
    assert line["damaged"]
    assert line["after"]["stored"] == line["before"]["stored"]


def test_an_image_that_is_kept_is_squeezed_too(tmp_path: Path) -> None:
    image = b"\0" * 128 + b"DICM" + TEXT  # no repack can read it, so it stays
    line = squeezed(tmp_path, Made(name=b"I1", data=image))["I1"]
    assert (line["category"], line["action"]) == ("dicom", "copied")
    assert line["after"]["stored"] < len(zlib.compress(image, 9))


def test_the_whole_way_through_the_command_line(scan: Path, tmp_path: Path, say: Say) -> None:
    plain, small = tmp_path / "plain.zip", tmp_path / "small.zip"
    assert "--squeeze: " in say(scan, "--squeeze", "--dry-run")
    assert "--squeeze: " not in say(scan, "--dry-run")
    say(scan, "-o", plain)
    say(scan, "-o", small, "--squeeze")
    assert small.stat().st_size < plain.stat().st_size
    assert manifest_of(small)["options"]["squeeze"] is True
    assert "sound" in say("verify", small)
    say("restore", small, "-o", tmp_path / "back")
    for name, content in contents(scan).items():
        assert (tmp_path / "back" / name).read_bytes() == content


def test_the_same_again_changes_nothing_and_the_wish_can_come_later(scan: Path, tmp_path: Path, say: Say) -> None:
    plain, small, later = (tmp_path / f"{name}.zip" for name in ("plain", "small", "later"))
    say(scan, "-o", plain)
    say(scan, "-o", small, "--squeeze")
    assert "nothing was written" in say(small, "--squeeze")
    assert "nothing was written" in say(small)
    say(plain, "--squeeze", "-o", later)
    assert "nothing was written" in say(later, "--squeeze")
    squeezed_at_once, squeezed_later = entries_of(small), entries_of(later)
    copied = [path for path, line in squeezed_at_once.items() if line["action"] == "copied"]
    assert copied
    for path in copied:
        assert squeezed_later[path]["after"] == squeezed_at_once[path]["after"]
        assert squeezed_later[path]["before"] == squeezed_at_once[path]["before"]
    assert "sound" in say("verify", later, "--against", scan)


def test_files_of_a_folder(tmp_path: Path, say: Say) -> None:
    write_folder(tmp_path / "disc", small_disc(2))
    say(tmp_path / "disc", "-o", tmp_path / "plain.zip")
    say(tmp_path / "disc", "-o", tmp_path / "small.zip", "--squeeze")
    plain, small = entries_of(tmp_path / "plain.zip"), entries_of(tmp_path / "small.zip")
    files = [path for path, line in plain.items() if line["after"]]
    assert all(small[path]["after"]["stored"] <= plain[path]["after"]["stored"] for path in files)
    assert any(small[path]["after"]["stored"] < plain[path]["after"]["stored"] for path in files)


def test_bytes_that_stay_are_those_of_the_bundle(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(NOISE)
    raw = Raw(tmp_path / "in", 0, len(NOISE), STORED, zlib.crc32(NOISE), len(NOISE))
    assert squeeze.or_else(NOISE, raw) is raw
