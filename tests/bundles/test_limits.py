"""Bombs: refused in one line before they go off, whatever their headers announce."""

import zlib
from pathlib import Path

import pytest

from repack.bundles import limits, open_bundle
from repack.errors import BundleUnreadable
from repack.model import DEFLATED, Access, EntryUnreadable, Limits
from repack.pipeline import Request, run
from tests.bundles.handmade import Made, make_zip

MB = 1 << 20


def zeros(length: int) -> bytes:
    """A deflate stream of zeros, made fast from equal blocks."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflater.compress(bytes(MB)) + deflater.flush(zlib.Z_FULL_FLUSH)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    again = deflater.compress(bytes(MB)) + deflater.flush(zlib.Z_FULL_FLUSH)
    assert block == again
    return block * (length // MB) + deflater.flush()


def bomb(length: int, **lies: int) -> Made:
    return Made(b"bomb", b"", DEFLATED, stored=zeros(length), **({"size": length, "crc": 0} | lies))


def test_an_entry_that_grows_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(make_zip([Made(b"innocent"), bomb(300 * MB)]))
    with pytest.raises(BundleUnreadable, match=r"an entry grows to .* times its size.*raise --max-ratio") as caught:
        run(Request(path, tmp_path / "out.zip"))
    assert "\n" not in str(caught.value)
    assert {file.name for file in tmp_path.iterdir()} == {"bomb.zip"}
    assert len(open_bundle(path, Access(limits=Limits(ratio=2_000))).entries) == 2


def test_many_entries_that_grow_a_little_are_refused_together(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    one = zeros(20 * MB)
    path.write_bytes(make_zip([Made(b"%d" % n, b"", DEFLATED, stored=one, size=20 * MB) for n in range(20)]))
    with pytest.raises(BundleUnreadable, match=r"unpacked it grows to .* times its size"):
        open_bundle(path)


def test_an_empty_image_may_shrink_as_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "fine.zip"
    path.write_bytes(make_zip([bomb(100 * MB)]))
    assert open_bundle(path).entries[0].size == 100 * MB


def test_too_many_entries(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    path.write_bytes(make_zip([Made(b"%d" % n, b"") for n in range(30)]))
    with pytest.raises(BundleUnreadable, match=r"it lists 30 entries.*raise --max-entries"):
        open_bundle(path, Access(limits=Limits(entries=29)))
    assert len(open_bundle(path, Access(limits=Limits(entries=30))).entries) == 30


def test_too_much_in_all(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    path.write_bytes(make_zip([Made(b"a", bytes(600)), Made(b"b", bytes(600))]))
    with pytest.raises(BundleUnreadable, match="raise --max-unpacked"):
        open_bundle(path, Access(limits=Limits(unpacked=1_000)))


def test_an_announced_size_that_cannot_come_out_counts_for_what_can(tmp_path: Path) -> None:
    """One lie in a header is damage of one entry, not a bomb: no deflate stream grows more than 1032 times."""
    path = tmp_path / "liar.zip"
    path.write_bytes(make_zip([Made(b"good"), Made(b"liar", b"x" * 50, method=8, size=0xFFFF_0000)]))
    good, liar = open_bundle(path).entries
    assert good.place is not None
    assert liar.place is not None
    assert good.place.read() == b"content"
    with pytest.raises(EntryUnreadable):
        liar.place.read()


@pytest.mark.parametrize(
    ("announced", "stored", "kind", "most"),
    [(10, 5, "stored", 5), (3, 5, "stored", 3), (1 << 40, 10, "deflated", 10_321), (50, 10, "deflated", 50)],
)
def test_what_can_come_out(announced: int, stored: int, kind: str, most: int) -> None:
    found = limits.can_come_out(announced, stored, is_stored=kind == "stored", is_deflated=kind == "deflated")
    assert found == most
    assert limits.can_come_out(announced, stored, is_stored=False, is_deflated=False) == announced


def test_a_real_disc_of_10_gb_passes() -> None:
    slices = [(4 * MB, 2 * MB)] * 8_000 + [(60, 50)] * 2_000
    limits.check("disc.zip", slices, 16_000 * MB, Limits())
