"""A large image that all workers share: same file as from one worker, and whatever fails leaves the draft as it was."""

import random
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pytest

from repack import outcomes, piecewise, pipeline
from repack.dicom.image import NotDone
from repack.errors import ProofFailed
from repack.model import DEFLATED, STORED, Action, Entry, Place, Raw, Transcoded, Wishes
from repack.outcomes import Task
from repack.output import archive, proving, readback
from repack.output.archive import Draft, drafting
from repack.processes.workers import Crashed, Pool
from tests.commands import call, entries_of
from tests.entries import make_entry
from tests.inline import Inline
from tests.raw_dicom import RawImage, element
from tests.test_carrying import Bytes

ROWS, FRAMES = 48, 40
CHANCE = random.Random(1)  # noqa: S311  the same words every time
WORDS = b"".join(
    (1000 + n % ROWS * 9 + CHANCE.randrange(40)).to_bytes(2, "little") for n in range(ROWS * ROWS * FRAMES)
)
PLAIN = RawImage(WORDS, ROWS, ROWS, frames=FRAMES, behind=element(0xFFFC_FFFC, "OB", bytes(10)))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is small here is large to the program: 3 frames a lot."""
    monkeypatch.setattr(piecewise, "_LARGE", 10_000)
    monkeypatch.setattr(piecewise, "_LOT", 3 * 2 * ROWS * ROWS + 100)
    monkeypatch.setattr(piecewise, "_FIRST_LOOK", 200)  # the head takes more than one look


@dataclass(frozen=True)
class Broken(Bytes):
    """A place whose checksum turns out wrong at its end."""

    def chunks(self) -> Iterator[bytes]:
        yield from (self.content[:5000], b"", self.content[5000:])
        raise outcomes.EntryUnreadable("its checksum (CRC) is wrong")


@dataclass(frozen=True)
class Short(Bytes):
    """A place that became shorter since its size was noted."""

    def chunks(self) -> Iterator[bytes]:
        yield self.content[:9000]


@dataclass(frozen=True)
class InZip(Bytes):
    """A place in a zip in which it is stored or deflated to some size."""

    file: Path
    method: int
    length: int

    def raw(self) -> Raw | None:
        return Raw(self.file, 0, self.length, self.method, zlib.crc32(self.content), len(self.content))


def make_task(place: Place, size: int) -> Task:
    return Task(0, place, size, size, Action.TRANSCODE, "asked", Wishes(), "1.2.840.10008.1.2.1", is_dicom=True)


ENTRY: Entry = make_entry(b"IM1", b"x").entry


def share_out(draft: Draft, place: Bytes, pool: Pool | Inline, size: int = 0) -> object:
    """The outcome, and nothing behind what was in the draft unless it is a new image."""
    begin = draft._file.tell()
    told: list[int] = []
    found = piecewise.transcode(make_task(place, size or len(place.content)), ENTRY, draft, pool, told.append)
    assert max(told, default=0) <= len(place.content)
    if not isinstance(found, Transcoded):
        draft._file.flush()
        assert draft._file.tell() == begin
        assert draft.path.stat().st_size == begin
    return found


@pytest.fixture
def draft(tmp_path: Path) -> Iterator[Draft]:
    """A draft with something in it; nothing else is left beside it."""
    with drafting(tmp_path / "out.zip", overwrite=False) as made:
        made.add_ours("REPACK/first", b"before")
        made._file.flush()
        yield made
        assert [path for path in tmp_path.iterdir() if "draft" in path.name] == [made.path]


@pytest.mark.lengthy
@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize(
    "image",
    [
        PLAIN,
        replace(PLAIN, explicit=False, behind=element(0xFFFC_FFFC, "OB", bytes(10), explicit=False)),
        replace(PLAIN, words=WORDS[:-1] + b"\xf0"),
        replace(PLAIN, sign=1, stored=16),
    ],
)
def test_what_all_workers_make_is_what_one_makes(draft: Draft, image: RawImage, jobs: int) -> None:
    data = image.content
    whole = outcomes._work_one(make_task(Bytes(data), len(data)))
    assert isinstance(whole, Transcoded)
    with Pool(jobs) as pool:
        found = share_out(draft, Bytes(data), pool)
    assert isinstance(found, Transcoded)
    assert replace(found, packed=whole.packed, after=whole.after) == whole
    assert (found.after.size, found.after.sha256) == (whole.after.size, whole.after.sha256)
    draft.add(ENTRY, found.packed)
    draft.finish()
    with zipfile.ZipFile(draft.path) as archive:
        assert archive.testzip() is None
        assert archive.read("IM1") == b"".join(
            part for part, _worth in outcomes.transcode(data, outcomes.make_order(Wishes())).parts
        )
        assert archive.read("REPACK/first") == b"before"


def test_a_damaged_image_is_carried_over_as_it_is(draft: Draft) -> None:
    found = share_out(draft, Broken(PLAIN.content), Inline(1))
    assert isinstance(found, outcomes.Lost)  # this place has no bytes of its own to carry over
    assert "checksum" in found.reason


def test_an_image_that_shrank_meanwhile_is_noticed(draft: Draft) -> None:
    found = share_out(draft, Short(PLAIN.content), Inline(1))
    assert isinstance(found, outcomes.Lost)
    assert "shorter" in found.reason


def test_an_image_that_would_not_be_smaller_is_kept(draft: Draft, tmp_path: Path) -> None:
    alike = replace(PLAIN, words=WORDS[: 2 * ROWS * ROWS] * FRAMES).content  # which deflate sees, and JPEG-LS does not
    packed = make_entry(b"IM1", alike).packed
    source = tmp_path / "in.zip"
    source.write_bytes(packed.data)
    found = share_out(draft, InZip(alike, source, DEFLATED, packed.length), Inline(1))
    assert isinstance(found, NotDone)
    assert "less room" in found.reason


def test_an_image_of_a_stored_entry_is_measured_against_what_a_zip_makes_of_it(draft: Draft, tmp_path: Path) -> None:
    place = InZip(PLAIN.content, tmp_path / "in.zip", STORED, len(PLAIN.content))
    assert isinstance(share_out(draft, place, Inline(1)), Transcoded)
    blank = replace(PLAIN, words=bytes(len(WORDS)))
    place = InZip(blank.content, tmp_path / "in.zip", STORED, len(blank.content))
    with drafting(tmp_path / "other.zip", overwrite=False) as other:
        found = piecewise.transcode(make_task(place, len(blank.content)), ENTRY, other, Inline(1), lambda _n: None)
    assert found is None  # hard to say: then it is looked at as a whole


def test_a_tail_with_a_signature_is_found_at_the_end(draft: Draft) -> None:
    signed = replace(PLAIN, behind=element(0xFFFA_FFFA, "SQ", b""))
    found = share_out(draft, Bytes(signed.content), Inline(1))
    assert isinstance(found, NotDone)
    assert "digital signature" in found.reason


def test_a_codec_that_crashes_costs_one_image(draft: Draft) -> None:
    class Crashing(Inline):
        def run(self, function: object, tasks: object, _allow: object = None) -> Iterator:
            for number, task in enumerate(tasks):
                yield Crashed(task) if number == 5 else function(task)

    found = share_out(draft, Bytes(PLAIN.content), Crashing(1))
    assert isinstance(found, NotDone)
    assert "crashed" in found.reason


def test_words_that_change_in_the_spool_are_noticed_although_they_come_back_as_they_were_there(draft: Draft) -> None:
    class Changing(Inline):
        def run(self, function: Callable, tasks: Iterable[piecewise.Lot], _allow: object = None) -> Iterator:
            for number, task in enumerate(tasks):
                if number == 7:
                    with task.spool.open("r+b") as file:
                        file.seek(task.offset + task.length // 2)
                        file.write(b"\x01\x02")
                yield function(task)

    found = share_out(draft, Bytes(PLAIN.content), Changing(1))
    assert isinstance(found, NotDone)
    assert "changed on their way" in found.reason


@dataclass(frozen=True)
class Spoiling:
    """A file of which the disk spoils one byte when it is flushed."""

    file: BinaryIO
    path: Path
    at: int

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)

    def flush(self) -> None:
        self.file.flush()
        with self.path.open("r+b") as again:
            again.seek(self.at)
            again.write(b"?")


@pytest.mark.parametrize("at", [3, 250, 515, None], ids=["before", "in the frames", "behind", "nowhere"])
def test_pieces_that_read_back_differently_are_not_published(draft: Draft, at: int | None) -> None:
    growing = draft.grow(ENTRY, 10)
    fragments = [bytes([number]) * 100 for number in range(5)]
    for fragment in fragments:
        growing.write(fragment, zlib.crc32(fragment))
    if at is None:
        whole = b"b" * 10 + b"".join(fragments) + b"e" * 20
        assert growing.finish(b"b" * 10, b"e" * 20).placed.crc == zlib.crc32(whole)
        return
    growing._file = Spoiling(draft._file, draft.path, growing._start + at)
    with pytest.raises(ProofFailed, match=r"out\.zip was not published: IM1 reads back differently"):
        growing.finish(b"b" * 10, b"e" * 20)


def test_an_entry_of_pieces_is_read_once_more_when_the_draft_is_done(draft: Draft) -> None:
    growing = draft.grow(ENTRY, 10)
    growing.write(b"words", zlib.crc32(b"words"))
    draft.add(ENTRY, growing.finish(b"b" * 10, b"end").placed)
    lies = draft.finish()[0]
    checks = readback.make_checks(7, lies, "of what was read")
    assert [check.place.stored for check in checks] == [10, 5, 3]
    assert readback.check_entries(checks) is None
    good = draft.path.read_bytes()
    end = lies.place.header_offset + len(lies.header) + lies.place.stored
    for at in range(lies.place.header_offset, end):
        draft.path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert [readback.check_entries((check,)) for check in checks].count(7) == 1


def test_a_tail_too_long_to_hold_is_left_to_one_worker(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piecewise, "_LONGEST_TAIL", 5)
    assert share_out(draft, Bytes(PLAIN.content), Inline(1)) is None


def test_a_head_too_long_to_hold_is_left_to_one_worker(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piecewise, "_LONGEST_HEAD", 300)
    assert share_out(draft, Bytes(PLAIN.content), Inline(1)) is None


# --- through the command line ---


@pytest.mark.lengthy
@pytest.mark.parametrize("as_folder", [False, True])
def test_a_disc_with_large_images_goes_through_and_comes_back(tmp_path: Path, *, as_folder: bool) -> None:
    files = {
        "A.TXT": b"before",
        "IM1": PLAIN.content,
        "IM2": replace(PLAIN, words=WORDS[::-1], stored=16).content,
        "Z.TXT": b"behind",
    }
    source = tmp_path / ("disc" if as_folder else "disc.zip")
    if as_folder:
        source.mkdir()
        for name, data in files.items():
            (source / name).write_bytes(data)
    else:
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    target, back = tmp_path / "out.zip", tmp_path / "back"
    assert call(str(source), "-o", str(target), "-q", "--jobs", "2") == 0
    done = {path: (entry["action"], entry["proof"]) for path, entry in entries_of(target).items()}
    assert done["IM1"] == ("transcoded", "exact")
    assert done["A.TXT"] == ("copied", "identical")
    assert call("verify", str(target), "--against", str(source), "-q") == 0
    assert call("restore", str(target), "-o", str(back), "-q") == 0
    assert {name: (back / name).read_bytes() for name in files} == files


@pytest.mark.slow
def test_an_image_that_was_given_up_and_kept_is_not_read_back_before_it_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was flushed of the attempt says nothing about the bytes that came in its place."""
    monkeypatch.setattr(archive, "_FLUSH_EVERY", 2_500)
    monkeypatch.setattr(proving, "_LOT_BYTES", 1_000)
    flat = replace(PLAIN, words=WORDS[:1152] * 4 * FRAMES, behind=b"")  # deflate makes more of it than any codec
    with zipfile.ZipFile(tmp_path / "disc.zip", "w", zipfile.ZIP_DEFLATED) as source:
        source.writestr("A.TXT", CHANCE.randbytes(3_000))
        source.writestr("IM1", flat.content)
        source.writestr("Z.TXT", b"behind")
    begin, early = proving.EarlyProof._begin, []

    def begin_and_wait(proof: proving.EarlyProof) -> None:
        if proof.draft._flush is not None:
            wait([proof.draft._flush])
        begin(proof)
        early.extend(proof.pool._begun.values())
        while any(job.answer is None for job in early):
            proof.pool._take_turn()

    monkeypatch.setattr(proving.EarlyProof, "_begin", begin_and_wait)
    done = pipeline.run(pipeline.Request(tmp_path / "disc.zip", tmp_path / "out.zip"))
    assert "it would not take less room" in done.manifest.entries[1].reason
    assert early


def test_a_large_image_that_is_kept_is_deflated_where_the_bundle_did_not_do_it(tmp_path: Path) -> None:
    source, target = tmp_path / "disc.zip", tmp_path / "out.zip"
    wide = replace(PLAIN, allocated=32, stored=32, frames=FRAMES // 2).content  # no lossless codec takes it
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("IM1", wide)
    assert call(str(source), "-o", str(target), "-q", "--jobs", "1") == 0
    with zipfile.ZipFile(target) as archive:
        assert archive.read("IM1") == wide
        assert archive.getinfo("IM1").compress_size < len(wide)
    line = entries_of(target)["IM1"]
    assert line["action"] == "copied"
    assert "32 bits" in line["reason"]
