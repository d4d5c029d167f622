"""ISO images: the fullest tree, every byte from its extent, nothing shorter than the disc says, no endless reading."""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pycdlib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.dicom import dicomdir
from fixtures.disc import dental_disc
from repack.bundles import iso_image, open_bundle
from repack.bundles.iso import IsoPlace, choose_tree
from repack.bundles.iso_image import Record
from repack.errors import BundleUnreadable
from repack.model import Access, Bundle, Entry, EntryUnreadable, Limits, Stamp, Wishes
from repack.pipeline import Request, run
from tests.bundles.handmade_iso import SECTOR, Extent, both, make_iso
from tests.classify.synthetic import exe

FILES = {"DICOMDIR;1": b"index", "DICOM/IM1.;1": b"x" * 5_000, "DICOM/SUB/IM2.DCM;1": b"y" * 3_000}
JOLIET = {"DICOMDIR": b"index", "DICOM/Größe.txt": b"x" * 5_000, "DICOM/sub/表 2.dcm": b"y" * 3_000}
OpenMade = Callable[..., Bundle]


@pytest.fixture
def open_made(tmp_path: Path) -> OpenMade:
    def open_one(image: bytes, access: Access = Access()) -> Bundle:  # noqa: B008  it is frozen
        path = tmp_path / "disc.iso"
        path.write_bytes(image)
        return open_bundle(path, access)

    return open_one


def small_image(number: int) -> bytes:
    return next(f.content for f in dental_disc(2, size=40) if f.path == f"DICOM/I000000{number}")


def read(entry: Entry) -> bytes:
    assert entry.place is not None
    return entry.place.read()


def contents(bundle: Bundle) -> dict[str, bytes]:
    return {entry.path: read(entry) for entry in bundle.entries if not entry.is_directory}


# --- names and trees ---


def test_versions_and_trailing_dots_are_not_part_of_a_name(open_made: OpenMade) -> None:
    bundle = open_made(make_iso(FILES))
    assert (bundle.kind, bundle.notes) == ("iso", ())
    assert contents(bundle) == {"DICOMDIR": b"index", "DICOM/IM1": b"x" * 5_000, "DICOM/SUB/IM2.DCM": b"y" * 3_000}
    assert [entry.index for entry in bundle.entries] == list(range(3))


@pytest.mark.parametrize(
    ("name", "stripped"),
    [(b"A.TXT;1", b"A.TXT"), (b"A.;12", b"A"), (b"A;B", b"A;B"), (b"A.TXT", b"A.TXT"), (b"A.", b"A"), (b"..", b"..")],
)
def test_stripping_versions(name: bytes, stripped: bytes) -> None:
    assert iso_image._strip_version(name) == stripped


def test_joliet_names_are_preferred_where_both_trees_have_the_files(open_made: OpenMade) -> None:
    bundle = open_made(make_iso(FILES, joliet=JOLIET))
    assert contents(bundle) == JOLIET
    assert bundle.notes == ()


@pytest.mark.parametrize("fuller", ["ISO 9660", "Joliet"])
def test_the_tree_with_more_files_wins_and_the_difference_is_told(open_made: OpenMade, fuller: str) -> None:
    fewer = {"A": b"index"}
    files, joliet = (FILES, fewer) if fuller == "ISO 9660" else (fewer, JOLIET)
    bundle = open_made(make_iso(files, joliet=joliet))
    assert len(bundle.entries) == 3
    assert f"half lists 1 files, its {fuller} half 3; the latter was read" in bundle.notes[0]


def test_files_that_only_the_other_tree_lists_are_taken_over(open_made: OpenMade) -> None:
    """As many files in both, and not the same: counting them says nothing."""
    files = {"A": b"index", "B": b"an image", "SAME.TXT": b"of old computers"}
    joliet = {"A": b"index", "a letter.txt": b"of the doctor", "Same.txt": b"of new ones"}
    bundle = open_made(make_iso(files, joliet=joliet))
    assert contents(bundle) == joliet | {"B": b"an image", "SAME.TXT (ISO 9660)": b"of old computers"}
    noted = {entry.path: entry.notes for entry in bundle.entries if entry.notes}
    assert noted == dict.fromkeys(["B", "SAME.TXT (ISO 9660)"], ("only the ISO 9660 half of the disc lists it",))


