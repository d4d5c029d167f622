"""Flip a bit anywhere in a repacked zip: verify finds it, names a place, and never crashes.

What it cannot find are bits that mean nothing: a deflate stream fills up its last byte, and the byte before each stored
block, with bits that no reader looks at (RFC 1951 3.2.3, 3.2.4). The test proves of each such flip that every
program still reads the same.
"""

import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.disc import DiscFile, dental_disc, write_zip
from repack import pipeline
from repack.errors import DifferenceFound
from repack.giveback import verify
from repack.model import Wishes
from repack.pipeline import Request
from tests.commands import Run

FLIPS = 500


def without_viewer() -> Iterator[DiscFile]:
    for file in dental_disc(3, size=48):
        if not file.path.startswith("Viewer/") and len(file.content) < 20_000:
            yield file
    yield DiscFile("notes/Größe.txt", b"text that shrinks, text that shrinks, text that shrinks " * 40)
    yield DiscFile("empty.txt", b"")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("mutations")
    write_zip(folder / "scan.zip", without_viewer())
    with zipfile.ZipFile(folder / "scan.zip", "a") as archive:
        archive.mkdir("empty folder")
    done = pipeline.run(Request(folder / "scan.zip", folder / "out.zip", Wishes(drop_path=("License.txt",))))
    assert done.manifest.totals.images == 3
    return done.target.read_bytes()


def find(path: Path) -> list[str]:
    """What verify has to say of a zip, in words."""
    try:
        done = verify.verify(verify.Request(path))
    except DifferenceFound as error:
        return [str(error)]
    return [f"{finding.where} {finding.problem}" for finding in done.findings]


def reads_alike(path: Path, made: Path) -> bool:
    """Does another reader see no difference at all: names, order, attributes, times, contents?"""
    with zipfile.ZipFile(path) as one, zipfile.ZipFile(made) as other:
        about = [
            [
                (i.orig_filename, i.date_time, i.external_attr, i.create_system, i.extra, i.flag_bits, i.comment)
                for i in infos
            ]
            for infos in (one.infolist(), other.infolist())
        ]
        contents = [[archive.read(info) for info in archive.infolist()] for archive in (one, other)]
        return about[0] == about[1] and contents[0] == contents[1]


@pytest.mark.usefixtures("inline")
def test_a_sound_zip_is_sound(made: bytes, tmp_path: Path) -> None:
    (tmp_path / "out.zip").write_bytes(made)
    assert find(tmp_path / "out.zip") == []


@pytest.mark.lengthy
@pytest.mark.usefixtures("inline")
def test_every_flip_that_matters_is_found(made: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(2030)  # noqa: S311  not for secrets
    sound, path = tmp_path / "sound.zip", tmp_path / "out.zip"
    sound.write_bytes(made)
    counts: Counter[str] = Counter()
    directory = made.rindex(b"PK\x05\x06")
    start = int.from_bytes(made[directory + 16 : directory + 20], "little")
    for number in range(FLIPS):
        at = chance.randrange(start, len(made)) if number % 3 == 0 else chance.randrange(len(made))
        flipped = bytearray(made)
        flipped[at] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        said = find(path)
        if said:
            counts["found in the directory" if at >= start else "found"] += 1
            assert all(len(sentence) > 15 and "Error" not in sentence for sentence in said), said
        else:
            counts["not found"] += 1
            assert reads_alike(path, sound), f"byte {at} of {len(made)}"
    with capsys.disabled():
        print(f"\n{FLIPS} flips: {dict(counts)}")  # noqa: T201  the count is for people to read
    assert counts["not found"] < FLIPS // 50


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("where", ["cut", "front", "behind", "gap", "doubled"])
def test_bytes_that_do_not_belong_are_found(made: bytes, tmp_path: Path, where: str) -> None:
    path = tmp_path / "out.zip"
    end = made.rindex(b"PK\x05\x06")
    start = int.from_bytes(made[end + 16 : end + 20], "little")
    shifted = bytearray(made[:start] + b"hidden" + made[start:])
    shifted[end + 22 : end + 26] = (start + 6).to_bytes(4, "little")
    path.write_bytes(
        {
            "cut": made[:-1000],
            "front": b"MZ" * 100 + made,
            "behind": made + b"x",
            "gap": bytes(shifted),
            "doubled": made + made,
        }[where]
    )
    assert find(path) != []


@pytest.mark.lengthy
def test_the_command_says_it_in_a_line(made: bytes, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "out.zip"
    flipped = bytearray(made)
    flipped[made.index(b"REPACK/restore.xz") + 400] ^= 4
    path.write_bytes(flipped)
    code, out, err = run("verify", path)
    assert code == 7
    assert "REPACK/restore.xz" in err
    assert err.count("\n") == 1
    assert "Differences" in out
