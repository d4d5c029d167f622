"""Deflate streams: what we write zlib reads, what zlib writes we read, and nothing damaged or too long gets through."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack import deflate
from repack.bundles.places import Text
from repack.deflate import Damaged
from repack.model import DEFLATED, STORED, EntryUnreadable, Packed

LONGEST_STORED_BLOCK = 65_535

runs = st.tuples(st.binary(max_size=40), st.integers(0, 3_000)).map(lambda pair: pair[0] * pair[1])
contents = st.lists(runs | st.binary(max_size=300), max_size=4).map(b"".join)


def noise(size: int) -> bytes:
    return hashlib.shake_128(b"noise").digest(size)


def raw_deflate(data: bytes, level: int = 6) -> bytes:
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
    return deflater.compress(data) + deflater.flush()


def zlib_inflate(stream: bytes) -> bytes:
    inflater = zlib.decompressobj(-15)
    data = inflater.decompress(stream)
    assert inflater.eof
    assert inflater.unused_data == b""
    return data


def unpack(packed: Packed) -> bytes:
    """The content of a Packed, by zlib and not by the code under test."""
    return packed.data if packed.method == STORED else zlib_inflate(packed.data)


def in_pieces(stream: bytes, step: int) -> Iterator[bytes]:
    return (stream[at : at + step] for at in range(0, len(stream), step))


def drain(stream: Iterable[bytes], size: int) -> tuple[int, Damaged | None]:
    """How many bytes came out, and what stopped them."""
    got = 0
    try:
        for piece in deflate.inflate_pieces(stream, size):
            got += len(piece)
    except Damaged as error:
        return got, error
    return got, None


# --- packing ---


@given(contents)
def test_pack_keeps_content_checksum_and_size(data: bytes) -> None:
    packed = deflate.pack(data)
    assert unpack(packed) == data
    assert (packed.crc, packed.size) == (zlib.crc32(data), len(data))
    assert packed.length == len(packed.data) <= len(data)
    assert packed.method in {STORED, DEFLATED}
    if packed.method == DEFLATED:
        assert deflate.inflate(packed.data, packed.size) == data


@given(st.lists(st.tuples(contents, st.booleans()), max_size=6))
def test_pack_around_keeps_content_checksum_and_size(parts: list[tuple[bytes, bool]]) -> None:
    data = b"".join(part for part, _worth in parts)
    packed = deflate.pack_around(parts)
    assert unpack(packed) == data
    assert (packed.crc, packed.size) == (zlib.crc32(data), len(data))
    assert packed.length <= len(data)


def test_pack_takes_the_given_checksum_at_its_word() -> None:
    assert deflate.pack(b"abc" * 100, 12_345).crc == 12_345


def test_noise_and_nothing_are_stored() -> None:
    for data in (b"", b"x", noise(5_000)):
        assert deflate.pack(data) == Packed(data, STORED, zlib.crc32(data), len(data))
        assert deflate.pack_around([(data, True)]).method == STORED


def test_text_is_deflated_about_as_well_as_zlib_can() -> None:
    text = b" ".join(str(number).encode() for number in range(20_000))
    packed = deflate.pack(text)
    assert packed.method == DEFLATED
    assert packed.length <= len(raw_deflate(text, 6))


@pytest.mark.parametrize("length", [40_000, 65_534, 65_535, 65_536, 131_070, 131_071, 200_000])
def test_frames_become_stored_blocks_inside_the_stream(length: int) -> None:
    head, frame, tail = b"header " * 100, noise(length), b"trailer " * 100
    packed = deflate.pack_around([(head, True), (frame, False), (tail, True)])
    assert packed.method == DEFLATED
    assert zlib_inflate(packed.data) == head + frame + tail
    assert frame[:LONGEST_STORED_BLOCK] in packed.data  # verbatim: no time was spent on it
    blocks = -(-length // LONGEST_STORED_BLOCK)
    assert packed.length < length + 5 * blocks + 1_000


def test_long_runs_between_noise_shrink_although_called_not_worth_it() -> None:
    frame = noise(1_000) + bytes(500_000)
    packed = deflate.pack_around([(b"head", True), (frame, False)])
    assert unpack(packed) == b"head" + frame
    assert packed.length < 5_000


@given(contents)
def test_guess_is_an_upper_bound(data: bytes) -> None:
    guess = deflate.guess_deflated(data)
    assert deflate.pack(data).length <= guess <= len(data)


# --- unpacking ---


@given(contents, st.integers(0, 9), st.integers(1, 400))
def test_reads_what_zlib_writes_in_pieces_of_any_length(data: bytes, level: int, step: int) -> None:
    stream = raw_deflate(data, level)
    assert deflate.inflate(stream, len(data)) == data
    assert b"".join(deflate.inflate_pieces(in_pieces(stream, step), len(data))) == data


@pytest.mark.lengthy
@pytest.mark.parametrize("step", [1, 7, 1_000, 1 << 20])
@pytest.mark.parametrize("size", [1 << 23, (1 << 23) + 1, (1 << 23) + 2, (1 << 23) + 300, 1 << 24])
def test_nothing_is_lost_where_input_ends_while_output_still_waits_inside(size: int, step: int) -> None:
    """258 zeros take one bit: the last byte of input is used up long before the last output was handed out."""
    stream = raw_deflate(bytes(size), 9)
    assert drain(in_pieces(stream, step), size) == (size, None)


@pytest.mark.parametrize("step", [13, 4_096])
def test_forty_megabytes_of_zeros_come_in_bounded_pieces(step: int) -> None:
    size, longest, total = 40_000_000, 0, 0
    for piece in deflate.inflate_pieces(in_pieces(raw_deflate(bytes(size), 9), step), size):
        longest, total = max(longest, len(piece)), total + len(piece)
    assert total == size
    assert longest <= (8 << 20) + 1


@given(contents.filter(len), st.integers(1, 50), st.data())
def test_a_truncated_stream_is_damaged(data: bytes, step: int, draw: st.DataObject) -> None:
    stream = raw_deflate(data)
    cut = stream[: draw.draw(st.integers(0, len(stream) - 1))]
    got, error = drain(in_pieces(cut, step), len(data))
    assert error is not None
    assert got <= len(data)


@given(contents, st.integers(1, 70_000), st.integers(1, 400))
def test_more_bytes_than_announced_are_damaged(data: bytes, extra: int, step: int) -> None:
    stream = raw_deflate(data + bytes(extra))
    got, error = drain(in_pieces(stream, step), len(data))
    assert error is not None
    assert got <= len(data)


@given(contents, st.integers(1, 70_000))
def test_fewer_bytes_than_announced_are_damaged(data: bytes, missing: int) -> None:
    got, error = drain([raw_deflate(data)], len(data) + missing)
    assert error is not None
    assert got == len(data)


def test_a_bomb_is_stopped_at_its_announced_size() -> None:
    got, error = drain([raw_deflate(bytes(30_000_000))], 1_000)
    assert "more bytes" in str(error)
    assert got <= 1_000


@pytest.mark.parametrize("size", [0, 1_000, 9_000_000])
def test_one_byte_too_many_is_enough_to_know(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is what a bomb is after: what is never handed out must not be made either."""
    made: list[int] = []
    really = deflate.isal_zlib.decompressobj

    class Watched:
        def __init__(self, **options: int) -> None:
            self.inner = really(**options)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def decompress(self, stream: bytes, max_length: int) -> bytes:
            out: bytes = self.inner.decompress(stream, max_length=max_length)
            made.append(len(out))
            return out

    monkeypatch.setattr(deflate.isal_zlib, "decompressobj", Watched)
    assert isinstance(drain([raw_deflate(bytes(30_000_000))], size)[1], Damaged)
    assert sum(made) == size + 1