def test_a_resource_fork_never_has_the_name_of_its_file(open_made: OpenMade) -> None:
    """On the disc both records have one name, and unpacking the zip would leave the fork (ECMA-119 9.1.6)."""
    image = bytearray(make_iso({"A": b"a fork", "B": b"an image"}))
    fork, file = image.index(b"\1A"), image.index(b"\1B")
    image[fork - 7] |= 4  # the flags of the record: 33 bytes, of which the last is the length of the name
    image[file + 1] = ord("A")
    bundle = open_made(bytes(image))
    assert contents(bundle) == {"A": b"an image", "A.rsrc": b"a fork"}
    assert "resource fork" in {entry.path: entry.notes for entry in bundle.entries}["A.rsrc"][0]


def record(*names: str) -> list[Record]:
    return [Record((name.encode(),), (), Stamp(0, 0)) for name in names]


@pytest.mark.parametrize(
    ("trees", "chosen"),
    [
        ({"ISO 9660": record("a"), "Joliet": record("a")}, "Joliet"),
        ({"Rock Ridge": record("a"), "Joliet": record("a")}, "Joliet"),
        ({"Rock Ridge": record("a" * 65), "Joliet": record("a" * 64)}, "Rock Ridge"),
        ({"Rock Ridge": record("a" * 65), "Joliet": record("a"), "UDF": record("a")}, "UDF"),
        ({"Rock Ridge": record("a", "b"), "UDF": record("a")}, "Rock Ridge"),
        ({"ISO 9660": [], "UDF": record("a")}, "UDF"),
        ({"ISO 9660": record("a")}, "ISO 9660"),
    ],
)
def test_choosing_a_tree(trees: Mapping[str, list[Record]], chosen: str) -> None:
    assert choose_tree(trees) == chosen


def test_an_index_in_capitals_finds_the_files_of_a_tree_in_mixed_case(tmp_path: Path) -> None:
    """DICOMDIR and autorun.inf speak of the 8.3 names of the ISO 9660 tree; the files have their Joliet names (I10)."""
    files = [("Dicom/i1", small_image(1)), ("Dicom/i2", small_image(2))]
    index = dicomdir([(path.upper(), content) for path, content in files])
    assert b"DICOM\\I1" in index
    joliet = dict(files) | {"Dicomdir": index, "autorun.inf": b"[autorun]\r\nOPEN=VIEWER\\EZVIEW.EXE\r\n"}
    joliet |= {"Viewer/EzView.exe": exe(), "Viewer/other.exe": exe()}
    path = tmp_path / "disc.iso"
    path.write_bytes(make_iso({f"{name.upper()};1": data for name, data in joliet.items()}, joliet=joliet))
    done = run(Request(path, tmp_path / "out.zip", Wishes(drop_path=("Viewer/**",))))
    lines = {line.path: line for line in done.manifest.entries}
    assert set(lines) == set(joliet)
    assert [lines[name].action for name in ("Dicom/i1", "Dicom/i2", "Dicomdir")] == ["transcoded"] * 3
    assert "of 2 records follow" in lines["Dicomdir"].reason
    assert lines["Viewer/EzView.exe"].guard == "autorun.inf starts or shows it"
    assert lines["Viewer/other.exe"].action == "dropped"


def test_empty_folders_are_kept(open_made: OpenMade) -> None:
    bundle = open_made(make_iso({"A": b"a", "EMPTY/": b"", "B/C/": b""}))
    folders = [entry for entry in bundle.entries if entry.is_directory]
    assert {entry.path for entry in folders} == {"EMPTY", "B/C"}
    assert all(entry.place is None and entry.name.raw.endswith(b"/") for entry in folders)


def test_two_spellings_of_one_name_are_both_kept_and_noted(open_made: OpenMade) -> None:
    bundle = open_made(make_iso({"A": b"1"}, joliet={"a.dcm": b"1", "A.dcm": b"2"}))
    assert contents(bundle) == {"A.dcm": b"2", "a.dcm": b"1"}
    assert "only in case" in bundle.entries[1].notes[0]


