"""The read-back: no flipped byte of a draft gets through, and what is read comes from the disk."""

import hashlib
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path

import pytest

from repack import pipeline
from repack.errors import ProofFailed
from repack.model import DEFLATED, STORED, Entry, Raw, Wishes
from repack.output import archive, pagecache, proving, readback
from repack.output.archive import Draft, Written, drafting
from repack.output.proving import EarlyProof
from repack.output.readback import Check, check_directory, check_entries, make_checks, same_bytes
from repack.output.zipformat import Finished
from repack.processes.workers import Pool
from tests.bundles.handmade import Made, make_zip
from tests.entries import make_entry
from tests.output.drafted import NOISE, SOME, finished


def shares(written: Sequence[Written]) -> tuple[Check, ...]:
    return tuple(
        check
        for number, (one, content) in enumerate(zip(written, SOME, strict=True))
        for check in make_checks(number, one, hashlib.sha256(content.data).hexdigest())
    )


def test_a_good_draft_passes(target: Path) -> None:
    with finished(target) as (draft, written):
        check_directory(draft.path, target, written)
        assert check_entries(shares(written)) is None


def notices(draft: Draft, written: tuple[Written, ...]) -> bool:
    try:
        check_directory(draft.path, draft.target, written)
    except ProofFailed:
        return True
    return check_entries(shares(written)) is not None


def test_every_flipped_byte_that_matters_is_noticed(target: Path) -> None:
    missed = []
    with finished(target) as (draft, written):
        good = draft.path.read_bytes()
        directory = good.index(b"PK\1\2")
        with draft.path.open("r+b") as file:
            for at in sorted({*range(0, len(good), 7), *range(600), *range(directory, len(good))}):
                for flip in (0x01, 0x80, 0xFF):
                    file.seek(at)
                    file.write(bytes([good[at] ^ flip]))
                    file.flush()
                    if not notices(draft, written):
                        missed.append(at)
                file.seek(at)
                file.write(good[at : at + 1])
                file.flush()
        assert not notices(draft, written)
        # Bits of a deflate stream that mean nothing, such as the padding at its end: the content is the same.
        streams = [one.place for one in written if one.place.method == DEFLATED]
        spans = [(place.header_offset + 30, place.header_offset + 50 + place.stored) for place in streams]
        assert all(any(start < at < end for start, end in spans) for at in missed)
    assert len(missed) < 10


def test_another_order_is_noticed(target: Path) -> None:
    with finished(target) as (draft, written):
        with pytest.raises(ProofFailed, match="directory"):
            check_directory(draft.path, target, (written[1], written[0], *written[2:]))
        with pytest.raises(ProofFailed, match="another number of entries"):
            check_directory(draft.path, target, written[:-1])
        checks = shares(written)
        assert check_entries((checks[0]._replace(sha256=checks[2].sha256),)) == 0
        assert check_entries((checks[0]._replace(header=checks[2].header),)) == 0


@pytest.mark.parametrize("cut", [1, 22, 100, 2_000])
def test_a_truncated_draft_is_noticed(target: Path, cut: int) -> None:
    with finished(target) as (draft, written):
        os.truncate(draft.path, draft.path.stat().st_size - cut)
        with pytest.raises(ProofFailed, match=r"out\.zip was not published"):
            check_directory(draft.path, target, written)


def test_a_draft_that_vanished_is_noticed(target: Path) -> None:
    with finished(target) as (draft, written):
        draft.path.unlink()
        with pytest.raises(ProofFailed):
            check_directory(draft.path, target, written)
        assert check_entries(shares(written)) == 0


def test_the_first_wrong_content_is_named_by_its_number(target: Path) -> None:
    with finished(target) as (_draft, written):
        lot = list(shares(written))
        lot[2] = lot[2]._replace(number=17, sha256="0" * 64)
        assert check_entries(tuple(lot)) == 17


