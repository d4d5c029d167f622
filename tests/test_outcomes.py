"""What is done to one entry: every action, and every way in which it can go wrong without costing an image."""

import hashlib
import pickle
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.disc import dental_disc
from repack import outcomes
from repack.bundles import open_bundle
from repack.codecs import NAMES, choose
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, invert, transcode
from repack.following import follow_images
from repack.model import (
    DEFLATED,
    STORED,
    Action,
    Category,
    Content,
    Decision,
    DicomFacts,
    Dropped,
    Entry,
    Facts,
    KeptAsIs,
    Lost,
    Outcome,
    Packed,
    Planned,
    Proof,
    Raw,
    Transcoded,
    Verdict,
    Wishes,
)
from repack.outcomes import Task, get_ready, keep_after_crash, make_task, work
from tests.bundles.handmade import Made, make_zip

EXPLICIT, JPEG_LS = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80"
DISC = {file.path: file.content for file in dental_disc(2, size=256)}
IMAGE, DIRECTORY = DISC["DICOM/I0000001"], DISC["DICOMDIR"]
NOISE = hashlib.shake_128(b"noise").digest(5_000)
TEXT = b"all work and no play " * 500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


def zip_entry(tmp_path: Path, made: Made) -> Entry:
    path = tmp_path / "made.zip"
    path.write_bytes(make_zip([made]))
    return open_bundle(path).entries[0]


def folder_entry(folder: Path, data: bytes) -> Entry:
    (folder / "file").write_bytes(data)
    return open_bundle(folder).entries[0]


def task_for(entry: Entry, action: Action, *, is_dicom: bool = False) -> Task:
    syntax = EXPLICIT if is_dicom else None
    return Task(
        entry.index, entry.place, entry.size, entry.stored, action, "because", Wishes(), syntax, is_dicom=is_dicom
    )


def work_one(task: Task) -> Outcome | Lost:
    (outcome,) = work((task,))
    assert pickle.loads(pickle.dumps(outcome)) == outcome  # noqa: S301  our own bytes: it comes from a worker
    return outcome


def kept(outcome: Outcome | Lost) -> KeptAsIs:
    assert isinstance(outcome, KeptAsIs)
    return outcome


def packed_bytes(content: Packed | Raw | None) -> bytes:
    match content:
        case Packed():
            return content.data
        case Raw():
            return content.file.read_bytes()[content.offset :][: content.length]
        case None:
            return b""


def unpack(content: Packed | Raw | None) -> bytes:
    """What an unzip program would make of it."""
    assert content is not None
    data = packed_bytes(content)
    data = data if content.method == STORED else zlib.decompress(data, -15)
    assert (len(data), zlib.crc32(data)) == (content.size, content.crc)
    return data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- the task ---


@pytest.mark.parametrize("is_dicom", [True, False])
def test_a_task_says_what_the_plan_says(tmp_path: Path, *, is_dicom: bool) -> None:
    entry = zip_entry(tmp_path, Made(data=TEXT, method=8))
    dicom = DicomFacts(EXPLICIT, "", "CT", "1", "2", "", 1, has_pixels=True, is_directory=False)
    line = Planned(
        entry,
        Facts("dicom", dicom if is_dicom else None),
        Verdict(Category.UNKNOWN, "none", "no rule"),
        Decision(Action.COPY, "because"),
    )
    assert make_task(line, Wishes()) == task_for(entry, Action.COPY, is_dicom=is_dicom)


def test_outcomes_come_in_the_order_of_their_tasks(tmp_path: Path) -> None:
    entry = zip_entry(tmp_path, Made())
    tasks = tuple(replace(task_for(entry, Action.COPY), index=index) for index in (5, 3, 9))
    assert [outcome.index for outcome in work(tasks)] == [5, 3, 9]


# --- drop ---


@pytest.mark.parametrize("method", [0, 8])
def test_a_dropped_entry_is_still_identified(tmp_path: Path, method: int) -> None:
    entry = zip_entry(tmp_path, Made(data=TEXT, method=method))
    outcome = work_one(task_for(entry, Action.DROP))
    assert outcome == Dropped(0, "because", Content(len(TEXT), entry.stored, sha256(TEXT)))


