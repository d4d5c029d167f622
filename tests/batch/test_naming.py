"""Which bundles are meant, and what their outputs are called."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.batch import naming
from repack.batch.naming import Disc, find_discs, name_outputs, read_names
from repack.errors import WrongUsage

_PARTS = st.sampled_from(
    [
        "scan.zip",
        "SCAN.ZIP",
        "scan.iso",
        "scan",
        "a",
        "A",
        "é.zip",
        "e\u0301.zip",
        "x" * 240,
        "x" + "é" * 120,
        "\udcff.zip",
        "%FF.zip",
    ]
)
_PATHS = st.lists(_PARTS, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
_DISCS = st.lists(_PATHS, unique=True, max_size=12).map(lambda paths: [Disc(path, path) for path in paths])


def _by_address(discs: Sequence[Disc], names: Sequence[str]) -> dict[str, str]:
    return {disc.address: name for disc, name in zip(discs, names, strict=True)}


@given(_DISCS, st.randoms(use_true_random=False))
def test_names_are_distinct_short_and_do_not_depend_on_the_order(discs: list[Disc], chance: object) -> None:
    names = name_outputs(discs, {})
    assert len({naming._fold(name) for name in names}) == len(discs)
    assert all(name.endswith(".repacked.zip") and len(name.encode("utf-8")) < 250 for name in names)
    mixed = list(discs)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert _by_address(mixed, name_outputs(mixed, {})) == _by_address(discs, names)


@given(_DISCS, st.integers(0, 12))
def test_a_name_that_was_recorded_stays_whatever_comes_later(discs: list[Disc], first: int) -> None:
    before = name_outputs(discs[:first], {})
    recorded = {disc.key: name for disc, name in zip(discs[:first], before, strict=True)}
    names = name_outputs(discs, recorded)
    assert names[:first] == before
    assert len({naming._fold(name) for name in names}) == len(discs)


def test_a_disc_alone_is_named_as_by_the_main_job_and_twins_by_their_place() -> None:
    alone, one, other = Disc("a", "/x/a.zip"), Disc("s", "/x/scan.zip"), Disc("s", "/y/Scan.iso")
    names = name_outputs([alone, one, other], {})
    assert names == ["a.repacked.zip", f"scan.{one.key[:8]}.repacked.zip", f"Scan.{other.key[:8]}.repacked.zip"]


def test_patterns_are_expanded_once_and_the_out_dir_is_no_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.zip", "a.zip", "odd[1].zip", "out/a.repacked.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    words = ["*.zip", "./a.zip", "odd[1].zip", str(tmp_path / "b.zip"), "*", "nothing*.zip", "s3://shelf/a.zip"]
    found = find_discs(words, Path("out"))
    assert [disc.given for disc in found] == ["a.zip", "b.zip", "odd[1].zip", "nothing*.zip", "s3://shelf/a.zip"]
    assert found[0].address == str(tmp_path / "a.zip")
    (tmp_path / "out" / "mine.zip").touch()
    (tmp_path / "out" / "batch.jsonl").touch()
    assert [disc.given for disc in find_discs(["out/*", "out"], Path("out"))] == [str(Path("out", "mine.zip"))]
    assert found[-1].address == "s3://shelf/a.zip"


def test_a_disc_elsewhere_is_one_however_its_login_is_written() -> None:
    words = ["sftp://me@archive/a.zip", "SFTP://me:secret@archive:22/a.zip", "sftp://you@archive/a.zip"]
    assert [disc.given for disc in find_discs(words, None)] == ["sftp://archive/a.zip", "sftp://archive/a.zip"]
    assert len({disc.key for disc in find_discs(words, None)}) == 2


def test_a_bundle_that_holds_the_out_dir_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="inside the bundle"):
        find_discs([str(tmp_path)], tmp_path / "out")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    with pytest.raises(WrongUsage, match="inside the bundle"):
        find_discs([str(tmp_path / "in")], tmp_path / "link" / "out")


def test_names_in_a_file_are_lines_or_end_with_zero_bytes() -> None:
    assert list(read_names(b"\xef\xbb\xbfa.zip\r\n\r\nwith space.zip\n# not a remark\n")) == [
        "a.zip", "with space.zip", "# not a remark",
    ]  # fmt: skip
    assert list(read_names(b"a\nb.zip\0c.zip\0")) == ["a\nb.zip", "c.zip"]
    assert list(read_names(b"")) == []
