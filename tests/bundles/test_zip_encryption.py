"""Encrypted zips: opened with the password alone, written unencrypted only when asked, never by guessing."""

import pickle
import zipfile
from pathlib import Path

import pytest

from repack.bundles import open_bundle, zip_encryption
from repack.bundles.zip_encryption import Lock, Locked
from repack.errors import BundleUnreadable
from repack.model import Access, EntryUnreadable
from repack.pipeline import Request, run
from tests.bundles import samples
from tests.bundles.handmade import ENCRYPTED, Made, make_zip

RIGHT, WRONG = Access(samples.PASSWORD, decrypt=True), Access(b"wrong", decrypt=True)


@pytest.fixture(params=samples.ENCRYPTED)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "made.zip"
    path.write_bytes(samples.archive(request.param))
    return path


def test_the_password_opens_every_entry(made: Path) -> None:
    bundle = open_bundle(made, RIGHT)
    assert bundle.encrypted == 2
    for entry, data in zip(bundle.entries, (samples.TEXT, samples.BYTES), strict=True):
        assert entry.place is not None
        assert entry.place.read() == data
        assert entry.place.read_start(20) == data[:20]
        assert entry.place.raw() is None


def test_a_wrong_password_is_told_before_anything_is_done(made: Path) -> None:
    with pytest.raises(BundleUnreadable, match="2 of 2 entries are encrypted, and the password does not open them"):
        open_bundle(made, WRONG)


def test_no_password_is_told_with_what_to_do(made: Path) -> None:
    with pytest.raises(BundleUnreadable, match=r"2 of 2 entries are encrypted; .*--password-file.*--decrypt"):
        open_bundle(made)


@pytest.mark.lengthy
def test_it_is_written_unencrypted_only_when_asked(made: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleUnreadable, match="2 of 2 entries are encrypted, and the new zip would not be; add --dec"):
        run(Request(made, tmp_path / "out.zip", access=Access(samples.PASSWORD)))
    assert {file.name for file in tmp_path.iterdir()} == {"made.zip"}
    done = run(Request(made, tmp_path / "out.zip", access=RIGHT))
    assert "2 of 2 entries are encrypted; in a new zip they are not" in done.manifest.warnings
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert not any(info.flag_bits & 1 for info in new.infolist())
        assert (new.read("a.txt"), new.read("b.bin")) == (samples.TEXT, samples.BYTES)


def test_a_flipped_bit_in_encrypted_bytes_is_noticed(made: Path) -> None:
    data = bytearray(made.read_bytes())
    bundle = open_bundle(made, RIGHT)
    with zipfile.ZipFile(made) as archive:
        info = archive.infolist()[1]
    data[info.header_offset + 30 + len(info.filename) + 60] ^= 1
    made.write_bytes(data)
    place = bundle.entries[1].place
    assert place is not None
    with pytest.raises(EntryUnreadable):
        place.read()


def test_the_password_is_in_no_text_that_could_be_shown(made: Path) -> None:
    bundle = open_bundle(made, RIGHT)
    assert "secret" not in repr(bundle)
    assert "secret" not in repr(RIGHT)


def test_a_place_travels_to_a_worker(made: Path) -> None:
    place = open_bundle(made, RIGHT).entries[0].place
    assert pickle.loads(pickle.dumps(place)) == place  # noqa: S301  our own bytes


def test_a_mixed_archive_needs_the_password_for_some_entries(tmp_path: Path) -> None:
    path = tmp_path / "mixed.zip"
    path.write_bytes(make_zip([Made(b"plain"), Made(b"locked", flags=ENCRYPTED)]))
    with pytest.raises(BundleUnreadable, match="1 of 2 entries are encrypted"):
        open_bundle(path)


@pytest.mark.parametrize("strength", [0, 1, 2, 3])
@pytest.mark.parametrize("length", [0, 1, 11, 27])
def test_streams_that_are_too_short(strength: int, length: int) -> None:
    with pytest.raises(Locked):
        list(zip_encryption.decrypt(Lock(strength, 0, b"secret"), [bytes(length)], length))


@pytest.mark.parametrize("extra", [b"", b"\x01\x99\x07\x00\x02\x00AE", b"\x01\x99\x07\x00\x02\x00AE\x09\x08\x00"])
def test_an_aes_field_that_makes_no_sense(extra: bytes) -> None:
    assert zip_encryption.read_aes_field(extra) is None