def test_times_keep_the_clock_of_the_disc_and_say_the_exact_moment(open_made: OpenMade) -> None:
    stamp = open_made(make_iso(FILES)).entries[0].stamp
    assert stamp.date == (2024 - 1980) << 9 | 3 << 5 | 15
    assert stamp.time == 10 << 11 | 30 << 5 | 58 // 2
    assert stamp.extra == b"UT\x05\x00\x01" + struct.pack("<I", 1_710_491_458)  # 08:30:58 UTC


@pytest.mark.parametrize("date", [bytes(7), bytes((124, 13, 40, 99, 99, 99, 0)), bytes((0, 1, 1, 0, 0, 0, 0))])
def test_dates_that_no_calendar_has(open_made: OpenMade, date: bytes) -> None:
    stamp = open_made(make_iso(FILES, date=date)).entries[0].stamp
    assert (stamp.date, stamp.time) == (1 << 5 | 1, 0)


# --- content ---


def test_a_worker_reads_extents_without_the_directory(open_made: OpenMade) -> None:
    bundle = open_made(make_iso(FILES))
    place = bundle.entries[1].place
    assert isinstance(place, IsoPlace)
    assert len(place.extents) == 1
    assert place.read_start(7) == b"x" * 7
    assert place.read_start(99_999) == b"x" * 5_000
    assert b"".join(place.chunks()) == b"x" * 5_000
    assert place.raw() is None


def test_a_file_in_several_extents_is_joined_in_order(open_made: OpenMade) -> None:
    data = b"".join(bytes([n]) * 1_000 for n in range(20))
    bundle = open_made(make_iso({"A": b"a", "BIG": data, "C": b"c"}, split=2 * SECTOR))
    assert contents(bundle) == {"A": b"a", "BIG": data, "C": b"c"}
    place = bundle.entries[1].place
    assert isinstance(place, IsoPlace)
    assert len(place.extents) == 5
    assert place.read_start(5_000) == data[:5_000]


def test_two_records_of_one_name_that_do_not_continue_each_other_are_not_joined(open_made: OpenMade) -> None:
    data = bytes(range(256)) * 32
    image = bytearray(make_iso({"BIG": data}, split=2 * SECTOR))
    second = image.rindex(both(4096)) - 8  # the second record of BIG
    image[second : second + 8] = both(struct.unpack_from("<I", image, second)[0] + 1)
    (entry,) = open_made(bytes(image)).entries
    with pytest.raises(EntryUnreadable, match="two files of one name"):
        read(entry)


def test_names_that_share_an_extent_are_read_twice_each_with_its_own_length(open_made: OpenMade) -> None:
    plain = make_iso({"A": b"the same bytes", "B": b"the same bytes"})
    assert contents(open_made(plain)) == {"A": b"the same bytes", "B": b"the same bytes"}
    image = bytearray(plain)
    at = image.rindex(both(14))
    image[at : at + 8] = both(8)
    assert contents(open_made(bytes(image))) == {"A": b"the same bytes", "B": b"the same"}


def test_an_empty_file(open_made: OpenMade) -> None:
    assert contents(open_made(make_iso({"A": b"", "B": b"b"}))) == {"A": b"", "B": b"b"}


# --- damage ---


def test_a_file_beyond_the_end_is_unreadable_and_not_shorter(open_made: OpenMade) -> None:
    """pycdlib shortens such a file without a word."""
    image = make_iso({"A": b"a", "GONE": b"z" * 50_000})
    start = image.index(b"zzzz")
    for cut in (start, start + 10_000, start + 49_999):
        bundle = open_made(image[:cut])
        assert [entry.size for entry in bundle.entries] == [1, 50_000]
        assert "bytes shorter than its disc was" in bundle.notes[0]
        with pytest.raises(EntryUnreadable, match="the image ends before it does"):
            read(bundle.entries[1])
    hidden = make_iso({"A": b"a", "GONE": Extent(1 << 30, 5_000)})
    bundle = open_made(hidden)
    assert bundle.entries[1].size == 5_000
    with pytest.raises(EntryUnreadable):
        read(bundle.entries[1])