@pytest.mark.parametrize(
    "garbage",
    [b"\xff" * 100, b"\x07", b"\x01\x05\x00\x00\x00hello", noise(1_000), b""],
    ids=["ones", "unknown block type", "stored length not repeated", "noise", "nothing"],
)
def test_garbage_is_damaged(garbage: bytes) -> None:
    with pytest.raises(Damaged):
        deflate.inflate(garbage, 1_000_000)


def test_an_empty_stream_is_empty() -> None:
    assert deflate.inflate(raw_deflate(b""), 0) == b""


def test_garbage_after_good_data_is_damaged() -> None:
    stream = raw_deflate(noise(5_000), 0)
    with pytest.raises(Damaged):
        deflate.inflate(stream[:3_000] + b"\xff" * len(stream), 10_000)


@given(contents, st.integers(1, 2_000), st.data())
def test_the_start_of_a_cut_stream_is_a_start_of_the_content(data: bytes, length: int, draw: st.DataObject) -> None:
    stream = raw_deflate(data)
    cut = stream[: draw.draw(st.integers(0, len(stream)))]
    start = deflate.inflate_start(cut, length)
    assert len(start) <= length
    assert data.startswith(start)
    assert deflate.inflate_start(stream, length) == data[:length]


def test_the_start_of_garbage_is_damaged() -> None:
    with pytest.raises(Damaged):
        deflate.inflate_start(b"\xff" * 50, 10)


@given(st.binary(max_size=5_000), st.integers(0, 40))
def test_what_is_packed_in_two_passes_comes_back(data: bytes, repeats: int) -> None:
    content = data * repeats
    seen: list[bytes] = []
    streamed = deflate.pack_streamed(Text(content), seen.append)
    packed = b"".join(deflate.pack_again(streamed))
    assert b"".join(seen) == content
    assert (streamed.size, streamed.length, streamed.crc) == (len(content), len(packed), zlib.crc32(content))
    assert streamed.length <= len(content)
    assert (zlib.decompress(packed, -15) if streamed.method == DEFLATED else packed) == content


def test_a_content_that_grew_between_the_passes_is_refused() -> None:
    streamed = deflate.pack_streamed(Text(b"first" * 99), lambda _piece: None)
    with pytest.raises(EntryUnreadable, match="changed"):
        list(deflate.pack_again(replace(streamed, place=Text(b"first" * 100))))


@given(st.lists(st.tuples(st.binary(max_size=300) | st.integers(0, 3_000).map(bytes), st.booleans()), max_size=6))
def test_what_lies_around_the_frames_is_counted(parts: list[tuple[bytes, bool]]) -> None:
    frames = sum(len(part) for part, worth in parts if not worth)
    packed = deflate.pack_around(parts)
    assert packed.around == max(0, packed.length - frames if frames else 0)