def test_a_damaged_entry_can_be_dropped(tmp_path: Path) -> None:
    outcome = work_one(task_for(zip_entry(tmp_path, Made(data=TEXT, crc=1)), Action.DROP))
    assert isinstance(outcome, Dropped)
    assert outcome.before.sha256 is None
    assert outcome.reason.startswith("because (damaged: its checksum")


def test_a_lost_entry_can_be_dropped(folder: Path) -> None:
    task = task_for(folder_entry(folder, TEXT), Action.DROP)
    (folder / "file").unlink()
    outcome = work_one(task)
    assert isinstance(outcome, Dropped)
    assert "damaged: No such file" in outcome.reason


def test_what_was_never_readable_can_be_dropped(tmp_path: Path) -> None:
    entry = replace(zip_entry(tmp_path, Made(data=b"")), place=None)
    assert work_one(task_for(entry, Action.DROP)) == Dropped(0, "because", Content(0, 0, None))


# --- copy ---


def carried(raw: Raw) -> bytes:
    return raw.file.read_bytes()[raw.offset :][: raw.length]


@pytest.mark.parametrize(("method", "is_dicom"), [(8, True), (8, False), (0, False)])
def test_a_copied_entry_keeps_its_compressed_bytes(tmp_path: Path, method: int, *, is_dicom: bool) -> None:
    entry = zip_entry(tmp_path, Made(data=TEXT, method=method))
    outcome = kept(work_one(task_for(entry, Action.COPY, is_dicom=is_dicom)))
    assert isinstance(outcome.content, Raw)
    assert replace(outcome.content, sha256=None) == (entry.place.raw() if entry.place else None)
    assert outcome.content.sha256 == sha256(carried(outcome.content))
    assert unpack(outcome.content) == TEXT
    assert (outcome.before.sha256, outcome.reason, outcome.is_damaged) == (sha256(TEXT), "because", False)


def test_a_stored_dicom_file_is_deflated_when_copied(tmp_path: Path) -> None:
    entry = zip_entry(tmp_path, Made(data=TEXT))
    outcome = kept(work_one(task_for(entry, Action.COPY, is_dicom=True)))
    assert isinstance(outcome.content, Packed)
    assert outcome.content.method == DEFLATED
    assert unpack(outcome.content) == TEXT
    assert outcome.before == Content(len(TEXT), len(TEXT), sha256(TEXT), EXPLICIT)


def test_a_stored_dicom_file_that_does_not_shrink_stays_stored(tmp_path: Path) -> None:
    outcome = kept(work_one(task_for(zip_entry(tmp_path, Made(data=NOISE)), Action.COPY, is_dicom=True)))
    assert isinstance(outcome.content, Raw)
    assert unpack(outcome.content) == NOISE


@pytest.mark.parametrize("data", [TEXT, NOISE, b""])
def test_a_file_of_a_folder_is_packed(folder: Path, data: bytes) -> None:
    outcome = kept(work_one(task_for(folder_entry(folder, data), Action.COPY)))
    assert isinstance(outcome.content, Packed)
    assert unpack(outcome.content) == data
    assert outcome.content.length <= len(data)
    assert outcome.before == Content(len(data), len(data), sha256(data))


def test_a_folder_record_is_an_empty_entry(tmp_path: Path) -> None:
    entry = zip_entry(tmp_path, Made(b"DICOM/", b"", method=8))
    for action in (Action.COPY, Action.TRANSCODE):
        outcome = kept(work_one(task_for(entry, action)))
        assert outcome.content == Packed(b"", STORED, 0, 0)
        assert outcome.before == Content(0, 0, None)


# --- transcode ---


@pytest.mark.parametrize("method", [0, 8])
def test_an_image_is_transcoded_and_can_be_given_back(tmp_path: Path, method: int) -> None:
    entry = zip_entry(tmp_path, Made(data=IMAGE, method=method))
    outcome = work_one(task_for(entry, Action.TRANSCODE, is_dicom=True))
    assert isinstance(outcome, Transcoded)
    assert outcome.before == Content(len(IMAGE), entry.stored, sha256(IMAGE), EXPLICIT)
    new = unpack(outcome.packed)
    assert outcome.after == Content(len(new), outcome.packed.length, sha256(new), JPEG_LS)
    assert outcome.packed.length < entry.stored
    assert outcome.proof is Proof.EXACT
    assert outcome.reason.startswith("because; ")
    assert invert(new, outcome.restorable) == IMAGE


