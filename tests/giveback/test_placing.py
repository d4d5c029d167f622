"""Where restored files may lie: below the target and nowhere else."""

import ntpath
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.giveback import placing
from repack.giveback.placing import Misplaced, components, ignores_case, make_folder, place_all, publish
from repack.output.drafts import claimed

PARTS = ["..", ".", "", "C:", "con", "AUX.txt", "a ", "a.", "\\", "..\\x", "nul.tar.gz", "\0", "x:y", "COM¹", "CONIN$"]
parts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(PARTS)
PATHS = ["a", "A", "a/b", "a/b/c", "b.txt", "B.TXT", "a (2)", ".x"]
names = st.lists(parts, min_size=1, max_size=5).map("/".join)


def is_reserved(path: PureWindowsPath) -> bool:
    """Does Windows take it for a device? pathlib's own answer is to go with Python 3.15."""
    return bool(ntpath.isreserved(path)) if hasattr(ntpath, "isreserved") else path.is_reserved()


@given(name=names, is_windows=st.booleans())
def test_no_name_leads_out(name: str, *, is_windows: bool) -> None:
    made = components(name, is_windows=is_windows)
    assert made
    assert not any(part in {"", ".", ".."} or "/" in part or "\0" in part for part in made)
    if is_windows:
        path = PureWindowsPath(*made)
        assert not path.drive
        assert not path.root
        assert not is_reserved(path)
        assert not any(set(part) & set('<>:"|?*\\') or part.endswith((" ", ".")) for part in made)
    else:
        assert not PurePosixPath(*made).is_absolute()


@pytest.mark.parametrize("name", ["DICOM/I0000001", "Größe.txt", "a b/.hidden", "x.tar.gz", "-rf"])
def test_ordinary_names_stay(name: str) -> None:
    for is_windows in (True, False):
        assert "/".join(components(name, is_windows=is_windows)) == name


def test_names_that_only_windows_forbids_stay_elsewhere() -> None:
    assert components("AUX/a:b?.txt", is_windows=False) == ("AUX", "a:b?.txt")
    assert components("AUX/a:b?.txt", is_windows=True) == ("_AUX", "a_b_.txt")


@pytest.mark.parametrize("digit", "123456789¹²³")
@pytest.mark.parametrize("port", ["COM", "lpt"])
def test_ports_are_devices_with_raised_digits_too(port: str, digit: str) -> None:
    assert components(f"{port}{digit}/{port}{digit}.txt", is_windows=True) == (f"_{port}{digit}", f"_{port}{digit}.txt")
    assert components(f"{port}{digit}1", is_windows=True) == (f"{port}{digit}1",)


@given(paths=st.lists(st.sampled_from(PATHS), max_size=9), folds=st.booleans())
def test_each_file_has_a_place_of_its_own(paths: list[str], *, folds: bool) -> None:
    placed = place_all(enumerate(paths), ignores_case=folds)
    keys = ["/".join(one).casefold() if folds else "/".join(one) for one in placed.values()]
    assert len(keys) == len(set(keys)) == len(paths)
    folders = {key.rsplit("/", end)[0] for key in keys for end in range(1, key.count("/") + 1)}
    assert not folders & set(keys)


def test_a_second_file_of_a_name_gets_a_number() -> None:
    assert place_all(enumerate(["x.txt", "x.txt", "d", "d/e"]), ignores_case=False) == {
        0: ("x.txt",), 1: ("x (2).txt",), 2: ("d (2)",), 3: ("d", "e"),
    }  # fmt: skip


@pytest.mark.parametrize("is_windows", [True, False])
@pytest.mark.parametrize("stem", ["a" * 300, "表" * 200, "🦷" * 150, "." + "b" * 400])
def test_a_name_that_no_file_system_holds_is_shortened(stem: str, *, is_windows: bool) -> None:
    (one,), (two,) = (components(f"{stem}{n}.dcm", is_windows=is_windows) for n in (1, 2))
    assert one != two
    for name in (one, two):
        assert name.endswith(".dcm")
        assert len(name.encode("utf-16-le")) <= 500 if is_windows else len(name.encode()) <= 250
        assert name[:20] == stem[:20]
    assert components("表" * 200, is_windows=True) == ("表" * 200,), "Windows counts letters"


