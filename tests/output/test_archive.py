"""The draft and its way to the target: all or nothing, and no flipped byte gets through the check."""

import errno
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from repack.bundles import open_bundle, zip_directory
from repack.errors import BundleUnreadable, OutputUnwritable
from repack.model import DEFLATED, STORED, Packed, Raw
from repack.output import archive, drafts, pagecache, readback
from repack.output.archive import Draft, Written, drafting
from tests.entries import Content, contents, make_entry, make_packed
from tests.output.drafted import NOISE, SOME, finished


def write(target: Path, contents: Sequence[Content], *, overwrite: bool = False) -> tuple[Written, ...]:
    with drafting(target, overwrite=overwrite) as draft:
        for content in contents:
            draft.add(content.entry, content.packed)
        written = draft.finish()
        draft.publish(overwrite=overwrite)
    return written


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- what is written ---


@pytest.mark.lengthy
@given(contents())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_entries_come_back_the_same(tmp_path: Path, made: list[Content]) -> None:
    path = tmp_path / "random.zip"
    write(path, made, overwrite=True)
    entries = open_bundle(path).entries
    assert [zip_directory.raw_name(info) for info in zip_directory.read_directory(path).listed] == [
        content.entry.name.raw for content in made
    ]
    for entry, content in zip(entries, made, strict=True):
        wanted = content.entry
        assert entry.index == wanted.index
        if wanted.name.is_utf8 or wanted.name.raw.isascii():  # others may be read in an old code page
            assert (entry.path, entry.name) == (wanted.path, wanted.name)
        assert (entry.size, entry.stored) == (len(content.data), content.packed.length)
        assert (entry.stamp, entry.attributes) == (wanted.stamp, wanted.attributes)
        assert entry.made_by == (wanted.made_by & 0xFF00 | max(wanted.made_by & 0xFF, 20))
        assert entry.place is not None
        assert entry.place.read() == content.data
    with zipfile.ZipFile(path) as read_by_zipfile:
        assert read_by_zipfile.testzip() is None


def test_the_directory_keeps_the_order_of_the_original_whatever_was_finished_first(target: Path) -> None:
    with drafting(target, overwrite=False) as draft:
        for content in (SOME[2], SOME[3], SOME[0], SOME[1]):
            draft.add(content.entry, content.packed)
        draft.add_ours("REPACK/manifest.json", b"{}")
        draft.add_ours("REPACK/restore.xz", b"xz")
        written = draft.finish()
        readback.check_directory(draft.path, target, written)
        draft.publish(overwrite=False)
    names = [content.entry.name.raw for content in SOME] + [b"REPACK/manifest.json", b"REPACK/restore.xz"]
    assert [zip_directory.raw_name(info) for info in zip_directory.read_directory(target).listed] == names
    assert [one.name.raw for one in written] == names
    assert open_bundle(target).entries[2].place != SOME[2].entry.place