def test_an_image_of_a_folder_is_transcoded(folder: Path) -> None:
    outcome = work_one(task_for(folder_entry(folder, IMAGE), Action.TRANSCODE, is_dicom=True))
    assert isinstance(outcome, Transcoded)
    assert invert(unpack(outcome.packed), outcome.restorable) == IMAGE


@pytest.mark.parametrize("method", [0, 8])
def test_what_cannot_be_transcoded_is_kept_with_the_reason(tmp_path: Path, method: int) -> None:
    entry = zip_entry(tmp_path, Made(data=TEXT, method=method))
    outcome = kept(work_one(task_for(entry, Action.TRANSCODE, is_dicom=True)))
    assert unpack(outcome.content) == TEXT
    assert outcome.before.sha256 == sha256(TEXT)
    assert outcome.reason != "because"


@pytest.mark.parametrize("method", [0, 8])
def test_an_image_that_would_not_become_smaller_is_kept(tmp_path: Path, method: int) -> None:
    """Noise that repeats itself: deflate sees that, JPEG-LS does not."""
    start, size = IMAGE.index(b"\xe0\x7f\x10\x00OW") + 12, 256 * 256 * 2
    tile = bytes(byte & 0x0F if at % 2 else byte for at, byte in enumerate(NOISE[:2_002]))
    tiled = IMAGE[:start] + (tile * 99)[:size] + IMAGE[start + size :]
    outcome = work_one(task_for(zip_entry(tmp_path, Made(data=tiled, method=method)), Action.TRANSCODE, is_dicom=True))
    assert "JPEG-LS" in kept(outcome).reason
    assert kept(outcome).before.sha256 == sha256(tiled)
    assert unpack(kept(outcome).content) == tiled
    assert len(packed_bytes(kept(outcome).content)) < 10_000


def test_the_smaller_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = outcomes.transcode

    def transcode_badly(data: bytes, codec: object) -> object:
        result = really(data, codec)
        return replace(result, parts=(*result.parts, (hashlib.shake_128(b"x").digest(2 * len(data)), False)))

    monkeypatch.setattr(outcomes, "transcode", transcode_badly)
    for made in (Made(data=IMAGE, method=8), Made(data=IMAGE)):
        outcome = kept(work_one(task_for(zip_entry(tmp_path, made), Action.TRANSCODE, is_dicom=True)))
        assert unpack(outcome.content) == IMAGE
        assert outcome.content is not None
        assert outcome.content.length <= len(made.compressed)
        assert "JPEG-LS" in outcome.reason


# --- the wishes ---


def wishing(task: Task, **wishes: object) -> Task:
    return replace(task, wishes=replace(Wishes(is_codec_named=True), **wishes))  # type: ignore[arg-type]


def image_task(tmp_path: Path, data: bytes = IMAGE, **wishes: object) -> Task:
    entry = zip_entry(tmp_path, Made(data=data, method=8))
    return wishing(task_for(entry, Action.TRANSCODE, is_dicom=True), **wishes)


def compressed(codec: str) -> bytes:
    result = transcode(IMAGE, Order(choose(codec), is_named=True))
    assert isinstance(result, Rewritten)
    return result.data


@pytest.mark.parametrize("codec", ["jpegls", "j2k", "htj2k", "jpegxl", "smallest"])
def test_the_codec_that_was_asked_for_is_taken(tmp_path: Path, codec: str) -> None:
    outcome = work_one(image_task(tmp_path, codec=codec))
    assert isinstance(outcome, Transcoded)
    assert outcome.proof is Proof.EXACT
    assert outcome.after.transfer_syntax in {one.transfer_syntax for one in choose(codec)}


def test_a_near_lossless_image_has_a_new_uid_and_nothing_to_restore(tmp_path: Path) -> None:
    outcome = work_one(image_task(tmp_path, codec="jpegls-near", max_error=2))
    assert isinstance(outcome, Transcoded)
    assert (outcome.proof, outcome.restorable) == (Proof.BOUNDED, None)
    assert outcome.sop_instance.encode() in unpack(outcome.packed)