@pytest.mark.parametrize("is_windows", [True, False])
@pytest.mark.parametrize("end", ["", ".dcm", "." + "e" * 60, "e."])
@pytest.mark.parametrize("letter", ["a", "表", "🦷"])
def test_a_number_leaves_room_for_itself(letter: str, end: str, *, is_windows: bool) -> None:
    name = letter * 255 + end
    while measure(name, is_windows=is_windows) > 255:
        name = name[1:]
    placed = place_all(enumerate([name] * 12), ignores_case=False, is_windows=is_windows)
    assert placed[0] == components(name, is_windows=is_windows)
    assert len(set(placed.values())) == 12
    for number, (one,) in placed.items():
        assert measure(one, is_windows=is_windows) <= 255
        assert number == 0 or f" ({number + 1})" in one
        assert end != ".dcm" or one.endswith(end)


def measure(name: str, *, is_windows: bool) -> int:
    """In the unit in which this system counts up to 255."""
    return len(name.encode("utf-16-le")) // 2 if is_windows else len(name.encode())


def test_numbered_names_that_are_cut_alike_are_still_told_apart() -> None:
    taken = "a" * 251
    paths = [taken + "wxyz", taken + "wxyz", taken + " (2)"]
    assert [one for (one,) in place_all(enumerate(paths), ignores_case=False).values()] == [
        taken + "wxyz", taken + " (2)", taken + " (3)",
    ]  # fmt: skip


def test_a_shortened_name_can_be_made(tmp_path: Path) -> None:
    (name,) = components("表" * 300 + ".jpeg")
    (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_case_probe_leaves_nothing(tmp_path: Path) -> None:
    assert ignores_case(tmp_path) == (tmp_path / "A").exists()
    assert list(tmp_path.iterdir()) == []


def link(path: Path, target: Path, *, is_folder: bool = False) -> None:
    try:
        path.symlink_to(target, target_is_directory=is_folder)
    except (OSError, NotImplementedError):
        pytest.skip("this system lets nobody make links")


def test_links_that_lie_there_are_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    link(root / "DICOM", outside, is_folder=True)
    with pytest.raises(Misplaced, match="link"):
        make_folder(root, ("DICOM", "deeper"))
    assert list(outside.iterdir()) == []
    (outside / "file").write_bytes(b"precious")
    link(root / "name", outside / "file")
    for overwrite in (False, True):
        with claimed(root / "name") as draft:
            draft.path.write_bytes(b"new")
            if overwrite:
                publish(draft, root / "name", overwrite=True)
            else:
                with pytest.raises(Misplaced, match="exists"):
                    publish(draft, root / "name", overwrite=False)
    assert (outside / "file").read_bytes() == b"precious"
    assert (root / "name").read_bytes() == b"new"
    assert not (root / "name").is_symlink()


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    link(root / "a", tmp_path / "nowhere", is_folder=True)
    with pytest.raises(Misplaced):
        make_folder(root, ("a",))
    assert not (tmp_path / "nowhere").exists()


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").mkdir()
    with pytest.raises(Misplaced, match="a file is where its folder a"):
        make_folder(tmp_path, ("a", "b"))
    with claimed(tmp_path / "b") as draft, pytest.raises(Misplaced, match="a folder is where"):
        publish(draft, tmp_path / "b", overwrite=True)


def test_without_hard_links_a_name_is_still_not_taken_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(placing.os, "link", refuse)
    for content, said in ((b"one", None), (b"two", "exists")):
        with claimed(tmp_path / "x") as draft:
            draft.path.write_bytes(content)
            if said is None:
                publish(draft, tmp_path / "x", overwrite=False)
            else:
                with pytest.raises(Misplaced, match=said):
                    publish(draft, tmp_path / "x", overwrite=False)
    assert (tmp_path / "x").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
