"""Two hashes in one pass: of a content, and of the bytes that hold it."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repack.bundles import digests, open_bundle
from repack.model import Digest, EntryUnreadable, Raw
from tests.bundles.handmade import Made, make_zip


def raw_of(path: Path, made: Made) -> Raw:
    path.write_bytes(make_zip([made]))
    place = open_bundle(path).entries[0].place
    assert place is not None
    raw = place.raw()
    assert raw is not None
    return raw


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3_000) | st.integers(0, 3 << 20).map(bytes), st.sampled_from([0, 8]))
def test_both_are_those_of_the_whole(tmp_path: Path, data: bytes, method: int) -> None:
    raw = raw_of(tmp_path / "a.zip", Made(data=data, method=method))
    lies = raw.file.read_bytes()[raw.offset :][: raw.length]
    assert digests.digest(raw) == Digest(sha256(data), sha256(lies))


def test_bytes_behind_the_end_of_the_stream_count_as_carried(tmp_path: Path) -> None:
    made = Made(data=b"content" * 99, method=8)
    good = raw_of(tmp_path / "a.zip", made)
    stream = good.file.read_bytes()[good.offset :][: good.length] + bytes(3 << 20)
    (tmp_path / "b").write_bytes(stream)
    raw = Raw(tmp_path / "b", 0, len(stream), 8, good.crc, good.size)
    assert digests.digest(raw) == Digest(sha256(made.data), sha256(stream))


@pytest.mark.parametrize("method", [0, 8])
def test_a_damaged_content_has_no_digest(tmp_path: Path, method: int) -> None:
    raw = raw_of(tmp_path / "a.zip", Made(data=b"content" * 99, method=method, crc=1))
    with pytest.raises(EntryUnreadable, match="checksum"):
        digests.digest(raw)


def test_nothing_is_noted_of_what_is_not_read_to_its_end(tmp_path: Path) -> None:
    raw = raw_of(tmp_path / "a.zip", Made(data=bytes(20 << 20), method=8))
    found: list[Digest] = []
    reading = digests.reading(raw, found.append)
    next(reading)
    assert not found
    for _piece in reading:
        pass
    assert len(found) == 1