def test_without_compression_even_a_larger_file_is_taken(tmp_path: Path) -> None:
    outcome = work_one(image_task(tmp_path, compressed("jpegls"), codec="none"))
    assert isinstance(outcome, Transcoded)
    assert outcome.proof is Proof.SAMPLES
    assert outcome.after.transfer_syntax == EXPLICIT
    assert outcome.after.stored > outcome.before.stored


@pytest.mark.parametrize(("made_by", "codec", "is_taken"), [("rle", "jpegls", True), ("jpegls", "htj2k", False)])
def test_what_is_compressed_already_has_to_shrink_by_five_percent(
    tmp_path: Path, made_by: str, codec: str, *, is_taken: bool
) -> None:
    outcome = work_one(image_task(tmp_path, compressed(made_by), codec=codec))
    if is_taken:
        assert isinstance(outcome, Transcoded)
        assert (outcome.proof, outcome.restorable) == (Proof.SAMPLES, None)
        assert outcome.after.stored < 0.95 * outcome.before.stored
    else:
        assert "it would not take at least 5 % less room in a zip" in kept(outcome).reason


@pytest.mark.parametrize("share", [0.94, 0.96])
@pytest.mark.parametrize("method", [0, 8])
def test_five_percent_are_five_percent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, method: int
) -> None:
    """The size is that in the zip: noise in place of frames, so that nothing shrinks on the way."""

    def transcode_by(data: bytes, _order: Order) -> Rewritten:
        noise = hashlib.shake_128(b"noise").digest(int(len(data) * share))
        return Rewritten(((noise, False),), JPEG_LS, None, Proof.SAMPLES, "made up for this test")

    monkeypatch.setattr(outcomes, "transcode", transcode_by)
    noise = hashlib.shake_128(b"other").digest(100_000)
    entry = zip_entry(tmp_path, Made(data=noise, method=method))
    outcome = work_one(task_for(entry, Action.TRANSCODE, is_dicom=True))
    assert isinstance(outcome, Transcoded) == (share < 0.95)


def test_exact_only_changes_nothing_that_cannot_come_back(tmp_path: Path) -> None:
    for data, codec in ((compressed("rle"), "jpegls"), (IMAGE, "jpegls-near")):
        outcome = work_one(image_task(tmp_path, data, codec=codec, max_error=2, exact_only=True))
        assert unpack(kept(outcome).content) == data
    assert isinstance(work_one(image_task(tmp_path, exact_only=True)), Transcoded)


# --- trouble ---


def fail(*_: object) -> None:
    raise ZeroDivisionError("a bug")


def test_a_fault_of_ours_keeps_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "transcode", fail)
    entry = zip_entry(tmp_path, Made(data=IMAGE, method=8))
    outcome = kept(work_one(task_for(entry, Action.TRANSCODE, is_dicom=True)))
    assert outcome.reason == "a fault in repack (ZeroDivisionError); please report it"
    assert unpack(outcome.content) == IMAGE
    assert not outcome.is_damaged


def test_a_fault_while_copying_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "_carry", fail)
    task = task_for(zip_entry(tmp_path, Made(method=8)), Action.COPY)
    with pytest.raises(ZeroDivisionError):
        work((task,))


DAMAGED = {
    "wrong CRC, stored": Made(data=IMAGE, crc=1),
    "wrong CRC, deflated": Made(data=IMAGE, method=8, crc=1),
    "no deflate stream": Made(data=IMAGE, method=8, stored=b"\xff" * 999),
    "another size": Made(data=IMAGE, method=8, size=77),
}


@pytest.mark.parametrize("made", DAMAGED.values(), ids=DAMAGED.keys())
@pytest.mark.parametrize("action", [Action.COPY, Action.TRANSCODE])
@pytest.mark.parametrize("is_dicom", [True, False])
def test_a_damaged_entry_is_carried_over_exactly_as_broken(
    tmp_path: Path, made: Made, action: Action, *, is_dicom: bool
) -> None:
    entry = zip_entry(tmp_path, made)
    outcome = kept(work_one(task_for(entry, action, is_dicom=is_dicom)))
    assert outcome.is_damaged
    assert outcome.reason.startswith("damaged in the original (it")
    assert outcome.before.sha256 is None
    assert packed_bytes(outcome.content) == made.compressed
    assert isinstance(outcome.content, Raw)
    assert (outcome.content.crc, outcome.content.size) == (entry.place.crc, entry.size)  # type: ignore[union-attr]