def test_a_run_stops_at_a_cut_off_file_unless_it_is_given_up(tmp_path: Path) -> None:
    image = make_iso({"A.TXT;1": b"a" * 99, "GONE.TXT;1": b"z" * 50_000})
    path = tmp_path / "disc.iso"
    path.write_bytes(image[: image.index(b"zzzz") + 10])
    with pytest.raises(BundleUnreadable, match=r"GONE\.TXT: the image ends before it does.*--drop-path 'GONE\.TXT'"):
        run(Request(path, tmp_path / "out.zip"))
    assert {file.name for file in tmp_path.iterdir()} == {"disc.iso"}


@pytest.mark.lengthy
def test_the_number_of_files_that_are_cut_off_is_told(tmp_path: Path) -> None:
    image = make_iso({f"F{n}.TXT;1": b"%d" % n * 9_000 for n in range(5)})
    path = tmp_path / "disc.iso"
    path.write_bytes(image[: image.index(b"2222") + 10])
    with pytest.raises(BundleUnreadable, match=r"F2\.TXT: the image ends before it does \(and 2 more cannot be read\)"):
        run(Request(path, tmp_path / "out.zip"))
    done = run(Request(path, tmp_path / "out.zip", Wishes(drop_path=("F2.TXT", "F3.*", "F4.*"))))
    assert [entry.action for entry in done.manifest.entries] == ["copied"] * 2 + ["dropped"] * 3


def test_an_image_that_became_shorter_after_it_was_listed(open_made: OpenMade) -> None:
    bundle = open_made(make_iso({"A": b"a" * 9_000}))
    bundle.path.write_bytes(bundle.path.read_bytes()[:-8_000])
    with pytest.raises(EntryUnreadable, match="the image ends before it does"):
        read(bundle.entries[0])


def test_an_image_whose_folders_are_cut_off_is_refused(open_made: OpenMade) -> None:
    image = make_iso({"A": b"a", "B/C": b"c"})
    with pytest.raises(BundleUnreadable, match="the directories of the image are damaged"):
        open_made(image[: 20 * SECTOR])


def test_folders_that_form_a_loop_are_refused(open_made: OpenMade) -> None:
    image = bytearray(make_iso({"SUB/A": b"a"}))
    at = image.rindex(b"\x03SUB") - 32  # the record of SUB now points to the root
    root = struct.unpack_from("<I", image, 16 * SECTOR + 158)[0]
    image[at + 2 : at + 10] = both(root)
    with pytest.raises(BundleUnreadable, match="damaged"):
        open_made(bytes(image))


def test_a_folder_that_claims_gigabytes_is_not_read(open_made: OpenMade) -> None:
    image = bytearray(make_iso({"SUB/A": b"a"}))
    at = image.rindex(b"\x03SUB") - 32
    image[at + 10 : at + 18] = both(0xF000_0000)
    with pytest.raises(BundleUnreadable, match="damaged"):
        open_made(bytes(image))


@pytest.mark.parametrize("size", [-1, (64 << 20) + 1])
def test_no_directory_needs_so_many_bytes_at_once(size: int) -> None:
    view = iso_image.View(io.BytesIO(bytes(40 * SECTOR)), 0, hides_udf=False)
    with pytest.raises(iso_image.Unparseable, match="larger than any real disc"):
        view.read(size)


def test_no_directory_needs_so_many_bytes_in_all() -> None:
    view = iso_image.View(io.BytesIO(bytes(60 * SECTOR)), 0, hides_udf=False)
    for _ in range(16):
        view.seek(55 * SECTOR)
        assert len(view.read(64 << 20)) == 5 * SECTOR
    with pytest.raises(iso_image.Unparseable, match="larger than any real disc"):
        view.read(64 << 20)


def test_a_bomb_of_records_that_share_one_extent_is_refused(open_made: OpenMade) -> None:
    files = {f"F{n}": Extent(20, 1 << 30) for n in range(20)}
    with pytest.raises(BundleUnreadable, match=r"unpacked it grows to .* times its size.*--max-ratio"):
        open_made(make_iso(files))
    assert len(open_made(make_iso(files), Access(limits=Limits(ratio=1 << 40))).entries) == 20


