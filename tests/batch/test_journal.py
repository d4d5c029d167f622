"""batch.jsonl: whole lines survive anything, a torn one costs its disc alone, and one batch has it at a time."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repack.batch import journal, line, lock
from repack.batch.line import BatchLine, Output, Result, Source
from repack.bundles.names import as_text
from repack.errors import OutputUnwritable

_TEXTS = st.text(max_size=8).map(as_text)
_NAMES = _TEXTS.map(lambda text: text.replace("/", "").replace("\\", "") + ".zip")
_COUNTS = st.integers(0, 2**53)
_LINES = st.builds(
    BatchLine,
    source=_TEXTS,
    key=st.sampled_from(["a" * 64, "b" * 64, "c" * 64]),
    result=st.sampled_from(Result),
    code=st.integers(0, 7),
    reason=_TEXTS,
    options=_TEXTS,
    version=_TEXTS,
    finished=_TEXTS,
    seconds=st.floats(0, 1e6),
    read=st.none() | st.builds(Source, _COUNTS, _COUNTS, st.none() | _TEXTS),
    output=st.none() | st.builds(Output, _NAMES, _COUNTS, _TEXTS),
    entries=_COUNTS,
    images=_COUNTS,
    dropped=_COUNTS,
)


@given(_LINES)
def test_a_line_comes_back_as_it_was_written(one: BatchLine) -> None:
    data = line.encode(one)
    assert data.count(b"\n") == 1
    assert line.decode(data) == one


@given(st.binary(max_size=40))
def test_what_is_no_line_is_none(data: bytes) -> None:
    assert line.decode(data) is None


@pytest.mark.parametrize("name", ["", "..", "../x.zip", "/etc/x.zip", "a/b.zip"])
def test_a_line_of_an_output_that_lies_elsewhere_does_not_count(name: str) -> None:
    one = BatchLine("x", "x" * 64, Result.DONE, 0, "", "o", "v", "f", 0.0, output=Output(name, 1, "s"))
    assert line.decode(line.encode(one)) is None


@settings(max_examples=25)  # each line waits for the disk
@given(st.lists(_LINES, max_size=6), st.data())
def test_a_kill_in_any_byte_costs_the_last_line_alone(
    tmp_path_factory: pytest.TempPathFactory, written: list[BatchLine], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("out")
    with journal.opened(folder) as record:
        for one in written:
            record.add(one)
    path = folder / journal.RECORD
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    left = written[: whole[:cut].count(b"\n")]
    extra = BatchLine("x", "x" * 64, Result.DONE, 0, "r", "o", "v", "f", 0.0)
    with journal.opened(folder) as record:
        assert record.torn == (0 if whole[:cut].endswith(b"\n") or not cut else 1)
        for key in "abc":
            of_disc = [one for one in left if one.key == key * 64]
            good = [one for one in of_disc if one.result is not Result.FAILED]
            assert record.prior(key * 64) == (good[-1] if good else None)
            assert record.has_failed(key * 64) == (bool(of_disc) and of_disc[-1].result is Result.FAILED)
        record.add(extra)
        assert record.prior(extra.key) == extra
    assert path.read_bytes().startswith(whole[:cut])  # only ever added to
    with journal.opened(folder) as record:
        assert record.prior(extra.key) == extra
        lacks_its_end_alone = whole[cut : cut + 1] == b"\n"  # which the next line has brought
        left = written[: whole[: cut + lacks_its_end_alone].count(b"\n")]
        names = {one.key: one.output.name for one in left if one.output is not None}
        assert record.names == names


def test_another_batch_waits_its_turn(tmp_path: Path) -> None:
    out_dir = tmp_path / "a" / "out"
    with lock.held(out_dir) as first:
        lock.check(out_dir, first)
        with pytest.raises(OutputUnwritable, match="another batch is at work"), lock.held(out_dir):
            pass
        lock.check(out_dir, first)
    with lock.held(out_dir) as second:
        lock.check(out_dir, second)
        with pytest.raises(OutputUnwritable, match="another batch has begun"):
            lock.check(out_dir, first)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_line_that_cannot_be_written_ends_the_batch(tmp_path: Path) -> None:
    one = BatchLine("x", "x" * 64, Result.DONE, 0, "r", "o", "v", "f", 0.0)
    with journal.opened(tmp_path) as record:
        full = os.open("/dev/full", os.O_RDWR)
        own, record._handle = record._handle, full
        try:
            with pytest.raises(OutputUnwritable, match="No space left"):
                record.add(one)
        finally:
            record._handle = own
            os.close(full)
        assert record.prior(one.key) is None
        record.add(one)
        assert record.prior(one.key) == one