def test_bytes_carried_over_are_compared(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(NOISE)
    raw = Raw(source, 0, len(NOISE), DEFLATED, 1, 99)  # damaged: no deflate stream at all
    with drafting(target, overwrite=False) as draft:
        draft.add(SOME[0].entry, raw)
        (written,) = draft.finish()
        assert same_bytes(written, raw)
        for at in (0, 1_500_000, len(NOISE) - 1):
            source.write_bytes(NOISE[:at] + bytes([NOISE[at] ^ 1]) + NOISE[at + 1 :])
            assert not same_bytes(written, raw)
        source.write_bytes(NOISE)
        for missing in (1, len(NOISE) - (1 << 20)):
            assert not same_bytes(written, Raw(source, 0, len(NOISE) - missing, DEFLATED, 1, 99))
        good = written.place.file.read_bytes()
        written.place.file.write_bytes(good.replace(b"DICOMDIR", b"DICOMDI2", 1))
        assert not same_bytes(written, raw)  # its header counts, too


def test_without_a_digest_the_checksum_counts(target: Path) -> None:
    with finished(target) as (draft, written):
        (check,) = make_checks(5, written[2], None)
        assert check_entries((check,)) is None
        with draft.path.open("r+b") as file:
            file.seek(check.place.header_offset + len(check.header) + 100)
            file.write(b"?")
        assert check_entries((check,)) == 5


# --- from the disk ---


#: The system may look at a page itself in the very moment in which it is told to forget it, and then keeps it. So once
#: in a while it keeps one, but not each time.
_ATTEMPTS = 5


def is_in_memory(path: Path, at: int) -> bool:
    """Has the system this byte of a file at hand, without going to the disk (preadv2(2))?"""
    with path.open("rb") as file:
        try:
            return os.preadv(file.fileno(), [bytearray(1)], at, os.RWF_NOWAIT) == 1
        except BlockingIOError:
            return False


def needs_disk(folder: Path) -> None:
    """Skip where files do not come from a disk, or the system cannot tell."""
    if sys.platform != "linux" or not hasattr(os, "RWF_NOWAIT"):
        pytest.skip("this system does not tell what it has in memory")
    probe = folder / "probe"
    probe.write_bytes(bytes(1 << 20))
    try:
        with probe.open("r+b") as file:
            os.fsync(file.fileno())
            assert any(is_in_memory(probe, 5_000) for _attempt in range(_ATTEMPTS))
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if is_in_memory(probe, 5_000):
            pytest.skip("this file system keeps all in memory")
    except OSError as error:
        pytest.skip(f"this file system does not tell what it has in memory: {error.strerror}")
    finally:
        probe.unlink()


def test_what_is_read_back_comes_from_the_disk(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_disk(target.parent)
    monkeypatch.setattr(archive, "_FLUSH_EVERY", 1 << 20)
    content = make_entry(b"image", NOISE, method=STORED)
    kept: list[tuple[bool, ...]] = []
    for _attempt in range(_ATTEMPTS):
        with drafting(target, overwrite=False) as draft:
            draft.add(content.entry, content.packed)
            draft.add(replace(content.entry, index=1), content.packed)
            flush = draft._flush
            assert flush is not None
            wait([flush])
            assert draft.on_disk() >= len(NOISE)
            first = is_in_memory(draft.path, 2 << 20)
            written = draft.finish()
            second = is_in_memory(draft.path, len(NOISE) + (2 << 20))
            assert check_entries([make_checks(n, one, None)[0] for n, one in enumerate(written)]) is None
            kept.append((first, second, is_in_memory(draft.path, 2 << 20)))  # nor is the memory filled by looking
    assert (False, False, False) in kept, kept


def test_a_long_entry_does_not_fill_the_memory_while_it_is_read(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_disk(target.parent)
    monkeypatch.setattr(pagecache, "_FORGET_EVERY", 1 << 20)
    kept: list[bool] = []
    for _attempt in range(_ATTEMPTS):
        target.write_bytes(NOISE)
        with target.open("r+b") as file:
            os.fsync(file.fileno())
            forget = pagecache.forget_behind(file.fileno(), 0)
            while piece := file.read(500_000):
                forget(piece)
        kept.append(is_in_memory(target, 5_000))
    assert False in kept


def test_advice_that_a_file_system_does_not_take_is_no_error(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: int) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "posix_fadvise", refuse, raising=False)
    with finished(target) as (_draft, written):
        assert check_entries(shares(written)) is None


def test_a_system_that_takes_no_advice_is_left_to_itself(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    monkeypatch.setattr(pagecache.sys, "platform", "darwin")
    with finished(target) as (_draft, written):
        assert check_entries(shares(written)) is None


# --- begun while the last entries are made ---

_COUNT = 100


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    made = [Made(name=b"%03d.bin" % number, data=os.urandom(10_000)) for number in range(_COUNT)]
    path = tmp_path / "in.zip"
    path.write_bytes(make_zip(made))
    return path


@pytest.mark.parametrize("flush_every", [1, 150_000, 1 << 30])
@pytest.mark.parametrize("lot", [20_000, 16 << 20])
def test_what_is_begun_early_is_what_is_proven(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flush_every: int, lot: int
) -> None:
    """Nothing is read back twice; nothing is begun that is not on the disk; all is read back."""
    monkeypatch.setattr(archive, "_FLUSH_EVERY", flush_every)
    monkeypatch.setattr(proving, "_LOT_BYTES", lot)
    begun: list[Sequence[Check]] = []
    proven: list[Sequence[Check]] = []
    moments: list[int] = []

    def begin(early: EarlyProof) -> None:
        if early.draft._flush is not None:
            wait([early.draft._flush])
        known = len(begun)
        usual_begin(early)
        assert all(last(lot) <= early.draft.on_disk() for lot in begun)
        moments.extend([len(early.draft.positions())] * (len(begun) - known))

    def last(lot: Sequence[Check]) -> int:
        return max(check.place.header_offset + len(check.header) + check.place.stored for check in lot)

    def note(_pool: Pool, function: object, lot: Sequence[Check]) -> None:
        assert function is readback.check_entries
        begun.append(lot)

    def prove(
        pool: Pool, function: object, lots: Iterable[Sequence[Check]]
    ) -> Iterator[tuple[Sequence[Check], object]]:
        proven.extend(lots)
        yield from usual_tasks(pool, function, proven)

    usual_begin, usual_tasks = EarlyProof._begin, proving.with_tasks
    monkeypatch.setattr(EarlyProof, "_begin", begin)
    monkeypatch.setattr(proving, "with_tasks", prove)
    with monkeypatch.context() as patch:
        patch.setattr(Pool, "begin", note)
        pipeline.run(pipeline.Request(bundle, tmp_path / "out.zip", jobs=0))
    assert begun == proven[: len(begun)]
    assert bool(begun) == (flush_every < 1 << 30 or lot < 1 << 20)
    assert all(count == _COUNT for count in moments)  # not before: see EarlyProof
    assert sum(map(len, proven)) == len(set(itertools.chain(*proven))) == _COUNT + 2  # and what repack adds


@pytest.mark.parametrize("number", [1, 99])
def test_what_was_begun_counts_only_if_it_is_asked_for_just_so(target: Path, number: int) -> None:
    with drafting(target, overwrite=False) as draft:
        checks = shares([draft.add(content.entry, content.packed) for content in SOME])
        draft.flush()
        early = EarlyProof(draft, Pool(0))
        early.add([checks[0], checks[1]._replace(number=number)])
        early.catch_up()
        assert early.arrange(checks) == ((checks[:2], checks[2:]) if number == 1 else (checks,))


@pytest.mark.parametrize("flush_every", [1, 1 << 30])
@pytest.mark.parametrize("at", [50, 500_000])
def test_what_a_later_entry_overwrites_on_the_medium_is_noticed(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flush_every: int, at: int
) -> None:
    """Sticks that pretend to be larger than they are do that."""
    monkeypatch.setattr(archive, "_FLUSH_EVERY", flush_every)
    usual_add = Draft.add

    def add(draft: Draft, entry: Entry, content: Finished) -> Written:
        written = usual_add(draft, entry, content)
        if entry.index == _COUNT - 1:
            draft.flush()
            with draft.path.open("r+b") as file:
                file.seek(at)
                byte = file.read(1)
                file.seek(at)
                file.write(bytes([byte[0] ^ 1]))
        return written

    monkeypatch.setattr(Draft, "add", add)
    with pytest.raises(ProofFailed):
        pipeline.run(pipeline.Request(bundle, tmp_path / "out.zip", jobs=0))
    assert not (tmp_path / "out.zip").exists()


def test_an_entry_of_our_own_whose_hash_nobody_knows_is_a_fault(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual_finish = Draft.finish

    def finish(draft: Draft, comment: bytes = b"") -> tuple[Written, ...]:
        return tuple(replace(one, sha256=None) for one in usual_finish(draft, comment))

    monkeypatch.setattr(Draft, "finish", finish)
    with pytest.raises(ProofFailed):
        pipeline.run(pipeline.Request(bundle, tmp_path / "out.zip", jobs=0))


def test_nothing_is_begun_of_a_zip_that_may_be_too_large(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_FLUSH_EVERY", 1)
    begun: list[EarlyProof] = []

    def begin(early: EarlyProof) -> None:
        begun.append(early)

    monkeypatch.setattr(EarlyProof, "_begin", begin)
    for size, is_begun in ((None, True), (10_000_000, False)):
        begun.clear()
        wishes = Wishes(max_size=size)
        pipeline.run(pipeline.Request(bundle, tmp_path / "out.zip", wishes, jobs=0, overwrite=True))
        assert bool(begun) == is_begun