@pytest.mark.lengthy
@given(st.integers(16 * SECTOR, 28 * SECTOR), st.binary(min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_a_damaged_image_is_refused_or_read_but_never_a_crash(open_made: OpenMade, at: int, change: bytes) -> None:
    image = bytearray(make_iso(FILES, joliet=JOLIET))
    image[at : at + len(change)] = change
    try:
        bundle = open_made(bytes(image))
    except BundleUnreadable:
        return
    for entry in bundle.entries:
        if entry.place is not None:
            try:
                assert len(read(entry)) == entry.size
            except EntryUnreadable:
                continue


# --- sessions ---


def test_the_last_session_is_read_and_the_number_told(open_made: OpenMade) -> None:
    first = make_iso({"OLD": b"old", "BOTH": b"one"})
    gap = -(-len(first) // SECTOR) + 150
    second = make_iso({"NEW": b"new", "BOTH": b"two"}, start=gap)
    bundle = open_made(first.ljust(gap * SECTOR, b"\0") + second)
    assert contents(bundle) == {"NEW": b"new", "BOTH": b"two"}
    assert "written in 2 sessions; the last one was read" in bundle.notes[0]


def test_an_image_inside_the_padding_is_no_session(open_made: OpenMade) -> None:
    inner = make_iso({"INNER": b"inner"})
    bundle = open_made(make_iso({"OUTER": b"outer"}) + bytes(20 * SECTOR) + inner)
    assert contents(bundle) == {"OUTER": b"outer"}
    assert bundle.notes == ()


# --- written by pycdlib: Rock Ridge, UDF ---


def make_rich(path: Path, **kinds: object) -> None:
    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, **kinds)
    for number, (name, data) in enumerate((("Größe of the file.txt", b"text"), ("IMG 1", b"x" * 5_000))):
        where: dict[str, str] = {"iso_path": f"/F{number}.;1"}
        if "rock_ridge" in kinds:
            where["rr_name"] = name
        if "joliet" in kinds:
            where["joliet_path"] = f"/{name}"
        if "udf" in kinds:
            where["udf_path"] = f"/{name}"
        image.add_fp(io.BytesIO(data), len(data), **where)
    if kinds.get("rock_ridge"):
        image.add_symlink("/LINK.;1", "link", "IMG 1")
    image.write(str(path))
    image.close()


@pytest.mark.parametrize("kinds", [{"rock_ridge": "1.09"}, {"udf": "2.60"}, {"udf": "2.60", "joliet": 3}])
def test_rock_ridge_and_udf_names(tmp_path: Path, kinds: dict[str, object]) -> None:
    make_rich(tmp_path / "disc.iso", **kinds)
    bundle = open_bundle(tmp_path / "disc.iso")
    found = contents(bundle)
    assert (found["Größe of the file.txt"], found["IMG 1"]) == (b"text", b"x" * 5_000)


def test_a_symbolic_link_of_rock_ridge_is_carried_as_a_link(tmp_path: Path) -> None:
    make_rich(tmp_path / "disc.iso", rock_ridge="1.09")
    (link,) = [entry for entry in open_bundle(tmp_path / "disc.iso").entries if entry.path == "link"]
    assert read(link) == b"IMG 1"
    assert link.attributes >> 28 == 0o12


def test_a_damaged_udf_half_costs_only_that_half(tmp_path: Path) -> None:
    path = tmp_path / "disc.iso"
    make_rich(path, udf="2.60", joliet=3)
    image = bytearray(path.read_bytes())
    image[256 * SECTOR : 257 * SECTOR] = bytes(SECTOR)  # one of its two anchors
    path.write_bytes(image)
    bundle = open_bundle(path)
    assert contents(bundle) == {"Größe of the file.txt": b"text", "IMG 1": b"x" * 5_000}
    assert bundle.notes == ("its UDF half cannot be read; the other half was",)


# --- the whole way ---


def test_an_image_becomes_a_zip_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "disc.iso"
    path.write_bytes(make_iso(FILES, joliet=JOLIET))
    done = run(Request(path, tmp_path / "out.zip"))
    assert done.manifest.source.kind == "iso"
    with zipfile.ZipFile(tmp_path / "out.zip") as new:
        assert {name: new.read(name) for name in JOLIET} == JOLIET
        assert new.getinfo("DICOM/Größe.txt").compress_type == 8  # an image holds everything uncompressed
        assert new.testzip() is None