@pytest.mark.parametrize("action", [Action.COPY, Action.TRANSCODE])
def test_a_file_that_vanished_is_lost(folder: Path, action: Action) -> None:
    task = task_for(folder_entry(folder, IMAGE), action, is_dicom=True)
    (folder / "file").unlink()
    assert work_one(task) == Lost(0, "No such file or directory")


def test_a_file_that_changed_is_lost(folder: Path) -> None:
    task = task_for(folder_entry(folder, IMAGE), Action.TRANSCODE, is_dicom=True)
    (folder / "file").write_bytes(IMAGE + b"more")
    outcome = work_one(task)
    assert isinstance(outcome, Lost)
    assert "changed while" in outcome.reason


def test_an_entry_beyond_the_end_of_its_zip_is_lost(tmp_path: Path) -> None:
    entry = zip_entry(tmp_path, Made(data=NOISE))
    (tmp_path / "made.zip").write_bytes(make_zip([Made(data=NOISE)])[:2_000])
    outcome = work_one(task_for(entry, Action.COPY))
    assert outcome == Lost(0, "the zip ends before it does")


def test_an_image_that_killed_its_worker_is_kept_without_being_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "transcode", fail)
    entry = zip_entry(tmp_path, Made(data=IMAGE, method=8))
    crashed, copied, dropped = (
        keep_after_crash(task_for(entry, action, is_dicom=True))
        for action in (Action.TRANSCODE, Action.COPY, Action.DROP)
    )
    assert "crashed" in kept(crashed).reason
    assert unpack(kept(crashed).content) == IMAGE
    assert kept(copied).reason == "because"
    assert isinstance(dropped, Dropped)


# --- the index of the images ---


def directory_kept(tmp_path: Path, data: bytes) -> tuple[Entry, KeptAsIs]:
    entry = zip_entry(tmp_path, Made(b"DICOMDIR", data))
    return entry, kept(work_one(task_for(entry, Action.COPY, is_dicom=True)))


def test_a_dicomdir_follows_its_images(tmp_path: Path) -> None:
    entry, before = directory_kept(tmp_path, DIRECTORY)
    outcome = follow_images(entry, before, {"DICOM/I0000001": JPEG_LS, "DICOM/I0000002": JPEG_LS})
    assert isinstance(outcome, Transcoded)
    new = unpack(outcome.packed)
    assert new.count(JPEG_LS.encode()) == 2
    assert outcome.after.sha256 == sha256(new)
    assert outcome.before == before.before
    assert "2 records" in outcome.reason
    assert outcome.restorable is not None
    assert invert(new, outcome.restorable) == DIRECTORY


def test_a_dicomdir_follows_images_with_new_uids(tmp_path: Path) -> None:
    entry, before = directory_kept(tmp_path, DIRECTORY)
    near, instance = "1.2.840.10008.1.2.4.81", "2.25.1234567890"
    outcome = follow_images(entry, before, {"DICOM/I0000001": near}, {"DICOM/I0000001": instance})
    assert isinstance(outcome, Transcoded)
    new = unpack(outcome.packed)
    assert (new.count(near.encode()), new.count(instance.encode())) == (1, 1)
    assert "transfer syntax and SOP Instance UID of 1 records follow" in outcome.reason
    assert outcome.restorable is not None
    assert invert(new, outcome.restorable) == DIRECTORY


def test_a_dicomdir_without_transcoded_images_stays(tmp_path: Path) -> None:
    entry, before = directory_kept(tmp_path, DIRECTORY)
    assert follow_images(entry, before, {}) is before
    assert follow_images(entry, replace(before, is_damaged=True), {"DICOM/I0000001": JPEG_LS}).reason == "because"


def test_a_dicomdir_that_cannot_be_followed_says_so(tmp_path: Path) -> None:
    entry, before = directory_kept(tmp_path, TEXT)
    outcome = kept(follow_images(entry, before, {"DICOM/I0000001": JPEG_LS}))
    assert "stale" in outcome.reason
    assert outcome.content == before.content


@pytest.mark.parametrize("codec", NAMES)
def test_every_codec_can_be_made_ready(codec: str) -> None:
    get_ready(None, Wishes(codec=codec, max_error=1))  # raises where the frame is refused, which no worker would tell
