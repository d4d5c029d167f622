"""Methods besides stored and deflated: the bytes that other programs packed, and never more than announced."""

import bz2
import lzma
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.bundles import open_bundle, zip_methods
from repack.bundles.zip_methods import BZIP2, DEFLATE64, LZMA, XZ, ZSTANDARD, decompress
from repack.deflate import Damaged
from repack.errors import BundleUnreadable
from repack.model import EntryUnreadable
from repack.pipeline import Request, run
from tests.bundles import samples
from tests.bundles.handmade import Made, make_zip

DATA = b"all work and no play makes a dull file " * 2_000 + bytes(100_000)


def pack_bzip2(data: bytes) -> bytes:
    return bz2.compress(data)


def pack_lzma(data: bytes) -> bytes:
    """As APPNOTE 5.8.8 has it."""
    settings = {"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 2, "dict_size": 1 << 20}
    body = lzma.compress(data, lzma.FORMAT_RAW, filters=[settings])
    return struct.pack("<HHBI", 0x1609, 5, 3 + 9 * (0 + 5 * 2), 1 << 20) + body


def pack_xz(data: bytes) -> bytes:
    return lzma.compress(data)


def pack_zstandard(data: bytes) -> bytes:
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    packed: bytes = zstd.compress(data)
    return packed


def pack_deflate64(data: bytes) -> bytes:
    import inflate64

    deflater = inflate64.Deflater()
    packed: bytes = deflater.deflate(data) + deflater.flush()
    return packed


PACKERS: dict[int, Callable[[bytes], bytes]] = {
    DEFLATE64: pack_deflate64,
    BZIP2: pack_bzip2,
    LZMA: pack_lzma,
    ZSTANDARD: pack_zstandard,
    XZ: pack_xz,
}


def test_every_readable_method_is_tested() -> None:
    assert set(PACKERS) == zip_methods.READABLE


def pieces(data: bytes, length: int) -> list[bytes]:
    return [data[at : at + length] for at in range(0, len(data), length)]


@pytest.mark.parametrize("method", PACKERS)
@pytest.mark.parametrize("length", [1 << 20, 700, 7])
def test_content_comes_out_whatever_the_pieces(method: int, length: int) -> None:
    data = DATA[:60_000] if length == 7 else DATA
    assert b"".join(decompress(method, pieces(PACKERS[method](data), length), len(data))) == data


@given(st.sampled_from(list(PACKERS)), st.binary(max_size=2_000), st.integers(1, 300))
def test_unpacking_is_the_inverse_of_packing(method: int, data: bytes, length: int) -> None:
    assert b"".join(decompress(method, pieces(PACKERS[method](data), length), len(data))) == data


@pytest.mark.parametrize("method", PACKERS)
def test_more_than_announced_is_damage(method: int) -> None:
    with pytest.raises(Damaged, match="more bytes than its directory announces"):
        list(decompress(method, [PACKERS[method](DATA)], len(DATA) - 1))


@pytest.mark.parametrize("method", PACKERS)
def test_less_than_announced_is_damage(method: int) -> None:
    with pytest.raises(Damaged, match="ends before"):
        list(decompress(method, [PACKERS[method](DATA)], len(DATA) + 1))


@pytest.mark.parametrize("method", PACKERS)
@pytest.mark.parametrize("kept", [0, 3, 40])
def test_a_stream_cut_short_is_damage(method: int, kept: int) -> None:
    with pytest.raises(Damaged):
        list(decompress(method, [PACKERS[method](DATA)[:kept]], len(DATA)))


@given(st.sampled_from(list(PACKERS)), st.binary(max_size=300), st.integers(0, 5_000))
def test_any_bytes_are_damage_or_give_what_was_announced(method: int, data: bytes, size: int) -> None:
    try:
        out = b"".join(decompress(method, [data], size))
    except Damaged:
        return
    assert len(out) == size


@pytest.mark.lengthy
@pytest.mark.parametrize("method", PACKERS)
def test_a_bomb_is_unpacked_in_bounded_memory(method: int) -> None:
    bomb = PACKERS[method](bytes(40_000_000))
    tracemalloc.start()
    try:
        size = 0
        for piece in decompress(method, [bomb], 40_000_000):
            size += len(piece)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == 40_000_000
    assert peak < 30_000_000


def test_a_dictionary_larger_than_memory_is_not_allocated() -> None:
    packed = bytearray(pack_lzma(b"small"))
    struct.pack_into("<I", packed, 5, 0xFFFF_FFFF)
    assert b"".join(decompress(LZMA, [bytes(packed)], 5)) == b"small"
    with pytest.raises(Damaged, match="too much memory"):
        list(decompress(LZMA, [bytes(packed)], 1 << 32))


@pytest.mark.parametrize("made_by", samples.METHODS)
def test_archives_of_other_programs(tmp_path: Path, made_by: str) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(samples.archive(made_by))
    text, data = open_bundle(path).entries
    assert text.place is not None
    assert data.place is not None
    assert (text.place.read(), data.place.read()) == (samples.TEXT, samples.BYTES)
    assert text.place.read_start(9) == samples.TEXT[:9]
    assert text.place.raw() is None


@pytest.mark.lengthy
@pytest.mark.parametrize("made_by", samples.METHODS)
def test_only_stored_and_deflated_are_written(tmp_path: Path, made_by: str) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(samples.archive(made_by))
    run(Request(path, tmp_path / "out.zip"))
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert {info.compress_type for info in new.infolist()} <= {0, 8}
        assert (new.read("a.txt"), new.read("b.bin")) == (samples.TEXT, samples.BYTES)


@pytest.mark.parametrize("method", PACKERS)
def test_the_checksum_is_compared(tmp_path: Path, method: int) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(data=DATA, method=method, stored=PACKERS[method](DATA), crc=1)]))
    place = open_bundle(path).entries[0].place
    assert place is not None
    with pytest.raises(EntryUnreadable, match="CRC"):
        place.read()


def test_a_damaged_entry_of_such_a_method_stops_the_run(tmp_path: Path) -> None:
    """Its compressed bytes may not be written into a new zip, so they cannot be carried over (containers 1.4)."""
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([Made(b"a"), Made(b"bad", DATA, method=BZIP2, stored=pack_bzip2(DATA)[:-30])]))
    with pytest.raises(BundleUnreadable, match="bad: it"):
        run(Request(path, tmp_path / "out.zip"))
    assert {file.name for file in tmp_path.iterdir()} == {"made.zip"}