def test_raw_bytes_are_carried_over_as_they_are(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "source"
    stream = make_packed(NOISE)
    source.write_bytes(b"before" + stream.data + b"behind")
    raw = Raw(source, 6, stream.length, DEFLATED, stream.crc, stream.size)
    with drafting(target, overwrite=False) as draft:
        draft.add(SOME[0].entry, raw)
        (written,) = draft.finish()
        assert readback.same_bytes(written, raw)
        draft.publish(overwrite=False)
    with zipfile.ZipFile(target) as read_by_zipfile:
        assert read_by_zipfile.read("DICOMDIR") == NOISE


def test_the_same_entries_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        write(tmp_path / name, SOME)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.lengthy
def test_more_than_65535_entries(target: Path) -> None:
    empty = Packed(b"", STORED, 0, 0)
    with drafting(target, overwrite=False) as draft:
        for number in range(65_540):
            draft.add(make_entry(b"%d" % number, b"", index=number).entry, empty)
        readback.check_directory(draft.path, target, draft.finish())
        draft.publish(overwrite=False)
    entries = open_bundle(target).entries
    assert len(entries) == 65_540
    assert entries[-1].path == "65539"


# --- all or nothing ---


class Trouble(Exception):
    pass


@pytest.mark.parametrize("error", [Trouble(), KeyboardInterrupt(), SystemExit(3), BundleUnreadable("a", "b", "c")])
@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("is_finished", [True, False])
def test_nothing_stays_after_trouble(target: Path, error: BaseException, *, is_there: bool, is_finished: bool) -> None:
    if is_there:
        target.write_bytes(b"the old one")
    with pytest.raises(type(error)) as caught, drafting(target, overwrite=True) as draft:  # noqa: PT012  is the point
        draft.add(SOME[0].entry, SOME[0].packed)
        assert draft.path.exists()
        assert draft.path.parent == target.parent
        if is_finished:
            draft.finish()
        raise error
    assert caught.value is error
    assert names_in(target.parent) == (["out.zip"] if is_there else [])
    assert not is_there or target.read_bytes() == b"the old one"


def test_a_draft_that_was_not_published_vanishes(target: Path) -> None:
    with finished(target) as (draft, _written):
        assert draft.path.name.endswith(archive.DRAFT_SUFFIX)
        assert not target.exists()
    assert names_in(target.parent) == []


def test_publishing_leaves_only_the_target(target: Path) -> None:
    write(target, SOME)
    assert names_in(target.parent) == ["out.zip"]


def test_an_existing_target_is_refused_at_the_start(target: Path) -> None:
    target.write_bytes(b"the old one")
    with pytest.raises(OutputUnwritable, match=r"out\.zip: it exists already; use --overwrite"):
        write(target, SOME)
    assert names_in(target.parent) == ["out.zip"]
    assert target.read_bytes() == b"the old one"


@pytest.mark.parametrize("has_hard_links", [True, False])
def test_a_target_that_appears_meanwhile_is_not_overwritten(
    target: Path, monkeypatch: pytest.MonkeyPatch, *, has_hard_links: bool
) -> None:
    if not has_hard_links:
        monkeypatch.setattr(os, "link", _refuse_links)
    with (  # noqa: PT012  the refusal comes at the end of the block
        pytest.raises(OutputUnwritable, match="it exists already"),
        finished(target) as (draft, _written),
    ):
        target.write_bytes(b"somebody else's")
        draft.publish(overwrite=False)
    assert names_in(target.parent) == ["out.zip"]
    assert target.read_bytes() == b"somebody else's"


def _refuse_links(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_publishing_without_hard_links(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", _refuse_links)
    write(target, SOME)
    assert names_in(target.parent) == ["out.zip"]
    assert len(open_bundle(target).entries) == len(SOME)


def test_overwriting_is_one_step(target: Path) -> None:
    target.write_bytes(b"the old one")
    with finished_for_overwrite(target) as draft:
        assert target.read_bytes() == b"the old one"
        draft.publish(overwrite=True)
    assert len(open_bundle(target).entries) == 1
    assert names_in(target.parent) == ["out.zip"]


@contextmanager
def finished_for_overwrite(target: Path) -> Iterator[Draft]:
    with drafting(target, overwrite=True) as draft:
        draft.add(SOME[0].entry, SOME[0].packed)
        draft.finish()
        yield draft


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputUnwritable, match="it is a folder; name a file with -o"):
        write(tmp_path / "folder", SOME, overwrite=True)
    (tmp_path / "m.json").touch()
    with pytest.raises(
        OutputUnwritable, match=r"cannot write x\.zip: m\.json is a file, no folder; name another place"
    ):
        write(tmp_path / "m.json" / "x.zip", SOME)
    with pytest.raises(OutputUnwritable, match="its folder does not exist"):
        write(tmp_path / "missing" / "out.zip", SOME)
    assert names_in(tmp_path) == ["folder", "m.json"]


@pytest.mark.skipif(os.name == "nt", reason="no such links there")
def test_a_dangling_link_is_not_overwritten_unasked(target: Path) -> None:
    target.symlink_to("nowhere")
    with pytest.raises(OutputUnwritable, match="it exists already"):
        write(target, SOME)
    assert names_in(target.parent) == ["out.zip"]
    assert target.is_symlink()


@pytest.mark.parametrize("name", ["x" * 250 + ".zip", "表" * 80 + ".zip", "🦷" * 60 + ".zip"])
def test_long_names_leave_room_for_the_name_of_the_draft(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, SOME)
    assert names_in(tmp_path) == [name]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX stand in for a full disk")
def test_a_full_disk_is_an_unwritable_output(target: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    target.write_bytes(b"the old one")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(OutputUnwritable, match=r"cannot write out\.zip: .+; choose another place with -o"):
            write(target, [make_entry(b"large", NOISE, method=STORED)], overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names_in(target.parent) == ["out.zip"]
    assert target.read_bytes() == b"the old one"


def write_with_flushes(target: Path) -> None:
    with drafting(target, overwrite=False) as draft:
        for content in SOME:
            draft.add(content.entry, content.packed)
            assert draft._flush is not None
            wait([draft._flush])
        draft.finish()
        draft.publish(overwrite=False)


@pytest.mark.parametrize("failing", [1, 2, 3, 4, 5])
def test_an_error_that_only_one_flush_tells_is_not_forgotten(
    target: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """The system may report a write error to one flush and be silent about it in the next (fsync(2)).

    The last two are the flush that is under way when all is written, and that of the end.
    """
    calls = []

    def flush(_number: int) -> None:
        calls.append(1)
        if len(calls) == failing:
            raise OSError(errno.EIO, "the disk failed")

    monkeypatch.setattr(pagecache.os, "fsync", flush)
    monkeypatch.setattr(archive, "_FLUSH_EVERY", 1)
    with pytest.raises(OutputUnwritable, match="the disk failed"):
        write_with_flushes(target)
    assert len(calls) >= failing
    assert names_in(target.parent) == []


@pytest.mark.parametrize("is_missing", [True, False])
def test_a_source_that_fails_is_trouble_with_the_bundle(tmp_path: Path, target: Path, *, is_missing: bool) -> None:
    source = tmp_path / "source.zip"
    if not is_missing:
        source.write_bytes(b"shorter than it was")
    raw = Raw(source, 6, 1_000, STORED, 0, 1_000)
    with pytest.raises(BundleUnreadable, match=r"source\.zip"), drafting(target, overwrite=False) as draft:
        draft.add(SOME[0].entry, raw)
    assert not any(name.endswith(archive.DRAFT_SUFFIX) for name in names_in(tmp_path))


def test_trouble_with_another_file_is_not_said_of_the_output(tmp_path: Path, target: Path) -> None:
    """Whatever is read while a draft is open may fail; only what is written cannot be written."""
    with (
        pytest.raises(BundleUnreadable, match=r"cannot read scan\.zip: No such file"),
        drafting(target, overwrite=False),
    ):
        (tmp_path / "scan.zip").read_bytes()
    assert names_in(tmp_path) == []


def test_what_workers_have_open_is_removed_when_they_are_gone(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: the draft itself, and one beside it from which they get the pieces of a large image."""
    unlink, is_open = Path.unlink, True

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if is_open:
            raise PermissionError(13, "The process cannot access the file")
        unlink(path, missing_ok=missing_ok)

    def end_work() -> None:
        nonlocal is_open
        is_open = False

    monkeypatch.setattr(Path, "unlink", refuse)
    with (
        pytest.raises(KeyboardInterrupt),
        drafting(target, overwrite=False, end_work=end_work),
        drafts.claimed(target),
    ):
        raise KeyboardInterrupt
    assert names_in(target.parent) == []


@pytest.mark.parametrize("relative", [True, False])
def test_trouble_with_the_draft_is_said_of_the_output(
    target: Path, monkeypatch: pytest.MonkeyPatch, *, relative: bool
) -> None:
    monkeypatch.chdir(target.parent)
    wanted = Path(target.name) if relative else target
    errors: list[Callable[[Path], OSError]] = [
        lambda _draft: OSError(28, "No space left on device"),
        lambda draft: PermissionError(13, "Permission denied", str(draft)),
        lambda draft: PermissionError(13, "Permission denied", str(draft.parent)),
    ]
    for make in errors:
        with pytest.raises(OutputUnwritable, match=target.name), drafting(wanted, overwrite=False) as draft:
            raise make(draft.path)
    assert names_in(target.parent) == []
